package providers

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
)

// Classify turns what became of a call into a holds.Error, or nil when it went
// well:
//
//	401, 403                 Forbidden: our credential, its scope or its role
//	404, 410                 NotFound
//	409                      Conflict
//	408, 425, 429, 5xx       Unavailable, with After when the provider said
//	a web page               Unavailable, whatever its status
//	any other 3xx or 4xx     Invalid
//	no answer, bad JSON      Unavailable
//
// A context that the caller itself cancelled still answers errors.Is. The
// result never quotes the answer's body.
func (t *Transport) Classify(resp *http.Response, err error) error {
	var typed *holds.Error
	if errors.As(err, &typed) {
		return typed
	}
	if resp != nil && resp.StatusCode >= 300 {
		return t.byStatus(resp, err)
	}
	if err == nil {
		return nil
	}
	return t.callFailed(err)
}

// Classify is Transport.Classify for code that has no transport at hand.
func Classify(resp *http.Response, err error) error {
	return (&Transport{rules: Rules{Name: "The provider", Timeout: DefaultTimeout}}).Classify(resp, err)
}

func (t *Transport) byStatus(resp *http.Response, err error) error {
	name, code := t.rules.Name, resp.StatusCode
	if isPage(resp.Header) {
		return t.page(code)
	}
	cause := t.plainCause(err)
	switch {
	case code == http.StatusUnauthorized:
		return holds.Because(holds.Forbidden, cause, "%s does not accept our credential (401). It may have expired or been revoked.", name)
	case code == http.StatusForbidden:
		return holds.Because(holds.Forbidden, cause, "%s does not allow our credential to do this (403). A scope or a role is missing.", name)
	case code == http.StatusNotFound || code == http.StatusGone:
		return holds.Because(holds.NotFound, cause, "%s has no such thing (%d).", name, code)
	case code == http.StatusConflict:
		return holds.Because(holds.Conflict, cause, "%s says that the thing has changed meanwhile (409).", name)
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code == http.StatusTooEarly || code >= 500:
		wait, known := waitOf(resp.Header, time.Now())
		if !known {
			wait = 0
		}
		return &holds.Error{Kind: holds.Unavailable, After: wait, Err: cause, Detail: name + " could not answer (" + strconv.Itoa(code) + "). Whether the call took effect must be read back."}
	}
	return holds.Because(holds.Invalid, cause, "%s refused the call (%d).", name, code)
}

// callFailed types a failure without an answer. The cause keeps the words but
// not the identity of a broken connection: an SDK that asks errors.Is(err,
// io.EOF) retries without end.
func (t *Transport) callFailed(err error) error {
	var refused *addressRefused
	var dns *net.DNSError
	name := t.rules.Name
	switch {
	case errors.Is(err, context.Canceled):
		return holds.Because(holds.Unavailable, context.Canceled, "The call to %s was stopped.", name)
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return holds.Because(holds.Unavailable, context.DeadlineExceeded, "%s did not answer in time. Whether the call took effect must be read back.", name)
	case errors.As(err, &refused):
		return holds.Because(holds.Invalid, errors.New(refused.Error()), "%s was not called: its name leads to an address that is not public.", name)
	case errors.As(err, &dns):
		return holds.Because(holds.Unavailable, t.plainCause(err), "The name of %s could not be found. Check the configured address and the name service.", name)
	}
	return holds.Because(holds.Unavailable, t.plainCause(err), "%s could not be reached, or its answer could not be read.", name)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// plainCause is a cause for logs: words only, without address, query or secret.
func (t *Transport) plainCause(err error) error {
	if err == nil {
		return nil
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return errors.New(Redact(Plain(err.Error(), 400), t.rules.Secrets...))
}
