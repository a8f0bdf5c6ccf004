package holds

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind sorts errors by what the caller can do about them. The edge translates
// it into an HTTP status; everything without a kind is a bug or an outage and
// is shown to nobody.
type Kind int

const (
	// Internal is everything that has no kind: shown as a bare 500.
	Internal Kind = iota
	// NotFound: there is no such thing, or the caller may not know of it.
	NotFound
	// Conflict: the thing has moved on since the caller looked at it.
	Conflict
	// Forbidden: the caller may not do this, and trying again will not help.
	Forbidden
	// Invalid: the request itself is wrong; the detail says how to mend it.
	Invalid
	// Unavailable: try again later; nothing was lost or half done.
	Unavailable
)

// ErrOtherEpoch is under the refusal of a job that was queued before a restore: it
// must not act, and nobody needs to be told that it did not.
var ErrOtherEpoch = errors.New("queued in another epoch of the installation")

// String is the kind's name as it appears in logs.
func (k Kind) String() string {
	switch k {
	case NotFound:
		return "not found"
	case Conflict:
		return "conflict"
	case Forbidden:
		return "forbidden"
	case Invalid:
		return "invalid"
	case Unavailable:
		return "unavailable"
	case Internal:
		return "internal"
	}
	return "unknown"
}

// Error is an error with a kind and a sentence that may be shown to the person
// who caused it. Detail never contains a secret, a query or an address.
type Error struct {
	Kind   Kind
	Detail string
	// Rule names the policy rule behind a refusal, when there is one.
	Rule string
	// After is how long to wait before trying again; only with Unavailable.
	After time.Duration
	// Store says that it is our own database that could not be reached or did not
	// confirm; it tells nothing about anything outside.
	Store bool
	// Err is the cause, for logs only.
	Err error
}

// Error is for logs; the edge shows Detail alone.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Detail, e.Err)
	}
	return e.Detail
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refuse makes an error of a kind from a sentence for people.
func Refuse(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// Because makes an error of a kind from a sentence for people and a cause for
// the log.
func Because(kind Kind, cause error, format string, args ...any) error {
	return &Error{Kind: kind, Detail: fmt.Sprintf(format, args...), Err: cause}
}

// KindOf is the kind of the outermost error that has one.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// StoreAlone tells whether nothing but our own database is behind an error; of
// joined ones, behind all of them.
func StoreAlone(err error) bool {
	//nolint:errorlint // this walks the tree itself, since errors.As takes the first branch that fits
	switch e := err.(type) {
	case *Error:
		return e.Store
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		return len(all) > 0 && !slices.ContainsFunc(all, func(one error) bool { return !StoreAlone(one) })
	case interface{ Unwrap() error }:
		return StoreAlone(e.Unwrap())
	}
	return false
}

// RetryAfter is the wait that an Unavailable error asks for, zero when it asks
// for none.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

// Say is the sentence of an error that may be shown to people; an error without
// one says nothing of its cause.
func Say(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return "an internal error; the service's log has the cause"
}
