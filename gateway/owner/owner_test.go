package owner_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/gateway/owner"
	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/holds"
)

// TestE1 is what programs do to the links of a mail: they look, look ahead,
// look twice at once, and press the buttons. Nothing is changed, and no try at
// the code is used up.
func TestE1(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/tok-n1"
	before := w.view.Hold
	var all sync.WaitGroup
	for _, header := range []map[string]string{
		nil,
		{"Sec-Purpose": "prefetch;prerender"},
		{"Purpose": "prefetch"},
		{"X-Moz": "prefetch"},
		{"Sec-Fetch-Site": "cross-site"},
		{"User-Agent": "Mozilla/5.0 (compatible; scanner)"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for range 2 {
				all.Go(func() { send(t, method, at, nil, header).wantStatus(t, http.StatusOK) })
			}
		}
	}
	all.Wait()
	for _, word := range []string{"not_me", "was_me"} {
		for _, typed := range []string{"", " ", "test", "123456", "K7QF-2M9", "K7QF-2M9DX", "K7QF-2M9U"} {
			if a := say(t, at, typed, word); a.status != http.StatusBadRequest && a.status != http.StatusForbidden {
				t.Errorf("%s with the code %q: %d", word, typed, a.status)
			}
		}
	}
	for _, query := range []string{"?answer=not_me&code=" + code, "?code=" + code} {
		get(t, at+query).want(t, http.StatusOK)
		send(t, http.MethodPost, at+query, nil, nil).want(t, http.StatusBadRequest, "Not done.")
	}
	if w.count() != 0 || w.notices["n1"].Tries != 0 || w.view.Hold.Version != before.Version || w.view.Hold.Frozen() || !w.view.Hold.WasMe.IsZero() {
		t.Errorf("a program changed something: %d writes", w.count())
	}
}

func (a answer) wantStatus(t *testing.T, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d", a.status, status)
	}
}

// TestE2: whoever the message was forwarded to learns the first name and the
// kind of change, and no login, name, address or device.
func TestE2(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/tok-n1"
	pages := []answer{get(t, at), say(t, at, "AAAA-AAAA", "not_me"), say(t, at, code, "was_me"), say(t, at, code, "not_me"), get(t, at)}
	for i, a := range pages {
		for _, private := range []string{"Berg", "berg", "acme.example", "Dora", "dora", "00u", "p-anna", "203.0.113", "home.example", "iPhone", "factor.reset", "Reset all", "okta"} {
			if strings.Contains(a.html, private) {
				t.Errorf("page %d shows %q", i, private)
			}
		}
	}
	pages[0].want(t, http.StatusOK, "Anna, was this you?", "A sign-in method (MFA) was reset or removed", "2 November 2026, 09:18 UTC (12 min ago)",
		"another account, such as an administrator's")
}

// TestE3: reuse, expiry, a hold that is over, too many tries. A link outlives
// its hold's end, since the alarm must work then as well (R107).
func TestE3(t *testing.T) {
	t.Run("after use", func(t *testing.T) {
		w := newWorld()
		at := serve(t, w) + "/o/tok-n1"
		say(t, at, code, "not_me").want(t, http.StatusOK, "We treat this as an attack.")
		say(t, at, code, "not_me").want(t, http.StatusConflict, "You have told us already")
		say(t, at, code, "was_me").want(t, http.StatusConflict)
		a := get(t, at)
		a.want(t, http.StatusOK, "You told us on 2 November 2026, 09:30 UTC that this was not you.")
		if a.Find("form").Length() != 0 {
			t.Error("the page still takes an answer")
		}
		if !w.view.Hold.WasMe.IsZero() {
			t.Error("the alarm was taken back")
		}
	})
	t.Run("was me takes nothing away", func(t *testing.T) {
		w := newWorld()
		at := serve(t, w) + "/o/tok-n1"
		say(t, at, code, "was_me").want(t, http.StatusOK, "recorded and releases nothing", "still checks")
		if h := w.view.Hold; h.State != holds.Pending || h.WasMe.IsZero() || h.Containment != holds.ContainmentConfirmed {
			t.Errorf("the hold is %s, %s", h.State, h.Containment)
		}
		say(t, at, code, "not_me").want(t, http.StatusOK, "The change is frozen.")
		if h := w.view.Hold; h.State != holds.Denied || !h.Frozen() {
			t.Errorf("the hold is %s", h.State)
		}
	})
	t.Run("after the end", func(t *testing.T) {
		w := newWorld()
		w.change(func(h *holds.Hold) { h.State, h.Containment = holds.Released, holds.ContainmentLifted })
		at := serve(t, w) + "/o/tok-n1"
		get(t, at).want(t, http.StatusOK, "People checked this change and let it stand.", "This was not me")
		say(t, at, code, "not_me").want(t, http.StatusOK, "A new hold is open, and frozen from the start.", "restraining the account again")
		if w.next == nil || w.next.State != holds.Denied {
			t.Error("no hold follows")
		}
	})
	t.Run("too many tries", func(t *testing.T) {
		w := newWorld()
		at := serve(t, w) + "/o/tok-n1"
		for range 5 {
			say(t, at, "AAAA-AAAA", "not_me").want(t, http.StatusForbidden, "That is not the code of this message.")
		}
		a := say(t, at, code, "not_me")
		a.want(t, http.StatusForbidden, "Too many wrong codes")
		if a.Find("form").Length() != 0 || get(t, at).Find("form").Length() != 0 {
			t.Error("the page still takes an answer")
		}
		get(t, at).want(t, http.StatusOK, "Reach the security team: +46 8 123 456")
		if w.view.Hold.Frozen() {
			t.Error("frozen without the code")
		}
	})
	t.Run("expired", func(t *testing.T) {
		w := newWorld()
		at := serve(t, w) + "/o/tok-n1"
		w.mu.Lock()
		w.now = now.AddDate(0, 0, 7).Add(time.Second)
		w.mu.Unlock()
		get(t, at).want(t, http.StatusNotFound, "This link does not work")
		say(t, at, code, "not_me").want(t, http.StatusNotFound)
		if w.count() != 0 {
			t.Error("an expired link was answered")
		}
	})
}

// TestE4: whatever is wrong with a link, the page is the same, byte for byte,
// and nothing is answered.
func TestE4(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/"
	same := get(t, at+"nothing").html
	for name, token := range map[string]string{
		"unknown": "zzz", "another tenant's": "tok-globex", "no such notice": "tok-gone", "a page for the people on duty": "tok-duty",
		"over": "tok-over", "a store that leaks": "tok-leaky", "no such hold": "tok-astray",
	} {
		for _, a := range []answer{get(t, at+token), say(t, at+token, code, "not_me"), say(t, at+token, "", "")} {
			a.want(t, http.StatusNotFound, "This link does not work")
			if a.html != same {
				t.Errorf("%s: the page differs", name)
			}
		}
		if a := send(t, http.MethodHead, at+token, nil, nil); a.status != http.StatusNotFound {
			t.Errorf("%s: HEAD %d", name, a.status)
		}
	}
	if w.count() != 0 {
		t.Error("a bad link was answered")
	}
	good := serve(t, w) + "/o/tok-n1"
	for _, word := range []string{"", "approve", "NOT_ME", "not_me ,was_me", "release"} {
		say(t, good, code, word).want(t, http.StatusBadRequest, "Choose one of the two answers.")
	}
	both := url.Values{"code": {code}, "answer": {"was_me", "not_me"}}
	send(t, http.MethodPost, good, both, nil).want(t, http.StatusBadRequest, "came more than once")
	if w.count() != 0 {
		t.Error("something that is no answer was taken")
	}
}

// TestCodeAsTyped: the code is read as people type it.
func TestCodeAsTyped(t *testing.T) {
	for _, typed := range []string{"k7qf2m9d", " K7QF 2M9D ", "k7qf–2m9d"} {
		w := newWorld()
		say(t, serve(t, w)+"/o/tok-n1", typed, "not_me").want(t, http.StatusOK)
	}
}

// TestI4: what another site sends is refused before it is read.
func TestI4(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/tok-n1"
	form := url.Values{"code": {code}, "answer": {"was_me"}}
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}} {
		send(t, http.MethodPost, at, form, header).want(t, http.StatusForbidden)
	}
	send(t, http.MethodPost, at, form, map[string]string{"Content-Type": "text/plain"}).wantStatus(t, http.StatusUnsupportedMediaType)
	if w.count() != 0 {
		t.Error("it was taken")
	}
}

// TestOutage: a failure of ours is not a bad link, and sends the reader to a
// telephone.
func TestOutage(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/tok-n1"
	for want, fail := range map[int]error{
		http.StatusServiceUnavailable:  &holds.Error{Kind: holds.Unavailable, Detail: "The database is not available.", Err: errors.New("hunter2")},
		http.StatusInternalServerError: errors.New("pq: hunter2"),
	} {
		w.mu.Lock()
		w.fail = fail
		w.mu.Unlock()
		for _, a := range []answer{get(t, at), say(t, at, code, "not_me")} {
			a.want(t, want, "reach your organisation's security team")
			if strings.Contains(a.html, "hunter2") {
				t.Error("the cause is shown")
			}
		}
	}
}

// TestR127: the reader sees why, what happens next, and by when.
func TestR127(t *testing.T) {
	a := get(t, serve(t, newWorld())+"/o/tok-n1")
	a.want(t, http.StatusOK, "What happens next.", "If nobody has decided by 2 November 2026, 10:18 UTC, more people are called.",
		"Time alone never lets the change through.", "your account is contained", "00000001", "+46 8 123 456 (day and night)")
	first, second := a.Find("button").First(), a.Find("button").Last()
	if first.Text() != "This was not me" || !first.HasClass("bad") || second.Text() != "This was me" || second.HasClass("bad") {
		t.Error("the two answers are not told apart, or the harmless one is the default")
	}
	if a.Find(`label[for="code"]`).Length() != 1 || a.Find("script").Length() != 0 {
		t.Error("the field has no label, or there is a script")
	}
}

// TestI1 puts hostile values wherever a stranger can put one.
func TestI1(t *testing.T) {
	for _, bad := range pagetest.Hostile() {
		w := newWorld()
		w.change(func(h *holds.Hold) {
			h.Subject = holds.Account{ID: "x", Login: bad, Name: bad}
			h.Doubts = []string{bad}
			h.Events = append(h.Events, holds.EventRef{ID: bad, Class: holds.Class(bad), Verb: holds.Verb(bad), Type: bad, Summary: bad, Actor: holds.Party{Name: bad, Login: bad, Kind: holds.PartyKind(bad)}})
		})
		w.view.People["p-anna"] = holds.Person{ID: "p-anna", Name: bad}
		at := serve(t, w) + "/o/tok-n1"
		for _, a := range []answer{get(t, at), say(t, at, bad, "not_me"), say(t, at, code, bad), say(t, at, code, "not_me")} {
			pagetest.Harmless(t, a.html)
			if !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe") {
				t.Errorf("the policy is %q", a.header.Get("Content-Security-Policy"))
			}
		}
	}
}

// TestI7: nothing of the page is kept or told to others.
func TestI7(t *testing.T) {
	at := serve(t, newWorld())
	for _, a := range []answer{get(t, at+"/o/tok-n1"), get(t, at+"/o/zzz"), say(t, at+"/o/tok-n1", code, "not_me")} {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := a.header.Get(header); got != want {
				t.Errorf("%s is %q", header, got)
			}
		}
		if len(a.header.Values("Set-Cookie")) != 0 {
			t.Error("the page sets a cookie")
		}
		a.Find("[href], [src]").Each(func(_ int, e *goquery.Selection) {
			if href := e.AttrOr("href", e.AttrOr("src", "")); !strings.HasPrefix(href, "/look/") {
				t.Errorf("the page leads to %q", href)
			}
		})
	}
}

// TestGolden is what owners see, in each standing and after each answer.
func TestGolden(t *testing.T) {
	for name, change := range map[string]func(*holds.Hold){
		"contained": func(*holds.Hold) {},
		"gated": func(h *holds.Hold) {
			h.Standing, h.Containment = holds.Gated, holds.NotContained
			h.Events[0].Class, h.Events[0].Verb = holds.RoleActivation, holds.Grant
		},
		"observed":     func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.NotContained },
		"failed":       func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentFailed },
		"under-way":    func(h *holds.Hold) { h.Standing, h.Containment = holds.Observed, holds.ContainmentRequested },
		"effective-by": func(h *holds.Hold) { h.EffectiveBy = now.Add(20 * time.Minute) },
		"frozen":       func(h *holds.Hold) { h.NotMe, h.State = now, holds.Denied },
		"reverted":     func(h *holds.Hold) { h.State = holds.Reverted },
		"released":     func(h *holds.Hold) { h.State, h.Containment = holds.Released, holds.ContainmentLifted },
		"told-only": func(h *holds.Hold) {
			h.State, h.ToldOnly, h.Standing, h.Containment = holds.Released, true, holds.Observed, holds.NotContained
			h.Events[0].Verb, h.Events[0].Actor = holds.Enrol, holds.Party{ID: h.Subject.ID}
		},
	} {
		w := newWorld()
		w.change(change)
		a := get(t, serve(t, w)+"/o/tok-n1")
		a.want(t, http.StatusOK)
		pagetest.Golden(t, name, a.html)
		pagetest.Harmless(t, a.html)
	}
	w := newWorld()
	at := serve(t, w) + "/o/"
	pagetest.Golden(t, "wrong-code", say(t, at+"tok-n1", "AAAA-AAAA", "not_me").html)
	pagetest.Golden(t, "was-me", say(t, at+"tok-n1", code, "was_me").html)
	pagetest.Golden(t, "not-me", say(t, at+"tok-n1", code, "not_me").html)
	pagetest.Golden(t, "used", get(t, at+"tok-used").html)
	pagetest.Golden(t, "worn", get(t, at+"tok-worn").html)
	pagetest.Golden(t, "invalid", get(t, at+"zzz").html)
}

func TestNewNeedsEverything(t *testing.T) {
	if _, err := owner.New(owner.Options{}); err == nil {
		t.Error("a page of nothing")
	}
}
