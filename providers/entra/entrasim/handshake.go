package entrasim

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// handshake proves that a listener is there: a POST with a token in the query,
// which it must send back decoded, as plain text, with 200, in ten seconds. It
// must be called without the lock, for the listener may call us.
// See https://learn.microsoft.com/graph/change-notifications-delivery-webhooks.
func (s *Sim) handshake(address string) *Error {
	token := "Validation: Testing client application reachability for subscription Request-Id: " + newGUID() + " +/%?&" + newSecret(6)
	target := address + "?"
	if strings.Contains(address, "?") {
		target = address + "&"
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.HandshakeTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target+"validationToken="+url.QueryEscape(token), nil)
	if err != nil {
		return errValidation("The notification endpoint's address is not valid.")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := s.opt.HookClient.Do(r)
	if errors.Is(err, context.DeadlineExceeded) {
		return errValidation("Subscription validation request timed out.")
	}
	if err != nil {
		return errValidation("Subscription validation request failed. The notification endpoint could not be reached.")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if errors.Is(err, context.DeadlineExceeded) {
		return errValidation("Subscription validation request timed out.")
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err != nil || resp.StatusCode != http.StatusOK:
		return errValidation("Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.")
	case kind != "text/plain":
		return errValidation("Subscription validation request failed. The content type of the answer must be text/plain.")
	case string(body) != token:
		return errValidation("Subscription validation request failed. The answer must be the decoded validation token and nothing else.")
	}
	return nil
}

func errValidation(message string) *Error {
	return graphError(http.StatusBadRequest, "ValidationError", message)
}
