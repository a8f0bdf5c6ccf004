package smtp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/countersign/countersign/holds"
)

// TestSend hands a mail to a real server over each kind of line and reads it
// back as a mail program does.
func TestSend(t *testing.T) {
	for _, encryption := range []string{StartTLS, ImplicitTLS, NoTLS} {
		t.Run(encryption, func(t *testing.T) {
			box := &mailbox{}
			if _, err := send(t, serve(t, box, encryption), notice()); err != nil {
				t.Fatal(err)
			}
			mails := box.taken()
			if len(mails) != 1 {
				t.Fatalf("%d mails", len(mails))
			}
			got := mails[0]
			if got.from != "security@acme.example" || got.to != "anna@private.example" || got.tls != (encryption != NoTLS) || got.utf8 {
				t.Errorf("envelope %+v", got)
			}
			readBack(t, got.data)
		})
	}
}

// readBack checks headers and parts.
func readBack(t *testing.T, data []byte) {
	t.Helper()
	if bytes.ContainsFunc(data, func(r rune) bool { return r > 127 }) {
		t.Error("the mail is not ASCII on the line, although not every server takes more")
	}
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Änderung: was this you?" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": `"Acme Security" <security@acme.example>`, "To": "<anna@private.example>",
		"Message-ID":     "<notice.0198c2f2-0000-7000-8000-000000000001@acme.example>",
		"Auto-Submitted": "auto-generated", "Bcc": "", "Cc": "", "X-Mailer": "", "User-Agent": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if date, err := m.Header.Date(); err != nil || time.Since(date) > time.Minute {
		t.Errorf("date %v, %v", date, err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{{"text/plain", "text äöü"}, {"text/html", "<p>html</p>"}} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || !strings.HasPrefix(p.Header.Get("Content-Type"), want.kind) || strings.TrimSpace(string(body)) != want.body {
			t.Errorf("part %v with %q, %v", p.Header, body, err)
		}
	}
}

// TestE10MessageIDIsStable: 451 and then 250; the same mail both times, so that
// mail systems can fold a duplicate.
func TestE10MessageIDIsStable(t *testing.T) {
	box := &mailbox{onData: []error{nil, answer(451, gosmtp.EnhancedCode{4, 3, 0}), nil}}
	c := serve(t, box, StartTLS)
	for i, again := range []bool{false, true, false} {
		if _, err := send(t, c, notice()); (holds.KindOf(err) == holds.Unavailable) != again || again != (err != nil) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	var ids []string
	for _, m := range box.taken() {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.data))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, parsed.Header.Get("Message-ID"))
	}
	if len(ids) != 2 || ids[0] == "" || ids[0] != ids[1] {
		t.Errorf("ids %q", ids)
	}
}

// TestE9Answers: what the server's codes mean for another try, and the words of
// the ledger.
func TestE9Answers(t *testing.T) {
	for _, c := range []struct {
		name string
		box  *mailbox
		kind holds.Kind
		want string
	}{
		{"451 to the message", &mailbox{onData: []error{answer(451, gosmtp.EnhancedCode{4, 3, 0})}}, holds.Unavailable, "While waiting for the answer to the message, it answered 451 (4.3.0)."},
		{"550 to the message", &mailbox{onData: []error{answer(550, gosmtp.EnhancedCode{5, 7, 1})}}, holds.Invalid, "While waiting for the answer to the message, it answered 550 (5.7.1)."},
		{"450 to the receiver", &mailbox{onRcpt: []error{answer(450, gosmtp.EnhancedCode{4, 2, 0})}}, holds.Unavailable, "While naming the receiver, it answered 450 (4.2.0)."},
		{"550 to the receiver", &mailbox{onRcpt: []error{answer(550, gosmtp.EnhancedCode{5, 1, 1})}}, holds.Invalid, "While naming the receiver, it answered 550 (5.1.1)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := send(t, serve(t, c.box, StartTLS), notice())
			if holds.KindOf(err) != c.kind || err == nil || err.Error() != c.want {
				t.Errorf("%v: %v; want %v: %s", holds.KindOf(err), err, c.kind, c.want)
			}
			if len(c.box.taken()) != 0 {
				t.Error("the server took it all the same")
			}
		})
	}
}

// TestAuth: signing in, and a refused sign-in, which an operator can mend before
// the last try.
func TestAuth(t *testing.T) {
	box := &mailbox{}
	c := serve(t, box, StartTLS)
	c.Username, c.Password = username, password
	if _, err := send(t, c, notice()); err != nil || box.signedIn != 1 {
		t.Fatalf("signed in %d times: %v", box.signedIn, err)
	}
	c.Password = password + "2" // the server repeats it in its answer
	if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || err.Error() != "While signing in at the mail server, it answered 535 (5.7.8)." {
		t.Errorf("error %v", err)
	}
	if box.signedIn != 1 || len(box.taken()) != 1 {
		t.Error("a mail went out without signing in")
	}
}

// TestAuthLogin: servers that know LOGIN alone; and those that know neither.
func TestAuthLogin(t *testing.T) {
	c, s := scripted(t, func(s *stage) {
		if !s.encrypt("AUTH LOGIN") {
			return
		}
		s.hear()
		s.say("334 VXNlcm5hbWU6")
		s.hear()
		s.say("334 UGFzc3dvcmQ6")
		s.hear()
		s.say("235 ok")
		for range 2 {
			s.hear()
			s.say("250 ok")
		}
		s.hear()
		s.say("452 full of %s", password)
		s.hear()
	})
	c.Username, c.Password = username, password
	if _, err := send(t, c, notice()); err == nil || err.Error() != "While handing over the message, it answered 452." {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(s.heard(), "AUTH LOGIN") {
		t.Errorf("the server heard %q", s.heard())
	}
	c, s = scripted(t, func(s *stage) {
		if s.encrypt("AUTH NTLM GSSAPI") {
			s.hear()
		}
	})
	c.Username, c.Password = username, password
	if _, err := send(t, c, notice()); err == nil || !strings.Contains(err.Error(), "PLAIN or LOGIN") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(s.heard(), "AUTH") || strings.Contains(s.heard(), "MAIL") {
		t.Errorf("the server heard %q", s.heard())
	}
}

// TestE12Letter: what would become another header or receiver is refused before
// a connection is made, even if the caller let it through.
func TestE12Letter(t *testing.T) {
	s, err := New(Config{Host: "192.0.2.1", From: "security@acme.example", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		"", "anna", "anna@private.example\r\nBcc: x@evil.example", "anna@private.example, x@evil.example",
		"Anna <anna@private.example>", "<anna@private.example>", " anna@private.example", "anna@private.example>\r\nRCPT TO:<x@evil.example",
		`"an na"@private.example`, "anna@private.example\x00", "anna\u202e@private.example",
	} {
		n := notice()
		n.Point.Value = to
		if _, err := s.Send(t.Context(), n, "s", "t", "h"); holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), "plain e-mail address") {
			t.Errorf("to %q: %v", to, err)
		}
	}
	for _, subject := range []string{"a\r\nBcc: x@evil.example", "a\nb", "a\x00b", "a\u2028b", "a\u202eb"} {
		if _, err := s.Send(t.Context(), notice(), subject, "t", "h"); holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), "subject") {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
	for _, id := range []holds.NoticeID{"", "a>b", "a\r\nBcc: x", "a@b", holds.NoticeID(strings.Repeat("a", 100))} {
		n := notice()
		n.ID = id
		if _, err := s.Send(t.Context(), n, "s", "t", "h"); holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), "id") {
			t.Errorf("id %q: %v", id, err)
		}
	}
	l, err := s.compose(notice(), strings.Repeat("Änderung ", 30), ".\r\nMAIL FROM:<x@evil.example>\r\n", "<p>.</p>")
	if err != nil || strings.Count(string(l.data), "\r\nSubject:") != 1 {
		t.Errorf("%v\n%s", err, l.data)
	}
}

// TestE12DotLines: a line of one dot in the text does not end the message.
func TestE12DotLines(t *testing.T) {
	box := &mailbox{}
	s, err := New(serve(t, box, StartTLS))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), notice(), "s", "before\n.\nQUIT\nafter\n", ""); err != nil {
		t.Fatal(err)
	}
	mails := box.taken()
	if len(mails) != 1 || !bytes.Contains(mails[0].data, []byte("QUIT\r\nafter")) {
		t.Errorf("%d mails: %s", len(mails), mails[0].data)
	}
}

// TestUTF8Address: an address beyond ASCII asks the server for SMTPUTF8, any
// other does not.
func TestUTF8Address(t *testing.T) {
	box := &mailbox{}
	c := serve(t, box, StartTLS)
	n := notice()
	n.Point.Value = "änne@private.example"
	if _, err := send(t, c, n); err != nil {
		t.Fatal(err)
	}
	if m := box.taken(); len(m) != 1 || !m[0].utf8 {
		t.Errorf("%+v", m)
	}
}

// TestSecretsStayInside: nothing that is printed or logged holds the password.
func TestSecretsStayInside(t *testing.T) {
	c := Config{Host: "mail.acme.example", Username: username, Password: password, From: "security@acme.example"}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(map[string]any{"c": c, "p": &c})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), fmt.Sprintf("%v %+v %#v", &c, &c, struct{ C Config }{c}),
		fmt.Sprintf("%v %+v %#v", s, s, s), fmt.Sprintf("%+v %#v", *s, *s), string(j),
	} {
		if strings.Contains(text, password) {
			t.Errorf("the password is in %s", text)
		}
	}
}

// TestReference: ids that servers give, and texts that are none.
func TestReference(t *testing.T) {
	for text, want := range map[string]string{
		"2.0.0 Ok: queued as 4bXyzK1zP9z": "4bXyzK1zP9z",
		"OK id=1tABcd-0000000ABCD-1xyz":   "1tABcd-0000000ABCD-1xyz",
		"2.6.0 <x@y.example> [InternalId=12345678, Hostname=a] Queued mail for delivery": "12345678",
		"Ok 0102018f3c5e7d2a-1b2c3d4e-000000":                                            "0102018f3c5e7d2a-1b2c3d4e-000000",
		"2.0.0 Ok":                                                                       "",
		"OK thanks, anna@private.example":                                                "",
		"queued as <anna@private.example>":                                               "",
		"":                                                                               "",
	} {
		if got := reference(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestE9NobodyThere: no server is a reason to try again.
func TestE9NobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := config(l.Addr(), StartTLS, nil)
	_ = l.Close()
	if _, err := send(t, c, notice()); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "While connecting") {
		t.Errorf("error %v", err)
	}
}

// TestCanceled: the caller's end is ours.
func TestCanceled(t *testing.T) {
	c, stage := scripted(t, func(s *stage) { s.hang() })
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-stage.reached
		cancel()
	}()
	if _, err = s.Send(ctx, notice(), "s", "t", ""); holds.KindOf(err) != holds.Unavailable || !strings.Contains(err.Error(), "called off") {
		t.Errorf("error %v", err)
	}
}
