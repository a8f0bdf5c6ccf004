//go:build slow

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// J5 at Entra: after a hold, a release, tokens that were revoked and a forgery,
// neither the application's secret nor a token nor a subscription's client state is
// in the log, in the clear in the database, in a page, in a mail or in the figures.
// They are taken from what the service really sends, so that there is something to
// find.
func TestJ5NoSecretOfADirectory(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, "24h")
	d.stop() // what it sent so far, nobody overheard
	wire := &overheard{next: d.seams.graph, said: map[string]string{d.ClientSecret(entrasim.OwnApp): "the application's secret"}}
	d.seams.graph = wire
	for _, s := range d.Subscriptions() {
		d.LoseSubscription(s.ID)
	}
	d.start()
	for _, f := range d.subscribed() { // anew
		d.post("/"+f.Nonce, `{"value":[{"clientState":"guess","subscriptionId":"`+f.ID+`"}]}`)
	}
	d.told(d.HelpDeskResetsMethods(entrasim.HelpDesk, entrasim.Engineer))
	v := d.hold(entrasim.Engineer, "the hold of the reset", isContained)
	d.RevokeTokens()
	ruth, omar := d.reviewer(oktasim.Reviewer), d.reviewer(oktasim.ReviewerTwo)
	d.released(v, ruth, omar)
	d.idle()

	text := map[string]string{"the log": d.log.String(), "the database": d.dump()}
	for _, p := range []*page{ruth.get("/"), ruth.hold(v.Hold.ID)} {
		html, err := p.Html()
		d.must(err)
		text["the page "+p.path] = html
	}
	for _, m := range d.mail.Mails() {
		text["the mails"] += m.Raw
	}
	_, text["the figures"] = d.asked(d.svc().monitor.server.Addr(), "/metrics")
	for secret, what := range wire.all(t) {
		for where, text := range text {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s: …%s…", what, where, around(text, secret))
			}
		}
	}
	for where, text := range text {
		if len(text) < 100 {
			t.Errorf("%s is %q, so this proves nothing", where, text)
		}
	}
}

// overheard passes the calls to Entra on and remembers the secrets in them.
type overheard struct {
	next http.RoundTripper
	mu   sync.Mutex
	said map[string]string // what each is, by itself
}

func (o *overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), "Bearer "); ok {
		o.hears(token, "a token")
	}
	if strings.HasSuffix(r.URL.Path, "/subscriptions") && r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		var plain io.Reader = bytes.NewReader(body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			if plain, err = gzip.NewReader(plain); err != nil {
				return nil, err
			}
		}
		var s struct{ ClientState string }
		if json.NewDecoder(plain).Decode(&s) == nil && s.ClientState != "" {
			o.hears(s.ClientState, "a client state")
		}
	}
	if o.next == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return o.next.RoundTrip(r)
}

func (o *overheard) hears(secret, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said[secret] = what
}

// all fails unless there is one of each kind at least, and two tokens: one before
// they were revoked, one after.
func (o *overheard) all(t *testing.T) map[string]string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	kinds := map[string]int{}
	for secret, what := range o.said {
		if len(secret) < 16 {
			t.Fatalf("%s is %q: nothing to look for", what, secret)
		}
		kinds[what]++
	}
	if kinds["a token"] < 2 || kinds["a client state"] < 2 || kinds["the application's secret"] != 1 {
		t.Fatalf("overheard only %v", kinds)
	}
	return o.said
}
