package providers

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/holds"
)

// RoundTrip makes one call under the rules. Unlike a plain transport it answers
// 429, redirects and web pages with a typed error: SDKs otherwise retry the
// first, take the second for success and lose the third.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.pinned(req); err != nil {
		closeBody(req.Body)
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.rules.Timeout)
	bucket := t.rules.Bucket(req)
	if wait, ok := t.gate.enter(ctx, bucket); !ok {
		cancel()
		closeBody(req.Body)
		return nil, t.closedFor(wait)
	}
	resp, err := t.attempt(req.WithContext(ctx))
	if err == nil {
		err = t.refuseAnswer(bucket, resp)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{body: resp.Body, left: t.rules.MaxBody, cancel: cancel, t: t}
	return resp, nil
}

// pinned refuses a request that would go anywhere but to the configuration's
// origins. Nothing has been dialled or resolved yet.
func (t *Transport) pinned(req *http.Request) error {
	at := hostport(req.URL)
	named := req.Host == "" || hostport(&url.URL{Scheme: req.URL.Scheme, Host: req.Host}) == at
	for _, o := range t.origins {
		if req.URL.Scheme == o.Scheme && at == o.Host && named && req.URL.User == nil {
			return nil
		}
	}
	return holds.Refuse(holds.Invalid, "A call to %s was refused: only the configured address of %s is ever called.",
		Plain(req.URL.Hostname(), 80), t.rules.Name)
}

// attempt sends the request, and once more when it is a reading whose
// connection broke.
func (t *Transport) attempt(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		t.attempts.Add(1)
		resp, err := t.base.RoundTrip(req)
		if err == nil {
			return resp, nil
		}
		reading := (req.Method == http.MethodGet || req.Method == http.MethodHead) && req.Body == nil
		if !reading || try > 1 || !broken(err) || req.Context().Err() != nil {
			return nil, t.callFailed(err)
		}
	}
}

// broken tells a connection that ended early from every other failure.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || strings.Contains(err.Error(), "server closed idle connection")
}

// refuseAnswer turns answers that no SDK handles well into errors.
func (t *Transport) refuseAnswer(bucket string, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		wait, known := waitOf(resp.Header, time.Now())
		if !known {
			wait = defaultWait
		}
		t.gate.close(bucket, wait)
		discard(resp)
		return t.closedFor(wait)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		discard(resp)
		return holds.Refuse(holds.Unavailable,
			"%s answered with a redirect (%d), which is never followed. Check the configured address.", t.rules.Name, resp.StatusCode)
	case isPage(resp.Header):
		discard(resp)
		return t.page(resp.StatusCode)
	}
	return nil
}

func (t *Transport) closedFor(wait time.Duration) error {
	wait = wait.Round(time.Second)
	return &holds.Error{
		Kind: holds.Unavailable, After: max(wait, time.Second),
		Detail: t.rules.Name + " asks us to wait " + max(wait, time.Second).String() + " before calling again.",
	}
}

func (t *Transport) page(status int) error {
	return holds.Refuse(holds.Unavailable,
		"%s answered with a web page instead of data (%d). A proxy, a sign-in page or maintenance may be in the way.", t.rules.Name, status)
}

func isPage(h http.Header) bool {
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// discard reads a little, so that the connection can be used again, and closes.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	closeBody(resp.Body)
}

func closeBody(b io.Closer) {
	if b != nil {
		_ = b.Close() // nothing was asked of it
	}
}
