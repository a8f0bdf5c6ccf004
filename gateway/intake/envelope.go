package intake

import (
	"encoding/json"
	"net/url"
	"strings"
)

// envelope is what intake looks at in a delivery, and nothing else: its id, and
// who says it sent it.
type envelope struct {
	EventID every `json:"eventId"`
	Source  every `json:"source"`
}

// every collects all the strings that a key is given, in any spelling of the
// key that encoding/json takes for it: a second value must not hide the first.
type every []string

// UnmarshalJSON never fails; what is not a string is passed over.
func (e *every) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil && s != "" {
		*e = append(*e, s)
	}
	return nil
}

// peekOkta reads the envelope as far as that goes. One that cannot be read is
// empty, and the delivery is stored all the same.
func peekOkta(body []byte) envelope {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		return envelope{}
	}
	return e
}

// id is the provider's id of the delivery, "" when it gives none, or several,
// or one that a database could not keep as text.
func (e envelope) id() string {
	const most = 128
	if len(e.EventID) != 1 || len(e.EventID[0]) > most || !printable(e.EventID[0]) {
		return ""
	}
	return e.EventID[0]
}

// foreign finds a source at another host than the organisation's. A source
// that is no address at all is not another organisation's: it is odd, and
// stored.
func (e envelope) foreign(host string) (string, bool) {
	for _, source := range e.Source {
		u, err := url.Parse(source)
		if err == nil && u.Host != "" && !strings.EqualFold(u.Host, host) {
			return source, true
		}
	}
	return "", false
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// shorten makes a stranger's text fit for a log line.
func shorten(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "?")
}
