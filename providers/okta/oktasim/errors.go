package oktasim

import (
	"fmt"
	"net/http"
)

// Error is Okta's error body with its HTTP status. State functions return it,
// so a story is refused in the same words as an API call.
// See https://developer.okta.com/docs/reference/error-codes/.
type Error struct {
	Status  int          `json:"-"`
	Code    string       `json:"errorCode"`
	Summary string       `json:"errorSummary"`
	Link    string       `json:"errorLink"`
	ID      string       `json:"errorId"`
	Causes  []ErrorCause `json:"errorCauses"`
	header  http.Header
}

// ErrorCause is one reason of an Error.
type ErrorCause struct {
	Summary string `json:"errorSummary"`
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Summary)
	for _, c := range e.Causes {
		text += " (" + c.Summary + ")"
	}
	return text
}

func oktaError(status int, code, summary string, causes ...string) *Error {
	e := &Error{Status: status, Code: code, Summary: summary, Link: code, ID: "oae" + randomText(22), Causes: []ErrorCause{}}
	for _, c := range causes {
		e.Causes = append(e.Causes, ErrorCause{Summary: c})
	}
	return e
}

func errValidation(what string, causes ...string) *Error {
	return oktaError(http.StatusBadRequest, "E0000001", "Api validation failed: "+what, causes...)
}

func errMalformed() *Error {
	return oktaError(http.StatusBadRequest, "E0000003", "The request body was not well-formed.")
}

func errForbidden() *Error {
	return oktaError(http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
}

func errNotFound(id, what string) *Error {
	return oktaError(http.StatusNotFound, "E0000007", fmt.Sprintf("Not found: Resource not found: %s (%s)", id, what))
}

func errNoPath() *Error {
	return oktaError(http.StatusNotFound, "E0000008", "The requested path was not found")
}

func errInternal() *Error {
	return oktaError(http.StatusInternalServerError, "E0000009", "Internal Server Error")
}

func errToken() *Error {
	return oktaError(http.StatusUnauthorized, "E0000011", "Invalid token provided")
}

func errMethod() *Error {
	return oktaError(http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
}

func errSearch(why string) *Error {
	return oktaError(http.StatusBadRequest, "E0000031", "Invalid search criteria.", why)
}

func errStatus() *Error {
	return oktaError(http.StatusForbidden, "E0000038", "This operation is not allowed in the user's current status.")
}

func errFeature() *Error {
	return oktaError(http.StatusForbidden, "E0000015", "You do not have permission to access the feature you are requesting")
}

func errTooMany() *Error {
	return oktaError(http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}

func errRoleTwice() *Error {
	return oktaError(http.StatusConflict, "E0000090", "Duplicate role assignment exception.", "The role specified is already assigned to the user.")
}
