package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// fault is an error answer of Graph
// (https://learn.microsoft.com/graph/errors). Its message may hold names and
// addresses: it is looked into, and never shown or logged.
type fault struct {
	status  int
	code    string
	message string
	request string // Microsoft's support asks for it
}

// Error is for logs.
func (f *fault) Error() string {
	s := fmt.Sprintf("Graph answered %d", f.status)
	if f.code != "" {
		s += " " + f.code
	}
	if f.request != "" {
		s += ", request-id " + f.request
	}
	return s
}

// says tells whether the code or message contains one of some texts, without
// regard to case.
func (f *fault) says(texts ...string) bool {
	all := strings.ToLower(f.code + "\n" + f.message)
	for _, t := range texts {
		if strings.Contains(all, strings.ToLower(t)) {
			return true
		}
	}
	return false
}

// faultOf is the error answer behind an error, nil when there was none.
func faultOf(err error) *fault {
	var f *fault
	errors.As(err, &f)
	return f
}

// fault types an error answer.
func (a answers) fault(resp *http.Response, body []byte) error {
	var in struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	f := &fault{status: resp.StatusCode, request: providers.Identifier(resp.Header.Get("request-id"))}
	if json.Unmarshal(body, &in) == nil {
		f.code, f.message = providers.Identifier(in.Error.Code), in.Error.Message
	}
	var typed *holds.Error
	if !errors.As(a.t.Classify(resp, nil), &typed) {
		return holds.Because(holds.Unavailable, f, "Microsoft Entra answered with a status (%d) that it does not use.", resp.StatusCode)
	}
	out := *typed
	out.Err = f
	return &out
}

// gone tells a thing that is not there from an address that is wrong, or from
// something in between that answers for Graph.
func (f *fault) gone() bool {
	return f.status == http.StatusNotFound && strings.Contains(strings.ToLower(f.code), "notfound")
}

// failed types the outcome of a call for people. doing completes the sentence
// "to …" and permission is the application permission such a call needs.
func (c *Client) failed(err error, doing, permission string) error {
	if err == nil {
		return nil
	}
	f := faultOf(err)
	switch {
	case f == nil:
		return c.transport.Classify(nil, err)
	case f.status == http.StatusUnauthorized:
		return holds.Because(holds.Forbidden, f, "Microsoft Entra does not accept Countersign's access token (401%s), needed to %s. The app registration may be disabled, or its consent withdrawn.", f.because(), doing)
	case f.status == http.StatusForbidden:
		return holds.Because(holds.Forbidden, f, "Microsoft Entra does not let Countersign %s (403%s). The app registration needs the application permission %s with admin consent; acting on administrators may also need a directory role such as Privileged Authentication Administrator for its service principal.", doing, f.because(), permission)
	case f.status == http.StatusNotFound && !f.gone():
		return holds.Because(holds.Unavailable, f, "Microsoft Entra's address answered 404 to %s, but not in Graph's words. Check the configured address.", doing)
	}
	return c.transport.Classify(nil, err)
}

func (f *fault) because() string {
	if f.code == "" {
		return ""
	}
	return ", " + f.code
}
