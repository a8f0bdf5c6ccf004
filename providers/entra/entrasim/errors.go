package entrasim

import (
	"fmt"
	"net/http"
)

// Error is Graph's error with its HTTP status. State functions return it, so a
// story is refused in the same words as an API call.
// See https://learn.microsoft.com/graph/errors.
type Error struct {
	Status  int
	Code    string
	Message string
	header  http.Header
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// body renders the error with the ids of its request. The date has no zone, as
// Graph writes it.
func (e *Error) body(r requestIDs) map[string]any {
	return map[string]any{"error": map[string]any{
		"code": e.Code, "message": e.Message,
		"innerError": map[string]any{
			"date": r.at.Format("2006-01-02T15:04:05"), "request-id": r.request, "client-request-id": r.client,
		},
	}}
}

func graphError(status int, code, message string) *Error {
	return &Error{Status: status, Code: code, Message: message}
}

func errBadRequest(message string) *Error {
	return graphError(http.StatusBadRequest, "Request_BadRequest", message)
}

// errSegment is what Graph says to a path it does not have.
func errSegment(segment string) *Error {
	return graphError(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+segment+"'.")
}

func errQuery(message string) *Error {
	return graphError(http.StatusBadRequest, "BadRequest", message)
}

func errObjectID(id string) *Error {
	return errBadRequest("Invalid object identifier '" + id + "'.")
}

func errNotFound(id string) *Error {
	return graphError(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// errGone is the shorter 404 of the services behind Graph that are not the directory.
func errGone(message string) *Error {
	return graphError(http.StatusNotFound, "ResourceNotFound", message)
}

func errToken(message string) *Error {
	e := graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
	e.header = http.Header{"Www-Authenticate": {`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`}}
	return e
}

func errDenied() *Error {
	return graphError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func errMastered() *Error {
	return errBadRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
}

func errMethod() *Error {
	return graphError(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

func errInternal(status int) *Error {
	code := "generalException"
	if status == http.StatusServiceUnavailable {
		code = "serviceNotAvailable"
	}
	return graphError(status, code, "An unexpected error occurred.")
}

func errTooMany() *Error {
	return graphError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
}
