package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// R107: somebody's own new factor, from a network they are known in, is told, not
// held; their word that it was not them, given with the code of the real message,
// opens a hold that restrains.
func TestOwnerSaysNotMe(t *testing.T) {
	t.Run("a change that was told only", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().EnrolsFactor(oktasim.Engineer, "webauthn", "a new key", oktasim.From("home")))
		l := w.lettersTo(oktasim.Engineer, 1)[0]
		told := w.hold(oktasim.Engineer, "the record", func(v holds.View) bool { return v.Hold.ToldOnly })
		w.settled()
		free(t, w.sim(), oktasim.Engineer)

		b := w.owner()
		before := w.count("SELECT count(*) FROM audit_leaves")
		for range 3 { // E1: a mail scanner looks at every link
			if p := b.get(l.path); p.status != http.StatusOK {
				t.Fatalf("the page of the message: %d %s", p.status, p.words())
			}
		}
		if after := w.count("SELECT count(*) FROM audit_leaves"); after != before {
			t.Errorf("looking at the page changed something: %d entries more", after-before)
		}
		if p := b.says(l, "AAAA-AAAA", "not_me"); p.status != http.StatusForbidden {
			t.Errorf("a wrong code: %d %s", p.status, p.words())
		}
		w.settled()
		if n := len(w.holdsOf(oktasim.Engineer)); n != 1 {
			t.Fatalf("a wrong code did something: there are %d holds", n)
		}
		if p := b.says(l, l.code, "not_me"); p.status != http.StatusOK {
			t.Fatalf("the right code: %d %s", p.status, p.words())
		}
		v := w.hold(oktasim.Engineer, "the linked hold to restrain", func(v holds.View) bool { return v.Hold.ID != told.Hold.ID && isContained(v) })
		if v.Hold.Previous != told.Hold.ID || !v.Hold.Frozen() || v.Hold.State != holds.Denied {
			t.Errorf("the linked hold is not frozen or not linked: %s, previous %q", stands(v), v.Hold.Previous)
		}
		restrained(t, w.sim(), oktasim.Engineer)
		w.reviewer(oktasim.Reviewer).get("/").shows("Aiko Tanaka")
	})
	t.Run("after the release", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
		w.settled()
		l := w.lettersTo(oktasim.Engineer, 1)[0]
		w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
		free(t, w.sim(), oktasim.Engineer)
		if p := w.owner().says(l, l.code, "not_me"); p.status != http.StatusOK {
			t.Fatalf("%d %s", p.status, p.words())
		}
		next := w.hold(oktasim.Engineer, "the linked hold to restrain", func(n holds.View) bool { return n.Hold.ID != v.Hold.ID && isContained(n) })
		if next.Hold.Previous != v.Hold.ID || !next.Hold.Frozen() {
			t.Errorf("%s, previous %q", stands(next), next.Hold.Previous)
		}
		restrained(t, w.sim(), oktasim.Engineer)
	})
	t.Run("beats approvals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
		v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
		letters := w.lettersTo(oktasim.Engineer, 1)
		l := letters[len(letters)-1]
		if p := w.owner().says(l, l.code, "not_me"); p.status != http.StatusOK {
			t.Fatalf("the right code: %d %s", p.status, p.words())
		}
		v = w.view(v.Hold.ID)
		if !v.Hold.Frozen() || v.Hold.State != holds.Denied {
			t.Fatalf("not frozen: %s", stands(v))
		}
		omar := w.reviewer(oktasim.ReviewerTwo)
		p := omar.hold(v.Hold.ID)
		p.shows("this was not me")
		if p.Find(`input[name="decision"][value="approve"]`).Length() != 0 {
			t.Error("the page offers to approve what the owner repudiated")
		}
		_, err := w.svc().keeper.Decide(t.Context(), holds.Key{Tenant: tenant, Hold: v.Hold.ID}, "omar", holds.Approve, v.Hold.Version, "but")
		if err == nil {
			t.Error("a frozen hold was approved")
		}
		w.until("people to be paged", func() (bool, string) {
			for _, m := range w.mail.Mails() {
				if slices.Contains(m.To, "duty@nordwind.example") && strings.Contains(m.Subject+m.Text, "was not them") {
					return true, ""
				}
			}
			return false, itoa(len(w.mail.Mails())) + " mails"
		})
		restrained(t, w.sim(), oktasim.Engineer)
	})
}

// "This was me" is written down and releases nothing; it does not use the code
// up either, so that it can never take the alarm away.
func TestOwnerSaysWasMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.settled()
	letters := w.lettersTo(oktasim.Engineer, 1)
	l := letters[len(letters)-1]
	if p := w.owner().says(l, l.code, "was_me"); p.status != http.StatusOK {
		t.Fatalf("%d %s", p.status, p.words())
	}
	w.settled()
	v = w.view(v.Hold.ID)
	if v.Hold.WasMe.IsZero() || v.Hold.State != holds.Pending || !isContained(v) || len(v.Hold.Missing()) == 0 {
		t.Errorf("was me did more than it may: %s; missing %v", stands(v), v.Hold.Missing())
	}
	restrained(t, w.sim(), oktasim.Engineer)
	if p := w.owner().says(l, l.code, "not_me"); p.status != http.StatusOK {
		t.Errorf("the alarm after was-me: %d %s", p.status, p.words())
	}
	if v = w.view(v.Hold.ID); !v.Hold.Frozen() {
		t.Errorf("not frozen: %s", stands(v))
	}
}

// E3: a link and its code work once, and not after their end. E4: those of one
// hold do nothing to another.
func TestE3E4LinksAndCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.EngineerTwo))
	a := w.hold(oktasim.Engineer, "hold A", isContained)
	b := w.hold(oktasim.EngineerTwo, "hold B", isContained)
	w.settled()
	ofA, ofB := w.lettersTo(oktasim.Engineer, 1)[0], w.lettersTo(oktasim.EngineerTwo, 1)[0]
	owner := w.owner()

	t.Run("E4 the code of A on the link of B", func(*testing.T) {
		if p := owner.says(ofB, ofA.code, "not_me"); p.status != http.StatusForbidden {
			t.Errorf("%d %s", p.status, p.words())
		}
		if v := w.view(b.Hold.ID); v.Hold.Frozen() {
			t.Error("the code of A froze B")
		}
	})
	t.Run("E4 the link of A never touches B", func(*testing.T) {
		if p := owner.says(ofA, ofA.code, "not_me"); p.status != http.StatusOK {
			t.Errorf("%d %s", p.status, p.words())
		}
		if !w.view(a.Hold.ID).Hold.Frozen() || w.view(b.Hold.ID).Hold.Frozen() {
			t.Error("the link of A did not freeze A alone")
		}
	})
	t.Run("E3 a used code", func(*testing.T) {
		words := w.count("SELECT count(*) FROM audit_leaves WHERE body LIKE '%owner.%'")
		for _, word := range []string{"not_me", "was_me"} {
			if p := owner.post(ofA.path, map[string]string{"code": ofA.code, "answer": word}); p.status != http.StatusConflict && p.status != http.StatusForbidden {
				t.Errorf("%s: %d %s", word, p.status, p.words())
			}
		}
		if n := w.count("SELECT count(*) FROM audit_leaves WHERE body LIKE '%owner.%'"); n != words {
			t.Errorf("a used code did something: %d entries more", n-words)
		}
	})
	t.Run("E3 five wrong codes", func(*testing.T) {
		for range 4 { // one was tried above
			owner.says(ofB, "AAAA-AAAA", "not_me")
		}
		if owner.get(ofB.path).Find("form").Length() != 0 {
			t.Error("the page still takes codes")
		}
		p := owner.post(ofB.path, map[string]string{"code": ofB.code, "answer": "not_me"})
		if p.status != http.StatusForbidden || w.view(b.Hold.ID).Hold.Frozen() {
			t.Errorf("the right code after five wrong ones: %d %s", p.status, p.words())
		}
	})
	t.Run("E3 expired", func(*testing.T) {
		w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager))
		w.hold(oktasim.Manager, "hold C", isContained)
		l := w.lettersTo(oktasim.Manager, 1)[0]
		v := w.holdsOf(oktasim.Manager)[0]
		w.exec("UPDATE notices SET expires_at = now() - interval '1 minute' WHERE hold_id = $1", string(v.Hold.ID))
		if p := owner.get(l.path); p.status != http.StatusNotFound {
			t.Errorf("the page of a notice that is over: %d %s", p.status, p.words())
		}
		if p := owner.post(l.path, map[string]string{"code": l.code, "answer": "not_me"}); p.status != http.StatusNotFound || w.view(v.Hold.ID).Hold.Frozen() {
			t.Errorf("an answer after the end: %d %s", p.status, p.words())
		}
		i := slices.IndexFunc(v.Notices, func(n holds.NoticeView) bool { return n.Notice.Audience == holds.ToOwner })
		n := v.Notices[i].Notice
		n.Tenant, n.Hold, n.Expires = tenant, v.Hold.ID, time.Now().Add(-time.Second)
		over := w.svc().links().Link(n)[len(publicURL):]
		if p := owner.get(over); p.status != http.StatusNotFound {
			t.Errorf("a link that is over: %d %s", p.status, p.words())
		}
	})
}
