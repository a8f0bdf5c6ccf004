package notify

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// gathered is messages about several holds of Anna, the first three with the hold.
func gathered(to holds.Audience, n int) (holds.Notice, []holds.Gathered) {
	var out []holds.Gathered
	for i := range n {
		h := hold(reset())
		if i%2 == 1 {
			h = with(hold(grant()), func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentFailed })
		}
		h.ID = holds.HoldID(fmt.Sprintf("0198c2f1-77aa-7bbb-8ccc-%012d", i))
		one := notice()
		one.ID, one.Hold, one.Audience = holds.NoticeID(fmt.Sprintf("0198c2f2-0000-7000-8000-%012d", i)), h.ID, to
		if to == holds.ToDuty {
			one.Why, one.Point = "a new hold", holds.ContactPoint{Kind: holds.EmailPoint, Value: "duty@acme.example"}
		}
		if i >= 3 {
			h = holds.Hold{}
		}
		out = append(out, holds.Gathered{Notice: one, Hold: h})
	}
	return out[0].Notice, out
}

// TestE11GoldenDigest is what owners and people on duty read when there would be
// too many messages.
func TestE11GoldenDigest(t *testing.T) {
	for _, to := range []holds.Audience{holds.ToOwner, holds.ToDuty} {
		t.Run(string(to), func(t *testing.T) {
			s := &sink{}
			n, all := gathered(to, 6)
			owner := anna()
			if to == holds.ToDuty {
				owner = holds.Person{}
			}
			a := messenger(t, options(s)).Digest(t.Context(), n, all, owner)
			if a.Status != holds.NoticeAccepted || a.Notice != n.ID || len(s.got) != 1 || !strings.Contains(a.Detail, "6 things") {
				t.Fatalf("%+v, %d messages", a, len(s.got))
			}
			l := s.got[0]
			golden(t, "digest-"+string(to)+".txt", "Subject: "+l.subject+"\n\n"+l.text)
			golden(t, "digest-"+string(to)+".html", l.html)
			for _, g := range all {
				for form, text := range map[string]string{"text": l.text, "html": l.html} {
					if !strings.Contains(text, g.Notice.Hold.Short()) {
						t.Errorf("the %s does not name %s", form, g.Notice.Hold)
					}
				}
			}
			if to == holds.ToDuty && strings.Contains(strings.ToLower(l.text+l.html), "anna") {
				t.Error("the page names somebody")
			}
		})
	}
}

// TestE11DigestNamesTwoHundred: as many as one digest stands for, each by name.
func TestE11DigestNamesTwoHundred(t *testing.T) {
	s := &sink{}
	n, all := gathered(holds.ToOwner, holds.MostGathered)
	messenger(t, options(s)).Digest(t.Context(), n, all, anna())
	for _, g := range all {
		if !strings.Contains(s.got[0].text, g.Notice.Hold.Short()) {
			t.Fatalf("%s is not named", g.Notice.Hold)
		}
	}
	if size := len(s.got[0].text) + len(s.got[0].html); size > 32<<10 {
		t.Errorf("%d bytes", size)
	}
}

// TestE11DigestIsForOnePerson: what belongs to somebody else, to another customer
// or to people on duty is never in an owner's digest.
func TestE11DigestIsForOnePerson(t *testing.T) {
	for name, spoil := range map[string]func(*holds.Gathered){
		"another owner's hold":     func(g *holds.Gathered) { g.Hold.Owner = "bo" },
		"another person's point":   func(g *holds.Gathered) { g.Notice.Point.Person = "bo" },
		"another customer":         func(g *holds.Gathered) { g.Notice.Tenant, g.Hold.Tenant = "globex", "globex" },
		"another audience":         func(g *holds.Gathered) { g.Notice.Audience = holds.ToDuty },
		"the facts of another one": func(g *holds.Gathered) { g.Hold.ID = "other" },
		"named, another customer":  func(g *holds.Gathered) { g.Notice.Tenant, g.Hold = "globex", holds.Hold{} },
		"named, another person":    func(g *holds.Gathered) { g.Notice.Point.Person, g.Hold = "bo", holds.Hold{} },
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			n, all := gathered(holds.ToOwner, 3)
			spoil(&all[1])
			a := messenger(t, options(s)).Digest(t.Context(), n, all, anna())
			if len(s.got) != 0 || a.Status != holds.NoticeFailed || a.Again || a.Detail == "" || a.At != now {
				t.Fatalf("%d sent, %+v", len(s.got), a)
			}
		})
	}
}

// TestE11DigestTellsHostileNamesPlainly, and its ledger has no code and no link.
func TestE11DigestTellsHostileNamesPlainly(t *testing.T) {
	s := &sink{reference: "kept " + testCode + " " + testLink}
	n, all := gathered(holds.ToOwner, 2)
	all[1].Hold.Subject.Login = "x\r\nBcc: all@acme.example <script>evil.example/</script>"
	a := messenger(t, options(s)).Digest(t.Context(), n, all, anna())
	if len(s.got) != 1 {
		t.Fatal(a)
	}
	l := s.got[0]
	if strings.Contains(l.text, "\nBcc") || strings.Contains(l.html, "<script") || strings.Contains(l.text, "evil.example") {
		t.Error(l.text, l.html)
	}
	if strings.Contains(a.Reference+a.Detail, testCode) || strings.Contains(a.Reference+a.Detail, testLink) {
		t.Errorf("%+v", a)
	}
}

// filter is a mail server that refuses a message for a word in it.
type filter struct {
	sink
	word  string
	tried int
}

func (f *filter) Send(ctx context.Context, n holds.Notice, subject, text, html string) (string, error) {
	if f.tried++; strings.Contains(subject+text+html, f.word) {
		return "", holds.Refuse(holds.Invalid, "The mail server refused the message: 550 5.7.1 rejected.")
	}
	return f.sink.Send(ctx, n, subject, text, html)
}

// TestE11AWordThatAFilterRefusesSilencesNobody: whoever can choose an account's name
// can choose one that mail servers take for a virus. The owner, or the people on duty,
// hear of every hold all the same, with its link.
func TestE11AWordThatAFilterRefusesSilencesNobody(t *testing.T) {
	const word = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
	for _, to := range []holds.Audience{holds.ToOwner, holds.ToDuty} {
		t.Run(string(to), func(t *testing.T) {
			f := &filter{word: word}
			n, all := gathered(to, 3)
			all[1].Hold.Subject.Login, all[1].Hold.Subject.Name = word, word
			all[1].Notice.Why = "the provider says " + word
			a := messenger(t, options(f)).Digest(t.Context(), n, all, anna())
			if a.Status != holds.NoticeAccepted || f.tried != 2 || len(f.got) != 1 || !strings.Contains(a.Detail, "550") {
				t.Fatalf("%+v, %d tried, %d accepted", a, f.tried, len(f.got))
			}
			for _, text := range []string{f.got[0].text, f.got[0].html} {
				for _, g := range all {
					if !strings.Contains(text, g.Notice.Hold.Short()) {
						t.Errorf("%s is not named", g.Notice.Hold)
					}
				}
				if n := strings.Count(text, messenger(t, options(f)).o.Links.Link(n)); n == 0 {
					t.Error("there is no link in it")
				}
			}
		})
	}
}

// TestE11WhatIsRefusedWhateverItSaysFails: once for all, and what may pass is tried
// whole again.
func TestE11WhatIsRefusedWhateverItSaysFails(t *testing.T) {
	for kind, again := range map[holds.Kind]bool{holds.Invalid: false, holds.Unavailable: true} {
		s := &sink{err: holds.Refuse(kind, "no")}
		n, all := gathered(holds.ToOwner, 3)
		a := messenger(t, options(s)).Digest(t.Context(), n, all, anna())
		if a.Status != holds.NoticeFailed || a.Again != again || again != (len(s.got) == 1) {
			t.Errorf("%s: %+v after %d tries", kind, a, len(s.got))
		}
	}
}
