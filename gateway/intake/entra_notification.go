package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/countersign/countersign/gateway"
)

// notification is what intake looks at in one notification of Microsoft Graph,
// and nothing else: what it is about is read from the directory itself
// (https://learn.microsoft.com/graph/api/resources/changenotification).
type notification struct {
	subscription, clientState, tenant, lifecycle string
	// bad is set when the item has no single meaning.
	bad bool
}

// The limits of a body's shape: far above what Microsoft sends.
const (
	maxNotifications = 1000
	maxMembers       = 64
)

var (
	errShape   = errors.New("not a list of notifications")
	errTooMany = errors.New("too many notifications")
)

// readNotifications reads a body of one shape: {"value": [{…}, …]}, with each
// member once. What else stands in it is passed over unread. An item that is
// unreadable by itself does not harm its neighbours.
func readNotifications(body []byte) ([]notification, error) {
	var out []notification
	seen := false
	d := json.NewDecoder(bytes.NewReader(body))
	err := members(d, func(name string) (err error) {
		if !strings.EqualFold(name, "value") {
			return skip(d)
		}
		if seen || name != "value" {
			return errShape
		}
		seen = true
		out, err = readList(d)
		return err
	})
	if _, end := d.Token(); err == nil && end != io.EOF { //nolint:errorlint // the decoder returns io.EOF itself
		err = errShape
	}
	switch {
	case errors.Is(err, errTooMany):
		return nil, gateway.Refuse(gateway.TypeTooLarge, "The body has more than %d notifications.", maxNotifications)
	case err != nil || len(out) == 0:
		return nil, gateway.Refuse(gateway.TypeInvalid, "The body must be a JSON object with a list of notifications, \"value\", and each of its members once.")
	}
	return out, nil
}

// members reads an object and has value read each member's value.
func members(d *json.Decoder, value func(name string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errShape
	}
	for n := 0; d.More(); n++ {
		name, err := d.Token()
		if err != nil || n == maxMembers {
			return errShape
		}
		text, ok := name.(string)
		if !ok {
			return errShape
		}
		if err := value(text); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func skip(d *json.Decoder) error {
	var unread json.RawMessage
	return d.Decode(&unread)
}

func readList(d *json.Decoder) ([]notification, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errShape
	}
	var out []notification
	for d.More() {
		if len(out) == maxNotifications {
			return nil, errTooMany
		}
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			return nil, err
		}
		out = append(out, readNotification(item))
	}
	_, err := d.Token()
	return out, err
}

// readNotification reads one item. A member that is there twice, or spelt in
// another case than Microsoft's, could be read in two ways, and is in none.
func readNotification(item []byte) notification {
	var n notification
	names := []string{"subscriptionId", "clientState", "tenantId", "lifecycleEvent"}
	into := []*string{&n.subscription, &n.clientState, &n.tenant, &n.lifecycle}
	seen := make([]bool, len(names))
	d := json.NewDecoder(bytes.NewReader(item))
	err := members(d, func(name string) error {
		i := slices.IndexFunc(names, func(ours string) bool { return strings.EqualFold(ours, name) })
		if i < 0 {
			return skip(d)
		}
		if seen[i] || name != names[i] {
			return errShape
		}
		seen[i] = true
		return d.Decode(into[i]) // null leaves it empty
	})
	if err != nil {
		return notification{bad: true}
	}
	return n
}
