package pgstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/prepared"
)

// callerError carries the error of a caller's function through a transaction,
// so that it is returned exactly as it was.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }
func (e *callerError) Unwrap() error { return e.err }

// conflict says in words what a duplicate under a unique key means.
func conflict(constraint string) string {
	switch constraint {
	case "holds_pkey", "holds_id_key":
		return "There is a hold of this id already."
	case "holds_one_open":
		return "The account has an open hold already; join it."
	case "intents_once":
		return "This call has been announced already."
	case "intents_pkey":
		return "There is an intent of this id already."
	case "outcomes_once":
		return "The outcome of this call has been recorded already."
	case "evidence_once":
		return "This identity check has been recorded already."
	case "decisions_once":
		return "You have decided about this version already."
	case "decisions_pkey":
		return "This decision has been recorded already."
	case "notices_pkey":
		return "There is a notice of this id already."
	case "connections_name_key":
		return "A connection of this name belongs to another tenant; names of connections are unique in the installation."
	case "contact_points_once":
		return "The person has this contact point already."
	case "signin_links_pkey":
		return "This link exists already."
	case "sessions_pkey":
		return "This session exists already."
	case "event_verdicts_pkey":
		return "The event has been judged already."
	case "person_accounts_one_person":
		return "The account belongs to another person."
	}
	return "It exists already."
}

// SQLSTATE codes and classes, https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
	serialization       = "40001"
	deadlock            = "40P01"
)

// translate gives a database error its kind. Errors that have one keep it.
func translate(op string, err error) error {
	var known *holds.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return holds.Because(holds.NotFound, err, "Not found.")
	}
	var pe *pq.Error
	switch {
	case errors.As(err, &pe) && pe.Code == uniqueViolation && !ofLog(pe):
		return holds.Because(holds.Conflict, redact(op, pe), "%s", conflict(pe.Constraint))
	case errors.As(err, &pe) && pe.Code == foreignKeyViolation:
		return holds.Because(holds.NotFound, redact(op, pe), "It refers to something that does not exist.")
	case unavailable(err):
		return away(err, "The database cannot be reached or is too busy (%s). Try again.", op)
	case errors.As(err, &pe):
		return redact(op, pe)
	}
	return &opError{op: op, err: err}
}

// away is the error of a database that cannot be used now.
func away(cause error, format string, args ...any) error {
	return &holds.Error{Kind: holds.Unavailable, Detail: fmt.Sprintf(format, args...), Store: true, Err: cause}
}

// ofLog tells whether the audit log refused an entry. Its numbers are its own, so that
// nobody else can have been faster: it does not continue what it has.
func ofLog(pe *pq.Error) bool { return strings.HasPrefix(pe.Constraint, "audit_") }

// opError says in which operation an error of no kind happened.
type opError struct {
	op  string
	err error
}

func (e *opError) Error() string { return e.op + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

// redact keeps of a server's error what names no value: messages and details
// quote the row that was refused.
func redact(op string, pe *pq.Error) error {
	what := "SQLSTATE " + string(pe.Code)
	if pe.Constraint != "" {
		what += " on " + pe.Constraint
	}
	return &opError{op: op, err: &refusedError{what: what}}
}

// refusedError is a server's refusal without the values it quotes.
type refusedError struct{ what string }

func (e *refusedError) Error() string { return "the database refused it: " + e.what }

// unavailable tells whether trying again later can help.
func unavailable(err error) bool {
	var pe *pq.Error
	if transient(err) {
		return true
	}
	if errors.As(err, &pe) {
		switch pe.Code.Class() {
		case "08", "53", "57", "58": // connection, resources, operator, system
			return true
		}
		// A standby refuses a write, or to begin one; a plan that a migration made
		// stale is made anew the next time; a lock was not had in time.
		return pe.Code == readOnly || pe.Code == notSupported || pe.Code == "55P03"
	}
	var ne net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne)
}

// transient tells whether the same transaction, run again at once, can succeed.
func transient(err error) bool {
	var pe *pq.Error
	return errors.Is(err, errMeanwhile) || prepared.Stale(err) ||
		errors.As(err, &pe) && (pe.Code == serialization || pe.Code == deadlock)
}

// id reads a UUID that came from outside. What is no UUID names nothing.
func id[T ~string](s T) (uuid.UUID, error) {
	u, err := uuid.Parse(string(s))
	if err != nil || len(s) != 36 {
		return uuid.UUID{}, holds.Refuse(holds.NotFound, "Not found.")
	}
	return u, nil
}
