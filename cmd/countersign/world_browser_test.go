package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// browser is one person's browser: it keeps cookies, reads pages, and sends the
// forms that are on them and nothing else.
type browser struct {
	w    *world
	http *http.Client
	base string
	// host is the name the browser asks for, when that is not the address.
	host string
}

// reviewer signs a reviewer in, as `reviewers link` makes them do.
func (w *world) reviewer(account string) *browser {
	w.Helper()
	who := person(account)
	token, digest := signin.NewToken()
	store := w.svc().store
	w.must(store.CreateLink(w.Context(), tenant, who, digest, store.Now().Add(time.Minute), holds.BySystem("test")))
	b := w.browser(w.svc().consoleURL())
	p := b.get(signin.Path(tenant, token)).form(signin.Path(tenant, token)).post()
	if p.status != http.StatusOK {
		w.Fatalf("%s could not sign in: %d %s", who, p.status, p.words())
	}
	return b
}

func (w *world) browser(base string) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	c := client()
	c.Jar = jar
	w.Cleanup(c.CloseIdleConnections)
	return &browser{w: w, http: c, base: base}
}

// page is a page as it came.
type page struct {
	*goquery.Document
	b      *browser
	path   string
	status int
}

func (b *browser) get(path string) *page { return b.do(http.MethodGet, path, nil) }

func (b *browser) do(method, path string, form url.Values) *page {
	b.w.Helper()
	p, err := b.try(method, path, form)
	b.w.must(err)
	return p
}

// try is do for other goroutines than the test's.
func (b *browser) try(method, path string, form url.Values) (*page, error) {
	var body io.Reader = http.NoBody
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.w.Context(), method, b.base+path, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	req.Host = b.host
	res, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	doc, err := goquery.NewDocumentFromReader(res.Body)
	return &page{Document: doc, b: b, path: path, status: res.StatusCode}, err
}

// words is the text of the page.
func (p *page) words() string {
	return strings.Join(strings.Fields(p.Find("main").Text()), " ")
}

func (p *page) shows(text string) {
	p.b.w.Helper()
	if !strings.Contains(p.words(), text) {
		p.b.w.Errorf("%s (%d) does not say %q but: %s", p.path, p.status, text, p.words())
	}
}

// form is a form being filled in.
type form struct {
	p      *page
	s      *goquery.Selection
	action string
	values url.Values
}

// form finds the form that leads to an address, with what it holds already.
func (p *page) form(action string) *form {
	p.b.w.Helper()
	s := p.Find(`form[action="` + action + `"]`)
	if s.Length() != 1 {
		p.b.w.Fatalf("%s (%d) has %d forms to %s: %s", p.path, p.status, s.Length(), action, p.words())
	}
	f := &form{p: p, s: s, action: action, values: url.Values{}}
	s.Find(`input[type="hidden"]`).Each(func(_ int, in *goquery.Selection) {
		f.values.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	return f
}

// set fills in a field, as far as the page lets a person do so.
func (f *form) set(name, value string) *form {
	f.p.b.w.Helper()
	fields := f.s.Find(`[name="` + name + `"]`)
	free := fields.FilterFunction(func(_ int, in *goquery.Selection) bool {
		if _, off := in.Attr("disabled"); off {
			return false
		}
		switch goquery.NodeName(in) {
		case "select":
			return in.Find(`option[value="`+value+`"]`).Not("[disabled]").Length() == 1
		case "input":
			kind := in.AttrOr("type", "text")
			return kind != "radio" && kind != "checkbox" || in.AttrOr("value", "") == value
		case "button":
			return in.AttrOr("value", "") == value
		}
		return true
	})
	if free.Length() != 1 {
		html, _ := f.s.Html()
		f.p.b.w.Fatalf("the form to %s does not let anybody set %s to %q:\n%s", f.action, name, value, html)
	}
	f.values.Set(name, value)
	return f
}

// tick ticks a box whatever its value is.
func (f *form) tick(name string) *form {
	f.p.b.w.Helper()
	return f.set(name, f.s.Find(`input[type="checkbox"][name="`+name+`"]`).AttrOr("value", "no such box"))
}

func (f *form) post() *page {
	f.p.b.w.Helper()
	return f.p.b.do(http.MethodPost, f.action, f.values)
}

// hold opens a hold's page.
func (b *browser) hold(id holds.HoldID) *page { return b.get("/holds/" + string(id)) }

// callback records a call to the owner's number on file.
func (b *browser) callback(v holds.View, reference string) *page {
	b.w.Helper()
	f := b.hold(v.Hold.ID).form("/holds/" + string(v.Hold.ID) + "/evidence")
	number := f.s.Find(`input[name="point"]`).Not("[disabled]").AttrOr("value", "")
	return f.set("kind", string(holds.Callback)).set("point", number).set("requester", string(v.Hold.Owner)).set("reference", reference).post()
}

// managerSaid records that the manager on record confirmed.
func (b *browser) managerSaid(v holds.View, reference string) *page {
	b.w.Helper()
	f := b.hold(v.Hold.ID).form("/holds/" + string(v.Hold.ID) + "/evidence")
	return f.set("kind", string(holds.ManagerConfirmed)).set("requester", string(v.Hold.Owner)).set("reference", reference).post()
}

// decision fills in the form of a decision on the page as it is now.
func (b *browser) decision(v holds.View, kind holds.DecisionKind, reason string) *form {
	b.w.Helper()
	f := b.hold(v.Hold.ID).form("/holds/" + string(v.Hold.ID) + "/decision")
	f.set("decision", string(kind)).set("reason", reason)
	if kind == holds.Approve || kind == holds.Restore {
		f.tick("roles_seen").set("target", v.Hold.Subject.Login)
	}
	return f
}

func (b *browser) decide(v holds.View, kind holds.DecisionKind, reason string) *page {
	b.w.Helper()
	return b.decision(v, kind, reason).post()
}

// verified records the two checks that the starter policy asks for.
func (b *browser) verified(v holds.View) {
	b.w.Helper()
	for _, p := range []*page{b.callback(v, "call 17"), b.managerSaid(v, "thread 4")} {
		if p.status != http.StatusOK {
			b.w.Fatalf("the check was not taken: %d %s", p.status, p.words())
		}
	}
}

// released lets two people release a hold and waits until it is.
func (w *world) released(v holds.View, verifier, approver *browser) holds.View {
	w.Helper()
	verifier.verified(v)
	if p := approver.decide(v, holds.Approve, "Verified by callback and by the manager."); p.status != http.StatusOK {
		w.Fatalf("the approval was not taken: %d %s", p.status, p.words())
	}
	w.until("the release", func() (bool, string) {
		v = w.view(v.Hold.ID)
		return v.Hold.State == holds.Released, stands(v)
	})
	return v
}

// letter is what an owner reads in a message.
type letter struct {
	to, subject, text, path, code string
}

// lettersTo waits for a message to a person's private address and returns all.
func (w *world) lettersTo(account string, least int) (out []letter) {
	w.Helper()
	address := string(person(account)) + "@private.example"
	w.until("mail to "+address, func() (bool, string) {
		out = nil
		for _, m := range w.mail.Mails() {
			if len(m.To) == 1 && m.To[0] == address {
				out = append(out, w.readLetter(m.To[0], m.Subject, m.Text))
			}
		}
		return len(out) >= least, itoa(len(out)) + " of " + itoa(least) + " so far"
	})
	return out
}

var (
	linkLine = regexp.MustCompile(regexp.QuoteMeta(publicURL) + `(/o/\S+)`)
	codeLine = regexp.MustCompile(`Type this code: (\S+)`)
)

func (w *world) readLetter(to, subject, text string) letter {
	w.Helper()
	link, code := linkLine.FindStringSubmatch(text), codeLine.FindStringSubmatch(text)
	if link == nil || code == nil {
		w.Fatalf("the message has no link or no code:\n%s", text)
	}
	return letter{to: to, subject: subject, text: text, path: link[1], code: code[1]}
}

// owner is the browser in which an owner opens the link of a message. The
// address in it is a proxy's that ends TLS.
func (w *world) owner() *browser {
	w.Helper()
	b := w.browser("http://" + w.svc().public.Addr())
	b.host = strings.TrimPrefix(publicURL, "https://")
	return b
}

// post sends fields that no page offered.
func (b *browser) post(path string, fields map[string]string) *page {
	b.w.Helper()
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return b.do(http.MethodPost, path, form)
}

// says opens a link and answers with a code.
func (b *browser) says(l letter, code, word string) *page {
	b.w.Helper()
	return b.get(l.path).form(l.path).set("code", code).set("answer", word).post()
}
