package owner_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/owner"
	"github.com/countersign/countersign/holds"
)

var now = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

const (
	tenant = holds.TenantID("acme")
	code   = "K7QF-2M9D"
)

// world is links, notices, holds and the keeper's answer, in memory; the state
// machine is the real one.
type world struct {
	mu      sync.Mutex
	tokens  map[string]claim
	notices map[holds.NoticeID]holds.Notice
	view    holds.View
	now     time.Time
	// writes counts calls that could change something; fail is what reads return.
	writes int
	fail   error
	// next is the hold that follows when the first can take no more.
	next *holds.Hold
}

type claim struct {
	tenant holds.TenantID
	notice holds.NoticeID
}

func (w *world) Open(token string, at time.Time) (holds.TenantID, holds.NoticeID, error) {
	c, ok := w.tokens[token]
	if !ok || at.After(now.AddDate(0, 0, 7)) {
		return "", "", errors.New("the link is of the kind " + token)
	}
	return c.tenant, c.notice, nil
}

func (w *world) Notice(_ context.Context, of holds.TenantID, id holds.NoticeID) (holds.Notice, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return holds.Notice{}, w.fail
	}
	n, ok := w.notices[id]
	if !ok || n.Tenant != of && !strings.HasPrefix(string(id), "leaky") {
		return holds.Notice{}, holds.Refuse(holds.NotFound, "Not found.")
	}
	return n, nil
}

func (w *world) View(_ context.Context, k holds.Key) (holds.View, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return holds.View{}, w.fail
	}
	if k.Hold != w.view.Hold.ID || k.Tenant != w.view.Hold.Tenant {
		return holds.View{}, holds.Refuse(holds.NotFound, "Not found.")
	}
	return w.view, nil
}

// Answer follows keeper.Answer.
func (w *world) Answer(_ context.Context, _ holds.TenantID, id holds.NoticeID, typed string, notMe bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	if w.fail != nil {
		return w.fail
	}
	n := w.notices[id]
	switch {
	case !n.Used.IsZero():
		return holds.Refuse(holds.Conflict, "You have told us already that this was not you; people are looking at it.")
	case n.Tries >= 5:
		return holds.Refuse(holds.Forbidden, "Too many wrong codes. Call the security team.")
	case typed != code:
		n.Tries++
		w.notices[id] = n
		return holds.Refuse(holds.Forbidden, "That is not the code of this message. Look at it again and type all eight characters.")
	}
	if notMe {
		n.Used = w.now
		w.notices[id] = n
	}
	c, err := holds.Apply(w.view.Hold, holds.OwnerSaid{By: "owner:p-anna", NotMe: notMe}, w.now)
	if notMe && holds.KindOf(err) == holds.Conflict {
		follow := holds.Continue(w.view.Hold, "01935c8e-8d5e-7c3a-9a70-0000000000ff", "owner:p-anna", w.now)
		w.next = &follow.Hold
		return nil
	}
	if err == nil {
		w.view.Hold = c.Hold
	}
	return err
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes
}

// change changes the hold.
func (w *world) change(f func(*holds.Hold)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.view.Hold)
}

func newWorld() *world {
	h := holds.Hold{
		ID: "01935c8e-8d5e-7c3a-9a70-000000000001", Tenant: tenant, Connection: "okta-main", Version: 1, Class: holds.MFAChange,
		Subject: holds.Account{ID: "00uAnna0000000000001", Login: "anna.berg@acme.example", Name: "Anna Berg"}, Owner: "p-anna",
		Actor: holds.Party{ID: "00uDora0000000000002", Kind: holds.PartyPerson, Login: "dora.desk@acme.example", Name: "Dora Desk"}, ActorOf: "p-dora",
		Occurred: now.Add(-12 * time.Minute), Received: now.Add(-12 * time.Minute), Opened: now.Add(-12 * time.Minute),
		State: holds.Pending, Containment: holds.ContainmentConfirmed, Standing: holds.Contained,
		Terms:      holds.Terms{Tier: holds.TierHigh, Tell: true, Deadline: time.Hour, Contain: []holds.ActionKind{holds.SuspendAccount}},
		Restrained: now.Add(-11 * time.Minute), ReadBack: now.Add(-time.Minute), Due: now.Add(48 * time.Minute),
	}
	h.Events = []holds.EventRef{{
		ID: "e1", Class: holds.MFAChange, Verb: holds.Reset, Type: "user.mfa.factor.reset_all", Occurred: h.Occurred, Actor: h.Actor,
		IP: "203.0.113.7", Summary: "Reset all factors for user", Factor: holds.Object{Type: "push", ID: "opf1", Name: "Anna's iPhone"},
	}}
	w := &world{now: now, tokens: map[string]claim{}, notices: map[holds.NoticeID]holds.Notice{}}
	w.view = holds.View{Hold: h, People: map[holds.PersonID]holds.Person{
		"p-anna": {ID: "p-anna", Tenant: tenant, Name: "Anna Berg"}, "p-dora": {ID: "p-dora", Tenant: tenant, Name: "Dora Desk"},
	}}
	notice := func(id holds.NoticeID, change func(*holds.Notice)) {
		n := holds.Notice{
			ID: id, Tenant: tenant, Hold: h.ID, Version: 1, Audience: holds.ToOwner, Channel: "email", Status: holds.NoticeAccepted,
			Created: now.Add(-11 * time.Minute), Expires: now.AddDate(0, 0, 7), Point: holds.ContactPoint{Kind: holds.EmailPoint, Value: "anna@home.example"},
		}
		change(&n)
		w.notices[id] = n
		w.tokens["tok-"+string(id)] = claim{tenant, id}
	}
	notice("n1", func(*holds.Notice) {})
	notice("duty", func(n *holds.Notice) { n.Audience = holds.ToDuty })
	notice("over", func(n *holds.Notice) { n.Expires = now.Add(-time.Second) })
	notice("used", func(n *holds.Notice) { n.Used = now.Add(-time.Minute) })
	notice("worn", func(n *holds.Notice) { n.Tries = 5 })
	notice("leaky", func(n *holds.Notice) { n.Tenant = "globex" })
	notice("astray", func(n *holds.Notice) { n.Hold = "01935c8e-8d5e-7c3a-9a70-000000000099" })
	w.tokens["tok-globex"] = claim{"globex", "n1"}
	w.tokens["tok-gone"] = claim{tenant, "n-gone"}
	return w
}

func serve(t *testing.T, w *world) string {
	t.Helper()
	o, err := owner.New(owner.Options{
		Links: w, Notices: w, Answers: w, Now: w.clock,
		Organisation: func(holds.TenantID) string { return "Acme" },
		Contact:      func(holds.TenantID) string { return "+46 8 123 456 (day and night), or the desk on floor 2" },
	})
	if err != nil {
		t.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	o.Mount(e)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server.URL
}

type answer struct {
	*goquery.Document
	status int
	header http.Header
	html   string
}

func send(t *testing.T, method, address string, form url.Values, header map[string]string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return answer{doc, res.StatusCode, res.Header, string(raw)}
}

func get(t *testing.T, address string) answer {
	t.Helper()
	return send(t, http.MethodGet, address, nil, nil)
}

// say answers as the page's form does.
func say(t *testing.T, address, typed, word string) answer {
	t.Helper()
	return send(t, http.MethodPost, address, url.Values{"code": {typed}, "answer": {word}}, map[string]string{"Sec-Fetch-Site": "same-origin"})
}

func (a answer) text() string { return strings.Join(strings.Fields(a.Find("body").Text()), " ") }

func (a answer) want(t *testing.T, status int, says ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %s", a.status, status, a.text())
	}
	for _, s := range says {
		if !strings.Contains(a.text(), s) {
			t.Errorf("the page does not say %q:\n%s", s, a.text())
		}
	}
}
