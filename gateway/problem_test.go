package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// Programs rely on these; changing a line is a breaking change.
func TestTypesAreStable(t *testing.T) {
	t.Parallel()
	want := []string{
		"urn:countersign:problem:invalid 400 The request is wrong",
		"urn:countersign:problem:unauthenticated 401 The credential is missing or wrong",
		"urn:countersign:problem:forbidden 403 This is not allowed",
		"urn:countersign:problem:https-required 403 HTTPS is required",
		"urn:countersign:problem:not-found 404 There is nothing here",
		"urn:countersign:problem:method-not-allowed 405 This address does not take that method",
		"urn:countersign:problem:conflict 409 It has changed since you looked",
		"urn:countersign:problem:too-large 413 The request is too large",
		"urn:countersign:problem:unsupported-media-type 415 The body is of the wrong kind",
		"urn:countersign:problem:too-many-requests 429 Too many requests",
		"urn:countersign:problem:internal 500 Something went wrong on our side",
		"urn:countersign:problem:unavailable 503 Not available at the moment",
	}
	var got []string
	for _, p := range gateway.Types() {
		got = append(got, fmt.Sprintf("%s %d %s", p.URI(), p.Status(), p.Title()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the registry changed (-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	cause := errors.New("pq: password is hunter2")
	cases := []struct {
		name   string
		err    error
		status int
		detail string
		retry  time.Duration
	}{
		{"not found", holds.Refuse(holds.NotFound, "No such hold."), 404, "No such hold.", 0},
		{"conflict", holds.Refuse(holds.Conflict, "Look again."), 409, "Look again.", 0},
		{"forbidden", holds.Refuse(holds.Forbidden, "Not you."), 403, "Not you.", 0},
		{"invalid", holds.Refuse(holds.Invalid, "Say why."), 400, "Say why.", 0},
		{"unavailable", holds.Because(holds.Unavailable, cause, "Later."), 503, "Later.", 5 * time.Second},
		{"unavailable with a wait", &holds.Error{Kind: holds.Unavailable, Detail: "Later.", After: time.Minute}, 503, "Later.", time.Minute},
		{"wrapped", fmt.Errorf("open the hold: %w", holds.Refuse(holds.Conflict, "Look again.")), 409, "Look again.", 0},
		{"internal by kind", holds.Because(holds.Internal, cause, "hunter2"), 500, "", 0},
		{"internal around a foreign error", holds.Because(holds.Internal, echo.ErrNotFound, "hunter2"), 500, "", 0},
		{"no kind", cause, 500, "", 0},
		{"401", gateway.Refuse(gateway.TypeUnauthenticated, "Who?"), 401, "Who?", 0},
		{"413", gateway.Refuse(gateway.TypeTooLarge, "Too much."), 413, "Too much.", 0},
		{"415", gateway.Refuse(gateway.TypeUnsupported, "JSON only."), 415, "JSON only.", 0},
		{"429", gateway.Refuse(gateway.TypeTooMany, "Slower."), 429, "Slower.", 5 * time.Second},
		{"an internal refusal shows nothing", gateway.Refuse(gateway.TypeInternal, "hunter2"), 500, "", 0},
		{"a body too large", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1}), 413, "", 0},
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "", 5 * time.Second},
		{"echo 404", echo.ErrNotFound, 404, "", 0},
		{"echo 405", echo.ErrMethodNotAllowed, 405, "", 0},
		{"echo bind", echo.NewHTTPError(http.StatusBadRequest, "hunter2"), 400, "", 0},
		{"echo 418", echo.ErrTeapot, 400, "", 0},
		{"echo 502", echo.ErrBadGateway, 500, "", 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := gateway.Describe(tc.err)
			if d.Status != tc.status || d.Detail != tc.detail || d.RetryAfter != tc.retry {
				t.Errorf("got %d %q after %v, want %d %q after %v", d.Status, d.Detail, d.RetryAfter, tc.status, tc.detail, tc.retry)
			}
			if d.Type == "" || d.Title == "" {
				t.Errorf("no type or title: %+v", d)
			}
		})
	}
}

func TestRefuseHasAKind(t *testing.T) {
	t.Parallel()
	for p, kind := range map[gateway.Type]holds.Kind{
		gateway.TypeTooLarge: holds.Invalid, gateway.TypeUnauthenticated: holds.Forbidden,
		gateway.TypeNotFound: holds.NotFound, gateway.TypeConflict: holds.Conflict,
		gateway.TypeUnavailable: holds.Unavailable, gateway.TypeInternal: holds.Internal,
	} {
		if got := holds.KindOf(fmt.Errorf("wrapped: %w", gateway.Refuse(p, "x"))); got != kind {
			t.Errorf("%s: kind %v, want %v", p, got, kind)
		}
	}
}

func TestRuleIsShown(t *testing.T) {
	t.Parallel()
	d := gateway.Describe(&holds.Error{Kind: holds.Forbidden, Detail: "Two people.", Rule: "quorum"})
	if d.Rule != "quorum" {
		t.Errorf("rule %q", d.Rule)
	}
}
