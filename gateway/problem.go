package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/holds"
)

// Type is a problem type of RFC 9457. Its address, title and status are stable:
// programs may rely on them. The list is closed, see Types.
type Type string

// The problem types.
const (
	TypeInvalid          Type = "invalid"
	TypeUnauthenticated  Type = "unauthenticated"
	TypeForbidden        Type = "forbidden"
	TypeHTTPSRequired    Type = "https-required"
	TypeNotFound         Type = "not-found"
	TypeMethodNotAllowed Type = "method-not-allowed"
	TypeConflict         Type = "conflict"
	TypeTooLarge         Type = "too-large"
	TypeUnsupported      Type = "unsupported-media-type"
	TypeTooMany          Type = "too-many-requests"
	TypeInternal         Type = "internal"
	TypeUnavailable      Type = "unavailable"
)

// Types is the registry: every type an answer of ours can have.
func Types() []Type {
	return []Type{
		TypeInvalid, TypeUnauthenticated, TypeForbidden, TypeHTTPSRequired, TypeNotFound,
		TypeMethodNotAllowed, TypeConflict, TypeTooLarge, TypeUnsupported, TypeTooMany,
		TypeInternal, TypeUnavailable,
	}
}

// URI is the type's name in a problem document.
func (t Type) URI() string { return "urn:countersign:problem:" + string(t) }

// Status is the HTTP status of the type; an unknown type is a bug, so 500.
func (t Type) Status() int {
	status, _ := t.entry()
	return status
}

// Title is the type's short sentence for people, the same every time.
func (t Type) Title() string {
	_, title := t.entry()
	return title
}

func (t Type) entry() (int, string) {
	switch t {
	case TypeInvalid:
		return http.StatusBadRequest, "The request is wrong"
	case TypeUnauthenticated:
		return http.StatusUnauthorized, "The credential is missing or wrong"
	case TypeForbidden:
		return http.StatusForbidden, "This is not allowed"
	case TypeHTTPSRequired:
		return http.StatusForbidden, "HTTPS is required"
	case TypeNotFound:
		return http.StatusNotFound, "There is nothing here"
	case TypeMethodNotAllowed:
		return http.StatusMethodNotAllowed, "This address does not take that method"
	case TypeConflict:
		return http.StatusConflict, "It has changed since you looked"
	case TypeTooLarge:
		return http.StatusRequestEntityTooLarge, "The request is too large"
	case TypeUnsupported:
		return http.StatusUnsupportedMediaType, "The body is of the wrong kind"
	case TypeTooMany:
		return http.StatusTooManyRequests, "Too many requests"
	case TypeUnavailable:
		return http.StatusServiceUnavailable, "Not available at the moment"
	case TypeInternal:
	}
	return http.StatusInternalServerError, "Something went wrong on our side"
}

// refusal is an error with a problem type of the edge's own, where the kinds of
// holds are too coarse.
type refusal struct {
	problem Type
	err     *holds.Error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// Refuse makes an error of a problem type from a sentence for people. The
// sentence is shown to whoever asked, so it holds no secret and no cause.
func Refuse(t Type, format string, args ...any) error {
	return &refusal{problem: t, err: &holds.Error{Kind: t.kind(), Detail: fmt.Sprintf(format, args...)}}
}

// kind is the nearest kind, for callers that ask holds.KindOf.
func (t Type) kind() holds.Kind {
	switch t {
	case TypeInvalid, TypeTooLarge, TypeUnsupported, TypeMethodNotAllowed:
		return holds.Invalid
	case TypeUnauthenticated, TypeForbidden, TypeHTTPSRequired:
		return holds.Forbidden
	case TypeNotFound:
		return holds.NotFound
	case TypeConflict:
		return holds.Conflict
	case TypeTooMany, TypeUnavailable:
		return holds.Unavailable
	case TypeInternal:
	}
	return holds.Internal
}

// Details is a problem document, and what a page shows in its place.
type Details struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is a sentence for people; empty for an internal error.
	Detail string `json:"detail,omitempty"`
	// Rule is the policy rule behind a refusal, when there is one.
	Rule string `json:"rule,omitempty"`
	// Request is the id under which the log knows this request.
	Request string `json:"request,omitempty"`
	// RetryAfter goes out as the Retry-After header, in whole seconds.
	RetryAfter time.Duration `json:"-"`
}

// defaultRetry is the wait we ask for when the error names none.
const defaultRetry = 5 * time.Second

// Describe translates an error into what may be told about it. It is the one
// such translation. Request is left empty.
func Describe(err error) Details {
	t := typeOf(err)
	d := Details{Type: t.URI(), Title: t.Title(), Status: t.Status()}
	if t == TypeInternal {
		return d
	}
	var e *holds.Error
	if errors.As(err, &e) {
		d.Detail, d.Rule = e.Detail, e.Rule
	}
	if t == TypeUnavailable || t == TypeTooMany {
		d.RetryAfter = holds.RetryAfter(err)
		if d.RetryAfter <= 0 {
			d.RetryAfter = defaultRetry
		}
	}
	return d
}

func typeOf(err error) Type {
	var r *refusal
	if errors.As(err, &r) {
		return r.problem
	}
	switch holds.KindOf(err) {
	case holds.NotFound:
		return TypeNotFound
	case holds.Conflict:
		return TypeConflict
	case holds.Forbidden:
		return TypeForbidden
	case holds.Invalid:
		return TypeInvalid
	case holds.Unavailable:
		return TypeUnavailable
	case holds.Internal:
	}
	return typeOfForeign(err)
}

// typeOfForeign sorts the errors of Echo and the standard library. Their texts
// are never shown.
func typeOfForeign(err error) Type {
	var own *holds.Error
	if errors.As(err, &own) {
		return TypeInternal // it says itself that it is internal, whatever it wraps
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return TypeTooLarge
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return TypeUnavailable
	}
	var he *echo.HTTPError
	if !errors.As(err, &he) {
		return TypeInternal
	}
	for _, t := range Types() {
		if t.Status() == he.Code {
			return t
		}
	}
	if he.Code >= http.StatusBadRequest && he.Code < http.StatusInternalServerError {
		return TypeInvalid
	}
	return TypeInternal
}
