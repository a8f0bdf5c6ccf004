package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/intake"
)

func contextWithCancel() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}

func TestB1Sizes(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	e := open(t, nil)
	fill := func(n int) string { return strings.Repeat("x", n) }
	head := "POST /hooks/okta/acme-okta HTTP/1.1\nHost: gate.example\nConnection: close\nContent-Type: application/json\nAuthorization: " + acmeSecret + "\n"
	t.Run("exactly the limit", func(t *testing.T) {
		if r := e.deliver(t, fill(limit)); r.status != 204 {
			t.Errorf("got %d", r.status)
		}
	})
	t.Run("one byte more", func(t *testing.T) {
		problem(t, e.deliver(t, fill(limit+1)), 413)
	})
	t.Run("100 MiB announced, nothing sent", func(t *testing.T) {
		problem(t, e.say(t, head+"Content-Length: 104857600\n\n"), 413)
	})
	t.Run("chunked, within", func(t *testing.T) {
		if r := e.say(t, head+"Transfer-Encoding: chunked\n\n2\n{}\n0\n\n"); r.status != 204 {
			t.Errorf("got %d", r.status)
		}
	})
	t.Run("chunked without end", func(t *testing.T) {
		r, sent := endless(t, e)
		if r != 413 {
			t.Errorf("got %d", r)
		}
		if sent > 8*limit {
			t.Errorf("%d bytes were taken before the answer", sent)
		}
	})
	t.Run("announced more than sent", func(t *testing.T) {
		// The sender gives up half way. Nothing may be stored as if it were whole.
		before := len(e.store.all())
		r, err := e.cut(head+"Content-Length: 1000\n\n", []byte(`{"eventId":"half"}`))
		if err == nil && r.status != 503 && r.status != 400 {
			t.Errorf("got %d", r.status)
		}
		if len(e.store.all()) != before {
			t.Error("half a delivery was stored")
		}
	})
	t.Run("announced less than sent", func(t *testing.T) {
		if r := e.say(t, head+"Content-Length: 2\n\n", []byte(`{}{"eventId":"smuggled"}`)...); r.status != 204 {
			t.Errorf("got %d", r.status)
		}
		all := e.store.all()
		if got := string(all[len(all)-1].Body); got != "{}" {
			t.Errorf("stored %q", got)
		}
	})
	for name, framing := range map[string]string{
		"two lengths":     "Content-Length: 2\nContent-Length: 3\n",
		"negative length": "Content-Length: -1\n",
		"length in words": "Content-Length: two\n",
		"length with +":   "Content-Length: +2\n",
		"gzip, chunked":   "Transfer-Encoding: gzip, chunked\n",
	} {
		t.Run(name, func(t *testing.T) {
			if r := e.say(t, head+framing+"\n{}"); r.status/100 == 2 {
				t.Errorf("got %d", r.status)
			}
		})
	}
	t.Run("an empty body is stored too", func(t *testing.T) {
		if r := e.deliver(t, ""); r.status != 204 {
			t.Errorf("got %d", r.status)
		}
		if all := e.store.all(); all[len(all)-1].Body == nil {
			t.Error("the body is nil, which a database takes for NULL")
		}
	})
}

// endless posts a body that never ends and tells how much of it was taken.
func endless(t *testing.T, e *edge) (status int, sent int64) {
	t.Helper()
	src := &counter{}
	req, err := http.NewRequest(http.MethodPost, "http://"+e.Addr()+"/hooks/okta/acme-okta", src)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", acmeSecret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	res.Body.Close()
	return res.StatusCode, src.n.Load()
}

type counter struct{ n atomic.Int64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func TestB1MemoryIsBounded(t *testing.T) {
	const limit, senders = 1 << 20, 16
	for name, length := range map[string]int64{"chunked": -1, "announced": limit} {
		t.Run(name, func(t *testing.T) {
			e := open(t, func(o *intake.Options) { o.StoreTimeout = 20 * time.Second })
			e.store.entered, e.store.release = make(chan struct{}), make(chan struct{})
			for range 3 { // pools keep things for two collections
				runtime.GC()
			}
			before := heap()
			answers := make(chan error, senders)
			for range senders {
				go func() { answers <- postSized(e, limit, length) }()
			}
			for range senders {
				<-e.store.entered // every sender's body is in memory now
			}
			grown := heap() - before
			close(e.store.release)
			for range senders {
				if err := <-answers; err != nil {
					t.Error(err)
				}
			}
			t.Logf("%d bodies of %d KiB: the heap grew by %d KiB", senders, limit>>10, grown>>10)
			if most := int64(2*limit*senders) * raceFactor; grown > most {
				t.Errorf("the heap grew by %d bytes, want at most %d", grown, most)
			}
		})
	}
}

// heap is what is in use, garbage that is not collected yet included.
func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

func postSized(e *edge, n, length int64) error {
	req, err := http.NewRequest(http.MethodPost, "http://"+e.Addr()+"/hooks/okta/acme-okta", io.LimitReader(&counter{}, n))
	if err != nil {
		return err
	}
	req.ContentLength = length
	req.Header.Set("Authorization", acmeSecret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("got %d", res.StatusCode)
	}
	return nil
}

func TestB2CompressedBodiesAreNotInflated(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := io.Copy(z, io.LimitReader(&counter{}, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "GZIP", "x"} {
		t.Run(coding, func(t *testing.T) {
			problem(t, e.deliver(t, bomb.String(), "Content-Encoding: "+coding), 415)
			// Refused from the headers alone, so also without a right secret.
			problem(t, e.deliver(t, bomb.String(), "Content-Encoding: "+coding, "Authorization: wrong"), 415)
		})
	}
	t.Run("not declared", func(t *testing.T) {
		// It is then just odd content, stored as it is.
		if r := e.deliver(t, bomb.String()); r.status != 204 {
			t.Errorf("got %d", r.status)
		}
		if got := e.store.only(t).Body; !bytes.Equal(got, bomb.Bytes()) {
			t.Error("it was not stored as it came")
		}
	})
}

func TestB5OddContentIsStoredAndAccepted(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for name, tc := range map[string]struct{ body, envelope string }{
		"NUL in the id":         {`{"eventId":"a\u0000b"}`, ""},
		"NUL in a name":         {`{"eventId":"e","data":{"events":[{"displayMessage":"\u0000"}]}}`, "e"},
		"raw NUL":               {"{\"eventId\":\"e\x00\"}", ""},
		"lone surrogate":        {`{"eventId":"e","x":"\ud800"}`, "e"},
		"surrogate in the id":   {`{"eventId":"\ud800"}`, ""},
		"invalid UTF-8":         {"{\"eventId\":\"e\",\"x\":\"\xff\xfe\"}", "e"},
		"overlong":              {"{\"eventId\":\"e\",\"x\":\"\xc0\xaf\"}", "e"},
		"right-to-left":         {`{"eventId":"e","x":"` + "\u202e" + `"}`, "e"},
		"right-to-left id":      {`{"eventId":"` + "\u202e" + `"}`, ""},
		"64 kB name":            {`{"eventId":"e","x":"` + strings.Repeat("n", 64<<10) + `"}`, "e"},
		"64 kB id":              {`{"eventId":"` + strings.Repeat("n", 64<<10) + `"}`, ""},
		"byte order mark":       {"\ufeff" + `{"eventId":"e"}`, ""},
		"trailing garbage":      {`{"eventId":"e"} x`, ""},
		"not JSON":              {`<xml/>`, ""},
		"an array":              {`[{"eventId":"e"}]`, ""},
		"null":                  {`null`, ""},
		"id is a number":        {`{"eventId":7}`, ""},
		"two ids":               {`{"eventId":"e","eventId":"f"}`, ""},
		"two ids by case":       {`{"eventId":"e","EVENTID":"f"}`, ""},
		"source is a number":    {`{"eventId":"e","source":7}`, "e"},
		"source is no address":  {`{"eventId":"e","source":"::::"}`, "e"},
		"source without a host": {`{"eventId":"e","source":"mailto:x"}`, "e"},
		"deep":                  {strings.Repeat("[", 100_000), ""},
		"huge number":           {`{"eventId":"e","x":1e400}`, "e"},
		"unknown version":       {`{"eventId":"e","eventTypeVersion":"9.9","eventType":"com.okta.new"}`, "e"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(e.store.all())
			if r := e.deliver(t, tc.body); r.status != http.StatusNoContent {
				t.Fatalf("got %d %s; Okta would not send it again", r.status, r.body)
			}
			all := e.store.all()
			if len(all) != before+1 {
				t.Fatal("it was not stored")
			}
			if d := all[before]; string(d.Body) != tc.body || d.Envelope != tc.envelope {
				t.Errorf("envelope %q, want %q; body kept: %v", d.Envelope, tc.envelope, string(d.Body) == tc.body)
			}
		})
	}
}

func TestB6ContentType(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for _, good := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", `application/json; charset="utf-8"`} {
		if r := e.deliver(t, event("e-1"), "Content-Type: "+good); r.status != 204 {
			t.Errorf("%s: got %d", good, r.status)
		}
	}
	for _, bad := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
		"application/json; charset=utf-8; x=y", "application/json; profile=x", "application/jsonx", "application/json, text/plain",
		"application/problem+json", "application/secevent+jwt", "application/cloudevents+json", "json", "/",
	} {
		if r := e.deliver(t, event("e-1"), "Content-Type: "+bad); r.status != 415 {
			t.Errorf("%q: got %d, want 415", bad, r.status)
		}
	}
	twice := strings.Replace(script("acme-okta", "Authorization: "+acmeSecret, "{}"), "Content-Type: ", "Content-Type: text/plain\nContent-Type: ", 1)
	problem(t, e.say(t, twice), 415)
}

func TestB12MethodsOfTheHook(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for _, m := range []string{"HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"} {
		t.Run(m, func(t *testing.T) {
			r := e.say(t, strings.Replace(script("acme-okta", "Authorization: "+acmeSecret, "{}"), "POST", m, 1))
			if r.status != 405 || r.header.Get("Allow") != "GET, POST" {
				t.Errorf("got %d, Allow %q", r.status, r.header.Get("Allow"))
			}
			if strings.Contains(r.body, "canary") || strings.Contains(r.body, "YWNtZTpj") {
				t.Errorf("the request is reflected: %s", r.body)
			}
		})
	}
	if e.store.calls != 0 {
		t.Error("something was stored")
	}
}

func TestB13PathsOfTheHook(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for _, path := range []string{
		"/hooks/okta/acme-okta/", "/hooks/okta//acme-okta", "//hooks/okta/acme-okta", "/hooks/okta/%61cme-okta", "/hooks/okta%2Facme-okta",
		"/hooks/okta/x/../acme-okta", "/hooks/okta/..;/acme-okta", "/hooks/okta/acme-okta/x", "/hooks/okta/acme-okta;x", "/hooks/okta/", "/hooks/okta",
		"/hooks/entra/acme-okta", "/Hooks/okta/acme-okta", "/%09/evil.example/",
	} {
		r := e.say(t, strings.Replace(script("acme-okta", "Authorization: "+acmeSecret, "{}"), "/hooks/okta/acme-okta", path, 1))
		if r.status != 404 || r.header.Get("Location") != "" {
			t.Errorf("%s: got %d, Location %q", path, r.status, r.header.Get("Location"))
		}
	}
	if e.store.calls != 0 {
		t.Error("something was stored")
	}
}
