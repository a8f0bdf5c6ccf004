package notify

import (
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/holds"
)

// hostile are names an attacker can choose: their own, a device's, a role's.
func hostile() []string {
	return []string{
		"Olga\r\nBcc: everybody@acme.example",
		"Olga\nSubject: all is well\n\nIgnore this message.",
		"Olga\u2028Bcc: x@evil.example\u0085Cc: y@evil.example",
		`<script>alert(1)</script>`,
		`<a href="https://evil.example/login">sign in here</a>`,
		`"><img src="https://evil.example/pixel.gif">`,
		`javascript:alert(1)`,
		`https://evil.example/login`,
		`http://192.0.2.66/login`,
		`www.evil.example`,
		`evil.example/verify`,
		`evil。example`,
		`mailto:help@evil.example`,
		`” is fine and was approved by “Security`,
		"\u202egro.live\u202c \u200bzero\u200dwidth\ufeff",
		"{{.Code}} {{template \"head\"}} ${HOME} %s%n",
		"\x00\x1b[31mred\x7f\xff\xfe",
		strings.Repeat("A", 10000),
		strings.Repeat("call 0900 1234567 now! ", 300),
	}
}

// TestE12 puts every hostile value into every field others can choose and looks
// at what a mail program would make of the message.
func TestE12(t *testing.T) {
	for _, bad := range hostile() {
		t.Run(clip(oneLine(bad), 30), func(t *testing.T) {
			e := grant()
			e.Role.Name, e.Summary, e.Type, e.IP = bad, bad, bad, bad
			f := enrol()
			f.Factor.Name = bad
			f.Actor = holds.Party{ID: "x", Kind: holds.PartyPerson, Name: bad, Login: bad}
			h := hold(e, f)
			h.Subject.Login, h.Subject.Name, h.Connection = bad, bad, holds.ConnectionID(bad)
			h.Doubts = []string{bad}
			owner := anna()
			owner.Name = bad
			o := options(&sink{})
			m := messenger(t, o)
			l, err := m.compose(notice(), h, owner)
			if err != nil {
				t.Fatal(err)
			}
			harmless(t, l, testLink)
			n := notice()
			n.Audience, n.Why = holds.ToDuty, bad
			if l, err = m.compose(n, h, holds.Person{}); err != nil {
				t.Fatal(err)
			}
			harmless(t, l, o.Links.Link(n))
		})
	}
}

// harmless fails when a message says more than one line where one is meant, or
// holds markup, a link or a host name of somebody else.
func harmless(t *testing.T, l letter, link string) {
	t.Helper()
	odd := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if strings.ContainsFunc(l.subject, func(r rune) bool { return odd(r) || r == '\n' }) || len([]rune(l.subject)) > 200 {
		t.Errorf("subject %q", l.subject)
	}
	if strings.ContainsFunc(l.text, odd) || strings.ContainsFunc(l.html, odd) {
		t.Error("the message holds characters that cannot be printed")
	}
	if len(l.text) > 6000 {
		t.Errorf("%d bytes of text; foreign values must be capped", len(l.text))
	}
	for line := range strings.Lines(l.text) {
		if m, err := mail.ReadMessage(strings.NewReader(line + "\n")); err == nil {
			for _, name := range []string{"Bcc", "Cc", "Subject"} {
				if m.Header.Get(name) != "" {
					t.Errorf("a line begins like a header: %q", line)
				}
			}
		}
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(l.html))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("script,img,iframe,object,form,input,link,svg,base").Length(); n != 0 {
		t.Errorf("%d elements that must not be there", n)
	}
	doc.Find("a").Each(func(_ int, a *goquery.Selection) {
		if href, _ := a.Attr("href"); href != link {
			t.Errorf("a link to %q", href)
		}
	})
	for _, text := range []string{l.subject, l.text, doc.Text()} {
		text = strings.ReplaceAll(text, link, "")
		// What mail programs make links of by themselves: schemes and host names.
		if found := regexp.MustCompile(`(?i)[a-z]:\S|[\pL\d][.。][\pL]{2,}`).FindString(text); found != "" {
			t.Errorf("something that becomes a link: %q", found)
		}
		if strings.Contains(text, "{{") && !strings.Contains(text, "{{[.]Code}}") && !strings.Contains(text, "{{.Code}}") {
			t.Errorf("a template was run: %q", text)
		}
		if strings.Contains(text, testCode) && strings.Count(text, testCode) != 1 {
			t.Error("a foreign value reached the code")
		}
	}
}

// TestE12Quotes: a name cannot end the quotation marks around it.
func TestE12Quotes(t *testing.T) {
	e := reset()
	e.Actor.Name, e.Actor.Login = `” approved by “Security`, ""
	l, err := messenger(t, options(&sink{})).compose(notice(), hold(e), anna())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(l.text, "By:   “' approved by 'Security”\n") {
		t.Error(l.text)
	}
}

// TestE15 is what makes our message trainable: no sign-in link, one short code,
// the hold's reference, and the sentences that say so. R107 and NIST §4.6: how
// to repudiate, with a way to reach people.
func TestE15(t *testing.T) {
	l, err := messenger(t, options(&sink{})).compose(notice(), hold(reset()), anna())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(l.html))
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`\s+`)
	for form, text := range map[string]string{"text": l.text, "html": doc.Text()} {
		text = plain.ReplaceAllString(text, " ")
		for _, want := range []string{
			testCode, "456789ab", "This was not me", "call +44 20 7946 0018, day and night",
			"changes nothing", "asks for a password", "will ever ask you for the code", "until 2026-11-27 09:34 UTC",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing", form, want)
			}
		}
		if n := strings.Count(text, testCode); n != 1 {
			t.Errorf("%s: the code stands there %d times", form, n)
		}
		for _, not := range []string{"Log in", "log in", "Sign in to", "sign in to", "password:", "anna@private.example", "Berg"} {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q must not be there", form, not)
			}
		}
	}
	if strings.Contains(l.subject, testCode) {
		t.Error("the code is in the subject, which lock screens show")
	}
}

// TestE15LinksAndCodes: what a message refuses to carry.
func TestE15LinksAndCodes(t *testing.T) {
	for _, bad := range []links{
		{"", testCode},
		{"/o/relative", testCode},
		{"javascript:alert(1)", testCode},
		{"http://cs.acme.example/o/1", testCode}, // not on this machine, in clear
		{"https://cs.acme.example/o/1\r\nBcc: x", testCode},
		{"https://cs.acme.example/o/1 2", testCode},
		{"https://me:secret@cs.acme.example/o/1", testCode},
		{`https://cs.acme.example/"><b>`, testCode},
		{"https://cs.acme.example/" + strings.Repeat("a", 2000), testCode},
		{testLink, ""},
		{testLink, "123"},
		{testLink, "K7QM4-XW2RT-K7QM4-XW2RT"},
		{testLink, "K7QM4\r\nX"},
		{testLink, "<b>K7QM4"},
	} {
		s := &sink{}
		o := options(s)
		o.Links = bad
		a := messenger(t, o).Send(t.Context(), notice(), hold(reset()), anna())
		if a.Status != holds.NoticeFailed || a.Again || len(s.got) != 0 {
			t.Errorf("%+v was sent: %+v", bad, a)
		}
	}
	for _, good := range []string{"http://localhost:8080/o/x", "http://127.0.0.1:8080/o/x", "https://cs.acme.example/o/x?y=1&z=2"} {
		if _, err := checkedLink(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// TestDutyPageNamesNobody: pages to people on duty travel over channels that
// others may read, so they carry no personal value.
func TestDutyPageNamesNobody(t *testing.T) {
	n := notice()
	n.Audience, n.Why = holds.ToDuty, "the owner cannot be told"
	h := hold(enrol(), grant())
	h.Doubts = []string{"anna.berg cannot be suspended"}
	l, err := messenger(t, options(&sink{})).compose(n, h, anna())
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"nna", "Berg", "Olga", "olga", "iPhone", "203.0.113.7", testCode, testLink} {
		if strings.Contains(l.subject+l.text+l.html, not) {
			t.Errorf("the page says %q", not)
		}
	}
	if !strings.Contains(l.text, "https://console.acme.example/holds/"+string(h.ID)) {
		t.Error("the page does not lead to the hold")
	}
}

func FuzzForeign(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	link := regexp.MustCompile(`:[^\s…\]]|[\pL\d_-][.。．｡][\pL\d_-]{2,}`)
	f.Fuzz(func(t *testing.T, s string) {
		got := foreign(s, longName)
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || len([]rune(got)) > longName {
			t.Errorf("%q became %q", s, got)
		}
		if found := link.FindString(strings.NewReplacer("[:]", " ", "[.]", " ").Replace(got)); found != "" {
			t.Errorf("%q became %q, with %q", s, got, found)
		}
	})
}
