package keeper

import (
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestR100TellOncePerVersion: several events of one moment are one message.
func TestR100TellOncePerVersion(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.happens(t, resetAll("e2"))
	w.run(holds.EffectTell, holds.EffectSend)
	if len(w.mail.sent) != 1 || w.the(t).ToldAt.IsZero() {
		t.Fatalf("%d messages, told at %v", len(w.mail.sent), w.the(t).ToldAt)
	}
}

// TestOwnerIsToldEvenWhenContainmentFails.
func TestOwnerIsToldEvenWhenContainmentFails(t *testing.T) {
	w := newWorld(t)
	w.provider.before = 1000
	w.happens(t, resetAll("e1"))
	w.run(holds.EffectContain)
	w.run(holds.EffectTell, holds.EffectSend)
	if w.the(t).ToldAt.IsZero() {
		t.Fatal("the owner was not told")
	}
}

// TestNobodyEligible: the hold says so and a person is paged.
func TestNobodyEligible(t *testing.T) {
	for name, mend := range map[string]func(*world, *holds.Event) string{
		"no point is independent": func(w *world, _ *holds.Event) string {
			w.mail.points, w.mail.why = nil, "no independent contact point"
			return "no independent contact point"
		},
		"the owner left the directory": func(w *world, _ *holds.Event) string {
			delete(w.people, "olga")
			return "the owner is no longer in the directory of people"
		},
		"every message is refused": func(w *world, _ *holds.Event) string {
			w.mail.answer = holds.Attempt{Status: holds.NoticeFailed, Detail: "550"}
			return "no channel accepted a message for the owner; call them"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := resetAll("e1")
			want := mend(w, &e)
			w.happens(t, e)
			w.queue = slices.DeleteFunc(w.queue, func(j holds.Job) bool { return j.Kind == holds.EffectPage })
			w.run(holds.EffectTell, holds.EffectSend)
			if h := w.the(t); h.Untold != want || !h.ToldAt.IsZero() {
				t.Fatalf("untold %q, told %v", h.Untold, h.ToldAt)
			}
			take(t, w, holds.EffectPage)
		})
	}
}

// TestR77ChangedValuesAreInDoubt: the old and the new recovery value, and all of
// them when there is no before-image.
func TestR77ChangedValuesAreInDoubt(t *testing.T) {
	e := resetAll("e1")
	e.Class, e.Verb, e.Type = holds.RecoveryChange, holds.Update, "user.account.update_secondary_email"
	now := map[string]string{"email": "olga@acme.example", "secondEmail": "evil@evil.example"}
	for name, tc := range map[string]struct {
		before map[string]string
		want   []string
	}{
		"with a before-image": {map[string]string{"email": "olga@acme.example", "secondEmail": "olga@home.example"}, []string{"evil@evil.example", "olga@home.example"}},
		"without":             {nil, []string{"evil@evil.example", "olga@acme.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.account.Contacts, w.provider.account.At = now, start.Add(time.Minute)
			if tc.before != nil {
				w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Contacts: tc.before})
			}
			w.happens(t, e)
			w.run(holds.EffectTell)
			if !slices.Equal(w.mail.changed, tc.want) {
				t.Fatalf("in doubt: %v, want %v", w.mail.changed, tc.want)
			}
		})
	}
}

// TestE3E4Codes: a code works once, for its own message, five tries long, until
// it expires; "was me" never uses it up.
func TestE3E4Codes(t *testing.T) {
	setup := func(t *testing.T) (*world, holds.NoticeID) {
		w := newWorld(t)
		w.happens(t, resetAll("e1"))
		w.run(holds.EffectTell, holds.EffectSend)
		return w, w.mail.sent[0].ID
	}
	t.Run("E3 single use", func(t *testing.T) {
		w, id := setup(t)
		right := "code-" + string(id)
		if err := w.Answer(t.Context(), "acme", id, right, false); err != nil || w.the(t).State != holds.Pending {
			t.Fatalf("was me: %v, %s", err, w.the(t).State)
		}
		if err := w.Answer(t.Context(), "acme", id, right, true); err != nil || w.the(t).State != holds.Denied {
			t.Fatalf("not me: %v, %s", err, w.the(t).State)
		}
		if err := w.Answer(t.Context(), "acme", id, right, true); holds.KindOf(err) != holds.Conflict {
			t.Fatalf("used twice: %v", err)
		}
	})
	t.Run("E5 five tries", func(t *testing.T) {
		w, id := setup(t)
		for range maxTries {
			if err := w.Answer(t.Context(), "acme", id, "wrong", true); holds.KindOf(err) != holds.Forbidden {
				t.Fatal(err)
			}
		}
		if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err == nil || w.the(t).State != holds.Pending {
			t.Fatalf("the right code worked after five wrong ones: %v", err)
		}
	})
	t.Run("E4 another message's code", func(t *testing.T) {
		w, id := setup(t)
		if err := w.Answer(t.Context(), "acme", id, "code-other", true); err == nil {
			t.Fatal("accepted")
		}
	})
	t.Run("E3 expired", func(t *testing.T) {
		w, id := setup(t)
		w.now = w.now.Add(linkLife + time.Second)
		if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); holds.KindOf(err) != holds.Forbidden {
			t.Fatal(err)
		}
	})
	t.Run("E4 a page to people on duty carries no power", func(t *testing.T) {
		w, _ := setup(t)
		w.run(holds.EffectPage, holds.EffectSend)
		for id, n := range w.notices {
			if n.Audience == holds.ToDuty {
				if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); holds.KindOf(err) != holds.Forbidden {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestCheckTakesFromTheDirectory: since when a number is on file and who the
// manager is are never the form's word.
func TestCheckTakesFromTheDirectory(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	lie := holds.Evidence{Kind: holds.Callback, Requester: "olga", Reference: "call", Point: "p-unknown", OnFile: start.AddDate(-9, 0, 0)}
	if _, err := w.Check(t.Context(), w.key(t), "vera", 1, lie); holds.KindOf(err) != holds.Invalid {
		t.Fatalf("R18: a number learnt from the request counted: %v", err)
	}
	liar := holds.Evidence{Kind: holds.ManagerConfirmed, Requester: "olga", Reference: "chat", Confirmer: "friend"}
	h, err := w.Check(t.Context(), w.key(t), "vera", 1, liar)
	if err != nil || h.Evidence[0].Confirmer != "mona" {
		t.Fatalf("R39: %v %+v", err, h.Evidence)
	}
	if _, err := w.Check(t.Context(), w.key(t), "vera", 1, liar); holds.KindOf(err) != holds.Conflict {
		t.Fatalf("F6: a check on a stale version: %v", err)
	}
}

// TestEscalate pages once per deadline and decides nothing.
func TestEscalate(t *testing.T) {
	w := newWorld(t)
	w.happens(t, resetAll("e1"))
	w.queue = nil
	w.Escalate(t.Context())
	if len(w.queue) != 0 {
		t.Fatal("escalated before the deadline")
	}
	w.now = w.now.Add(2 * time.Hour)
	w.Escalate(t.Context())
	w.Escalate(t.Context())
	if len(w.queue) != 1 || w.the(t).State != holds.Pending || w.the(t).Escalations != 1 {
		t.Fatalf("%d jobs, %s, %d escalations", len(w.queue), w.the(t).State, w.the(t).Escalations)
	}
}

// G8: a message that was sent, and whose sender died before the hold said that
// its owner was told: the hold says so when the job runs again, and nothing is
// sent twice.
func TestG8ToldIsSaidAfterALostReport(t *testing.T) {
	for name, f := range map[string]failure{"not written": {before: 1}, "answer lost": {after: 1}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.happens(t, resetAll("e1"))
			w.run(holds.EffectTell)
			w.fail["Update"] = f
			w.run(holds.EffectSend)
			if len(w.mail.sent) != 1 || w.the(t).ToldAt.IsZero() {
				t.Fatalf("%d messages, told at %v", len(w.mail.sent), w.the(t).ToldAt)
			}
		})
	}
}
