package keeper

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// gathered opens holds of one owner and plans one digest for all of them, as the
// store does when there would be too many messages. The digest's job is queued.
func gathered(t *testing.T, to holds.Audience, n int) *world {
	t.Helper()
	w := newWorld(t)
	for i := range n {
		e := resetAll(fmt.Sprintf("e%d", i))
		e.Subjects = []holds.Account{{ID: fmt.Sprintf("00uvictim%d", i)}}
		a, err := w.fold(w.question(e))
		if err != nil {
			t.Fatal(err)
		}
		h := w.commit(*a.Change)
		one := holds.Notice{
			ID: holds.NoticeID(fmt.Sprintf("n%03d", i)), Tenant: h.Tenant, Hold: h.ID, Version: h.Version, Audience: to, Status: holds.NoticeQueued,
			Created: w.now, Bearer: "n000",
		}
		if i == 0 {
			one.Bearer, one.Due = "", w.now.Add(15*time.Minute)
			w.queue = []holds.Job{{Effect: holds.Effect{Kind: holds.EffectSend, Notice: one.ID}, Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Epoch: w.epoch, Attempt: 1}}
		} else {
			w.queue = w.queue[:1]
		}
		w.notices[one.ID] = one
	}
	return w
}

// toldAndNot counts the holds whose owner was told, and those that say why not.
func (w *world) toldAndNot() (told, untold int) {
	for _, h := range w.holds {
		if !h.ToldAt.IsZero() {
			told++
		}
		if h.Untold != "" {
			untold++
		}
	}
	return told, untold
}

// E11: one message is the telling of every hold that was gathered.
func TestE11ADigestTellsOfEachHold(t *testing.T) {
	w := gathered(t, holds.ToOwner, 60)
	w.run(holds.EffectSend)
	if told, untold := w.toldAndNot(); len(w.mail.sent) != 1 || told != 60 || untold != 0 {
		t.Fatalf("%d messages, %d told, %d not", len(w.mail.sent), told, untold)
	}
	all := w.mail.digests[0]
	if len(all) != 60 || all[mostInFull-1].Hold.ID != all[mostInFull-1].Notice.Hold || all[mostInFull].Hold.ID != "" {
		t.Fatalf("%d holds in the digest, not as many in full as there is room for", len(all))
	}
	for _, n := range w.notices {
		if n.Status != holds.NoticeAccepted {
			t.Fatalf("%s is %s", n.ID, n.Status)
		}
	}
}

// E11, G8: dying, or losing an answer, between the message and what the holds say
// of it sends nothing twice and leaves no hold out.
func TestE11ADigestWhoseSenderDied(t *testing.T) {
	for name, f := range map[string]failure{"not written": {before: 1}, "answer lost": {after: 1}, "three times": {before: 3}} {
		t.Run(name, func(t *testing.T) {
			w := gathered(t, holds.ToOwner, 5)
			w.fail["Update"] = f
			w.run(holds.EffectSend)
			if told, _ := w.toldAndNot(); len(w.mail.sent) != 1 || told != 5 {
				t.Fatalf("%d messages, %d told", len(w.mail.sent), told)
			}
		})
	}
}

// E11: a digest that no mail server takes leaves every hold untold, with people
// paged for each; one that may be tried again says nothing yet.
func TestE11ADigestThatIsRefused(t *testing.T) {
	w := gathered(t, holds.ToOwner, 5)
	w.mail.answer = holds.Attempt{Status: holds.NoticeFailed, Again: true, Detail: "451"}
	job := w.queue[0]
	if err := w.send(t.Context(), job); holds.KindOf(err) != holds.Unavailable {
		t.Fatal(err)
	}
	if told, untold := w.toldAndNot(); told+untold != 0 || w.notices["n003"].Status != holds.NoticeQueued {
		t.Fatalf("%d told, %d not, and a message in it is %s", told, untold, w.notices["n003"].Status)
	}
	w.queue = nil
	job.Attempt = maxSends
	if err := w.send(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	pages := slices.DeleteFunc(slices.Clone(w.queue), func(j holds.Job) bool { return j.Kind != holds.EffectPage })
	if told, untold := w.toldAndNot(); told != 0 || untold != 5 || len(pages) != 5 {
		t.Fatalf("%d told, %d not, %d pages", told, untold, len(pages))
	}
}

// E11: many messages about one hold are one ordinary message, of the hold as it is;
// for people on duty each reason counts.
func TestE11OneHoldIsToldOnce(t *testing.T) {
	for _, c := range []struct {
		to      holds.Audience
		digests int
	}{{holds.ToOwner, 0}, {holds.ToDuty, 1}} {
		t.Run(string(c.to), func(t *testing.T) {
			w := gathered(t, c.to, 1)
			for i := range 3 {
				n := w.notices["n000"]
				n.ID, n.Bearer, n.Due, n.Version = holds.NoticeID(fmt.Sprintf("m%d", i)), "n000", time.Time{}, i+2
				if c.to == holds.ToDuty {
					n.Why = fmt.Sprintf("reason %d", i%2)
				}
				w.notices[n.ID] = n
			}
			w.run(holds.EffectSend)
			if len(w.mail.sent) != 1 || len(w.mail.digests) != c.digests {
				t.Fatalf("%d messages, %d of them digests", len(w.mail.sent), len(w.mail.digests))
			}
			if c.digests > 0 && len(w.mail.digests[0]) != 3 {
				t.Fatalf("the digest tells of %d things, want the page's own and two reasons", len(w.mail.digests[0]))
			}
			if told, _ := w.toldAndNot(); told == 1 != (c.to == holds.ToOwner) {
				t.Fatal("who was told is wrong")
			}
		})
	}
}

// other is the hold of a message in the digest that is not the digest's own.
func (w *world) other(t *testing.T) holds.Hold {
	t.Helper()
	h, ok := w.holds[w.notices["n002"].Hold]
	if !ok {
		t.Fatal("there is no such hold")
	}
	return h
}

// E11: what is wrong with one hold keeps nobody from hearing of the others: neither
// that the connection of the digest's own hold was taken out of the configuration,
// nor that another hold cannot be read, which is then only named.
func TestE11OneHoldDoesNotSilenceADigest(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *world){
		"its connection is gone": func(_ *testing.T, w *world) {
			h := w.holds[w.notices["n000"].Hold]
			h.Connection = "taken-out"
			w.holds[h.ID] = h
		},
		"another is unreadable": func(t *testing.T, w *world) { w.unreadable = w.other(t).ID },
	} {
		t.Run(name, func(t *testing.T) {
			w := gathered(t, holds.ToDuty, 4)
			spoil(t, w)
			w.run(holds.EffectSend)
			if len(w.mail.digests) != 1 || len(w.mail.digests[0]) != 4 {
				t.Fatalf("%d digests", len(w.mail.digests))
			}
			for _, g := range w.mail.digests[0] {
				if named := g.Hold.ID == ""; named != (g.Notice.Hold == w.unreadable) {
					t.Errorf("%s is only named: %v", g.Notice.Hold, named)
				}
			}
		})
	}
}

// E11: the job of a digest that is given up is said on every hold that it was to
// tell of, and paged for each.
func TestE11ADigestThatIsGivenUpIsSaidOnEachHold(t *testing.T) {
	w := gathered(t, holds.ToOwner, 4)
	job := w.queue[0]
	w.queue = nil
	if err := w.GivenUp(t.Context(), job, holds.Refuse(holds.Unavailable, "the mail server was down for a day")); err != nil {
		t.Fatal(err)
	}
	doubts := 0
	for _, h := range w.holds {
		if slices.ContainsFunc(h.Doubts, func(s string) bool { return strings.Contains(s, "the mail server was down") }) {
			doubts++
		}
	}
	pages := slices.DeleteFunc(slices.Clone(w.queue), func(j holds.Job) bool { return j.Kind != holds.EffectPage })
	if doubts != 4 || len(pages) != 4 {
		t.Fatalf("%d of 4 holds say so, %d pages", doubts, len(pages))
	}
}
