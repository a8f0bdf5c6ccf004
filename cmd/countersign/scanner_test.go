package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// everything is each row that somebody's act could have changed. What a service
// writes by the clock, that it lives and has read a log, is left out.
func (w *world) everything() string {
	w.Helper()
	var b strings.Builder
	for _, table := range []string{
		"holds", "decisions", "evidence", "notes", "notices", "notice_attempts", "intents", "outcomes", "events", "event_verdicts",
		"sessions", "signin_links", "stops", "contact_points", "people", "audit_leaves",
	} {
		for _, row := range w.column("SELECT t::text FROM " + table + " t ORDER BY 1") {
			b.WriteString(table + " " + row + "\n")
		}
	}
	return b.String()
}

// presses sends every form of a page as a program does that presses every button: as
// it stands, and with what such programs type.
func (p *page) presses() (pressed int) {
	p.b.w.Helper()
	p.Find("form").Each(func(_ int, f *goquery.Selection) {
		buttons := []url.Values{{}}
		f.Find(`button[name], input[type="submit"][name], input[type="radio"], select option`).Each(func(_ int, s *goquery.Selection) {
			name := s.AttrOr("name", s.ParentsFiltered("select").AttrOr("name", ""))
			buttons = append(buttons, url.Values{name: {s.AttrOr("value", s.Text())}})
		})
		for _, button := range buttons {
			for _, typed := range []string{"", "test", "123456", "AAAA-AAAA-AAAA", "scanner@mail.example"} {
				values := url.Values{}
				f.Find("input[name], textarea[name]").Each(func(_ int, in *goquery.Selection) {
					switch in.AttrOr("type", "text") {
					case "submit", "radio":
					case "hidden", "checkbox":
						values.Set(in.AttrOr("name", ""), in.AttrOr("value", "on"))
					default:
						values.Set(in.AttrOr("name", ""), typed)
					}
				})
				for name, v := range button {
					values[name] = v
				}
				action := f.AttrOr("action", p.path)
				answer := p.b.do(http.MethodPost, action, values)
				if answer.status != http.StatusBadRequest && answer.status != http.StatusForbidden {
					p.b.w.Errorf("%s, pressed with %q and %q: %d %s", action, button.Encode(), typed, answer.status, answer.words())
				}
				p.b.do(http.MethodGet, action+"?"+values.Encode(), nil)
				pressed++
			}
		}
	})
	return pressed
}

// E1: a scanner takes every link of every message, of owners and of people on duty,
// fetches it four times at once, and submits every form that it finds there with every
// button. Not a row is changed, nobody's code is used up, and with the code of the
// message the same form does what it says.
func TestE1AScannerSubmitsEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.told(w.sim().EnrolsFactor(oktasim.EngineerTwo, "webauthn", "a new key", oktasim.From("home")))
	w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.lettersTo(oktasim.EngineerTwo, 1)
	w.settled()
	links := map[string]bool{}
	for _, m := range w.mail.Mails() {
		for _, link := range regexp.MustCompile(`https?://[^\s"'<>()]+`).FindAllString(m.Text+" "+m.HTML, -1) {
			link = strings.TrimRight(link, ".,;")
			if !strings.HasPrefix(link, publicURL+"/") && !strings.HasPrefix(link, w.svc().consoleURL()+"/") {
				t.Errorf("a message to %v leads elsewhere: %s", m.To, link)
			}
			links[link] = true
		}
	}
	if len(links) < 3 {
		t.Fatalf("the messages have the links %v", links)
	}
	before, calls := w.everything(), len(w.sim().Effects())
	pressed := 0
	for link := range links {
		b, want := w.owner(), http.StatusOK
		path, public := strings.CutPrefix(link, publicURL)
		if !public { // people on duty have to sign in first
			b, want = w.browser(w.svc().consoleURL()), http.StatusUnauthorized
			path = strings.TrimPrefix(link, w.svc().consoleURL())
		}
		var all sync.WaitGroup
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet, http.MethodHead} {
			all.Go(func() {
				if p, err := b.try(method, path, nil); err != nil || p.status != want && !(method == http.MethodHead && !public && p.status == http.StatusMethodNotAllowed) {
					t.Errorf("%s %s: %+v %v", method, link, p, err)
				}
			})
		}
		all.Wait()
		pressed += b.get(path).presses()
	}
	if pressed < 20 {
		t.Errorf("%d buttons on %d pages: this proves nothing", pressed, len(links))
	}
	w.settled()
	if after := w.everything(); after != before {
		was := map[string]bool{}
		for _, row := range strings.Split(before, "\n") {
			was[row] = true
		}
		for _, row := range strings.Split(after, "\n") {
			if !was[row] {
				t.Errorf("a scanner wrote %s", row)
			}
		}
		t.Error("a scanner changed something")
	}
	if n := len(w.sim().Effects()); n != calls {
		t.Errorf("a scanner made %d calls of ours", n-calls)
	}
	for _, l := range w.lettersTo(oktasim.Engineer, 1)[:1] {
		if p := w.owner().says(l, l.code, "not_me"); p.status != http.StatusOK {
			t.Errorf("the code of the message is used up: %d %s", p.status, p.words())
		}
	}
	w.hold(oktasim.Engineer, "the owner's word", inState(holds.Denied))
}
