package okta

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/providers"
)

// longest is how many characters of a provider's text are shown.
const longest = 256

// logEvent is what of a LogEvent is decided by or shown.
type logEvent struct {
	id, kind            string
	published           providers.JSON
	display             string
	actor               entity
	targets             []entity
	result, reason      string
	transaction, token  string
	ip                  string
	debug               providers.JSON
	doubts              []string
	restrainedMentioned func(id string) bool
}

// entity is an actor or a target. An id that could be shown as one thing and
// compared as another is no id.
type entity struct {
	kind, id, login, name string
	method                string
	badID                 bool
}

// readLog reads one raw LogEvent. An error means that two readers could read it
// differently, or nobody at all.
func readLog(raw []byte) (logEvent, error) {
	var l logEvent
	root, err := providers.ReadJSON(raw)
	if err != nil {
		return l, err
	}
	if root.Kind != providers.Object {
		return l, refuse("The event is not an object.")
	}
	if name := root.Clash("uuid", "eventType", "published", "actor", "target", "outcome", "transaction", "debugContext", "client", "displayMessage"); name != "" {
		return l, ambiguous(name)
	}
	l.kind = providers.Identifier(root.Word("eventType"))
	if l.kind == "" {
		return l, refuse("The event has no type.")
	}
	l.id = uuid(root.Word("uuid"))
	l.published = root.Field("published")
	l.display = providers.Plain(root.Word("displayMessage"), longest)
	l.restrainedMentioned = func(id string) bool { return id != "" && mentions(root, id) }
	steps := []func(providers.JSON) error{l.readActor, l.readTargets, l.readOutcome, l.readTransaction, l.readDebug, l.readClient}
	for _, step := range steps {
		if err := step(root); err != nil {
			return l, err
		}
	}
	return l, nil
}

// object is a member that should be an object; anything else counts as absent.
func object(v providers.JSON, name string, expected ...string) (providers.JSON, error) {
	o := v.Field(name)
	if o.Kind != providers.Object {
		return providers.JSON{}, nil
	}
	if clash := o.Clash(expected...); clash != "" {
		return o, ambiguous(name + "." + clash)
	}
	return o, nil
}

func (l *logEvent) readActor(root providers.JSON) error {
	o, err := object(root, "actor", "id", "type", "alternateId", "displayName")
	if err != nil {
		return err
	}
	l.actor = readEntity(o)
	return nil
}

func (l *logEvent) readTargets(root providers.JSON) error {
	list := root.Field("target")
	if list.Kind != providers.Array && list.Kind != providers.Null && list.Kind != providers.Absent {
		l.doubts = append(l.doubts, "The event's targets are not a list and were not read.")
	}
	for _, item := range list.Items {
		if item.Kind != providers.Object {
			l.doubts = append(l.doubts, "One of the event's targets is not an object and was not read.")
			continue
		}
		if clash := item.Clash("id", "type", "alternateId", "displayName", "detailEntry"); clash != "" {
			return ambiguous("target." + clash)
		}
		detail, err := object(item, "detailEntry", "methodTypeUsed")
		if err != nil {
			return err
		}
		e := readEntity(item)
		e.method = providers.Plain(detail.Word("methodTypeUsed"), longest)
		l.targets = append(l.targets, e)
	}
	return nil
}

func readEntity(o providers.JSON) entity {
	raw := o.Word("id")
	e := entity{
		kind:  providers.Identifier(strings.ReplaceAll(o.Word("type"), " ", "_")),
		id:    providers.Identifier(raw),
		login: providers.Plain(o.Word("alternateId"), longest),
		name:  providers.Plain(o.Word("displayName"), longest),
	}
	e.badID = raw != "" && e.id == ""
	if e.id == "unknown" {
		e.id = ""
	}
	if e.login == "unknown" {
		e.login = ""
	}
	return e
}

func (l *logEvent) readOutcome(root providers.JSON) error {
	o, err := object(root, "outcome", "result", "reason")
	l.result, l.reason = o.Word("result"), providers.Plain(o.Word("reason"), longest)
	return err
}

func (l *logEvent) readTransaction(root providers.JSON) error {
	o, err := object(root, "transaction", "id", "detail")
	if err != nil {
		return err
	}
	// "unknown" is what Okta writes where it has none; it groups nothing.
	if l.transaction = providers.Identifier(o.Word("id")); l.transaction == "unknown" {
		l.transaction = ""
	}
	detail, err := object(o, "detail", "requestApiTokenId")
	l.token = providers.Identifier(detail.Word("requestApiTokenId"))
	return err
}

func (l *logEvent) readDebug(root providers.JSON) error {
	o, err := object(root, "debugContext", "debugData")
	if err != nil {
		return err
	}
	l.debug, err = object(o, "debugData", "changedAttributes", "privilegeGranted", "requestUri")
	return err
}

func (l *logEvent) readClient(root providers.JSON) error {
	o, err := object(root, "client", "ipAddress")
	if ip, bad := netip.ParseAddr(o.Word("ipAddress")); bad == nil {
		l.ip = ip.WithZone("").String()
	}
	return err
}

// of are the targets of one of the types.
func (l *logEvent) of(types ...string) []entity {
	var out []entity
	for _, t := range l.targets {
		if slices.Contains(types, t.kind) {
			out = append(out, t)
		}
	}
	return out
}

// names tells whether a target has one of the ids.
func (l *logEvent) names(ids ...string) bool {
	return slices.ContainsFunc(l.targets, func(t entity) bool { return t.id != "" && slices.Contains(ids, t.id) })
}

func (l *logEvent) summary() string {
	if l.display != "" {
		return l.display
	}
	return l.kind
}

// mentions looks for an id as a whole word in any text of the event.
func mentions(v providers.JSON, id string) bool {
	found := false
	v.Strings(func(s string) {
		for _, word := range strings.FieldsFunc(s, notWord) {
			found = found || word == id
		}
	})
	return found
}

func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// uuid returns a UUID in lower case, or "" for anything else: a placeholder
// shared by two events would make the second look like a duplicate.
func uuid(s string) string {
	if len(s) != 36 {
		return ""
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return ""
			}
		} else if !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return ""
		}
	}
	return strings.ToLower(s)
}

func refuse(why string) error { return errors.New(why) }

func ambiguous(name string) error {
	return refuse("The event can be read in two ways: " + shown(name) + " occurs twice or in another case.")
}

func shown(s string) string  { return providers.Plain(s, 60) }
func quoted(s string) string { return strconv.Quote(shown(s)) }
