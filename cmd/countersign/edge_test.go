package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// The cases of who may speak to the hook's address, each once through the whole
// program; gateway/intake has them in all their variety.
func TestHookCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{second: true})
	o := w.orgs[0]
	w.settled()
	rows := w.count("SELECT count(*) FROM deliveries")
	body := envelope(o)
	secret := o.secret
	for _, c := range []struct {
		name   string
		status int
		header http.Header
	}{
		{"A1 no secret", 401, header()},
		{"A1 an empty one", 401, header("Authorization", "")},
		{"A1 another one", 401, header("Authorization", rand.Text())},
		{"A3 a prefix", 401, header("Authorization", secret[:len(secret)-1])},
		{"A3 a longer one", 401, header("Authorization", secret+"x")},
		{"A3 in other case", 401, header("Authorization", strings.ToLower(secret))},
		{"A5 twice", 401, header("Authorization", secret, "Authorization", secret)},
		{"A5 joined by a comma", 401, header("Authorization", secret+", "+secret)},
		{"A5 as a scheme", 401, header("Authorization", "Bearer "+secret)},
		{"A7 of another connection", 401, header("Authorization", w.orgs[1].secret)},
	} {
		if status, answer := w.knock(w.hookURL(o), body, c.header); status != c.status || strings.Contains(answer, secret) {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	status, answer := w.knock(w.hookURL(o), envelope(w.orgs[1]), header("Authorization", secret))
	if status != 403 {
		t.Errorf("A7 the right secret, but another organisation's delivery: %d %s", status, answer)
	}
	status, _ = w.knock("http://"+w.svc().public.Addr()+"/hooks/okta/nobody", body, header("Authorization", secret))
	if status != 401 {
		t.Errorf("an unknown connection: %d", status)
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM deliveries"); n != rows {
		t.Errorf("what was refused made %d rows", n-rows)
	}
	if w.deliver(o, body); w.count("SELECT count(*) FROM deliveries") != rows+1 {
		t.Error("a good delivery made no row")
	}
}

// A6: while a secret is replaced both are taken, the row says which, and
// afterwards the old one is refused.
func TestA6SecretRotation(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(time.Hour)
	w := newWorld(t, options{notYet: true, noHook: true, unaware: true, edit: func(l *layout) {
		l.Hook = "\n          previous_secret_file: old.secret\n          previous_until: " + until.UTC().Format(time.RFC3339)
	}})
	old := rand.Text()
	w.write("old.secret", old)
	w.start()
	o := w.orgs[0]
	for want, secret := range map[string]string{"previous": old, "current": o.secret} {
		if status, answer := w.knock(w.hookURL(o), envelope(o), header("Authorization", secret)); status != 204 {
			t.Errorf("the %s secret: %d %s", want, status, answer)
		}
		if n := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook' AND secret = $1", want); n != 1 {
			t.Errorf("%d deliveries are marked %s", n, want)
		}
	}
	w.stop()
	w.layout.Hook = strings.Replace(w.layout.Hook, until.UTC().Format(time.RFC3339), "2026-01-02T03:04:05Z", 1)
	w.layout.rewrite(w)
	w.start()
	if status, _ := w.knock(w.hookURL(o), envelope(o), header("Authorization", old)); status != 401 {
		t.Errorf("the old secret after its end: %d", status)
	}
}

// A12: a verification is echoed as JSON, needs the secret, and does nothing.
func TestA12Verification(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{unaware: true})
	o := w.orgs[0]
	w.settled()
	rows := w.count("SELECT count(*) FROM deliveries")
	ask := func(challenge string, secret string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.hookURL(o), nil)
		w.must(err)
		req.Header.Set("X-Okta-Verification-Challenge", challenge)
		if secret != "" {
			req.Header.Set("Authorization", secret)
		}
		res, err := client().Do(req)
		w.must(err)
		defer res.Body.Close()
		var body bytes.Buffer
		_, err = body.ReadFrom(res.Body)
		w.must(err)
		return res.StatusCode, body.String(), res.Header
	}
	status, body, h := ask(`<script>alert("x")</script>`, o.secret)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); status != 200 || err != nil || answer["verification"] != `<script>alert("x")</script>` ||
		strings.Contains(body, "<script>") || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		t.Errorf("%d %s (%s)", status, body, h.Get("Content-Type"))
	}
	if status, body, _ := ask("abc", ""); status != 401 || strings.Contains(body, "abc") {
		t.Errorf("without the secret: %d %s", status, body)
	}
	if status, _, _ := ask(strings.Repeat("a", 4000), o.secret); status != 400 {
		t.Errorf("an endless challenge: %d", status)
	}
	if n := w.count("SELECT count(*) FROM deliveries"); n != rows {
		t.Errorf("verifying made %d rows", n-rows)
	}
}

// A18: a listener with a certificate does not answer plain HTTP, not even with
// a redirect, and takes deliveries over TLS.
func TestA18PlainHTTPIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true, noHook: true, unaware: true, edit: func(l *layout) {
		l.Certificate = "\n  certificate: tls.pem\n  key: tls.key"
	}})
	roots := w.certificate("tls.pem", "tls.key")
	w.start()
	o := w.orgs[0]
	raw, err := net.DialTimeout("tcp", w.svc().public.Addr(), 5*time.Second)
	w.must(err)
	defer raw.Close()
	w.must(raw.SetDeadline(time.Now().Add(5 * time.Second)))
	_, err = raw.Write([]byte("POST /hooks/okta/nordwind-okta HTTP/1.1\r\nHost: x\r\nAuthorization: " + o.secret + "\r\nContent-Length: 2\r\n\r\n{}"))
	w.must(err)
	var answer bytes.Buffer
	_, _ = answer.ReadFrom(raw) // the listener may cut the connection
	if got := answer.String(); strings.Contains(got, "Location") || strings.Contains(got, " 30") || strings.Contains(got, " 2") && !strings.Contains(got, " 400 ") {
		t.Errorf("plain HTTP was answered: %s", got)
	}
	if n := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook'"); n != 0 {
		t.Errorf("plain HTTP made %d rows", n)
	}
	c := client()
	c.Transport.(*http.Transport).TLSClientConfig = roots
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+w.svc().public.Addr()+"/hooks/okta/"+string(o.id), bytes.NewReader(envelope(o)))
	w.must(err)
	req.Header = header("Authorization", o.secret)
	res, err := c.Do(req)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode != 204 {
		t.Errorf("over TLS: %d", res.StatusCode)
	}
}

// B2, B6, B12 and the size limit: what is not a delivery in JSON is refused with
// a problem document and makes no row.
func TestHookShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{unaware: true})
	o := w.orgs[0]
	w.settled()
	rows := w.count("SELECT count(*) FROM deliveries")
	for _, c := range []struct {
		name   string
		status int
		body   []byte
		header http.Header
	}{
		{"B1 one byte too many", 413, bytes.Repeat([]byte("x"), 1<<20+1), header("Authorization", o.secret)},
		{"B2 gzip", 415, []byte("\x1f\x8b"), header("Authorization", o.secret, "Content-Encoding", "gzip")},
		{"B6 a form", 415, []byte("a=b"), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {o.secret}}},
		{"B6 nothing said", 415, []byte("{}"), http.Header{"Authorization": {o.secret}}},
	} {
		status, answer := w.knock(w.hookURL(o), c.body, c.header)
		if status != c.status || !strings.Contains(answer, "urn:countersign:problem:") {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	for _, base := range []string{"http://" + w.svc().public.Addr() + "/hooks/okta/" + string(o.id), w.svc().consoleURL() + "/"} {
		for _, method := range []string{"PUT", "DELETE", "TRACE", "PATCH", "OPTIONS"} {
			req, err := http.NewRequestWithContext(t.Context(), method, base, strings.NewReader("<b>echo</b>"))
			w.must(err)
			req.Header.Set("Authorization", o.secret)
			res, err := client().Do(req)
			w.must(err)
			var body bytes.Buffer
			_, err = body.ReadFrom(res.Body)
			w.must(err)
			_ = res.Body.Close()
			if res.StatusCode != 405 && res.StatusCode != 404 || strings.Contains(body.String(), "<b>echo") {
				t.Errorf("B12 %s %s: %d %s", method, base, res.StatusCode, body.String())
			}
		}
	}
	if n := w.count("SELECT count(*) FROM deliveries"); n != rows {
		t.Errorf("what was refused made %d rows", n-rows)
	}
}

// B5 and B15: whatever an event says of time and names, the delivery is kept,
// the change is held, and our own clock says when it came.
func TestB15B5OddTimesAndNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Manager)) // for its shape
	people := []string{oktasim.Engineer, oktasim.EngineerTwo, oktasim.Payroll, oktasim.FinanceLead, oktasim.CEO, oktasim.HelpDeskTwo}
	odd := []any{"1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-06-30T23:59:60.000Z", "2026-11-02T09:00:00+14:00", 1793610000000, nil}
	for i, published := range odd {
		e := reshaped(w.crafted(func(e *oktasim.Event) { asUser(e, people[i], "x@nordwind.example", "\u202eevil\u0000\u200b name") }), func(m map[string]any) { m["published"] = published })
		w.deliver(w.orgs[0], envelope(w.orgs[0], e))
	}
	w.settled()
	for i := range odd {
		all := w.holdsOf(people[i])
		if len(all) != 1 {
			t.Errorf("an event published %v made %d holds", odd[i], len(all))
			continue
		}
		h := all[0].Hold
		if since := time.Since(h.Received); since < 0 || since > 2*time.Minute {
			t.Errorf("an event published %v was received at %s", odd[i], h.Received)
		}
		if strings.ContainsAny(h.Subject.Name, "\x00\u202e") {
			t.Errorf("the name is kept as %q", h.Subject.Name)
		}
		if p := w.reviewer(oktasim.Reviewer).hold(h.ID); p.status != 200 {
			t.Errorf("the page of an event published %v: %d %s", odd[i], p.status, p.words())
		}
	}
	if n := w.count("SELECT count(*) FROM deliveries WHERE failed_at IS NOT NULL"); n != 0 {
		t.Errorf("%d deliveries failed", n)
	}
	_ = holds.Pending
}
