package okta

import (
	"bytes"
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
	raw         []byte
	kind, token string
	// The values as they came; what is shown of them is read from them.
	eventType, uuid, published, display value
	result, reason                      value
	transactionID, tokenID, address     value
	debug                               value
	detail, event                       value // where streams wrap a LogEvent

	actor   entity
	targets []entity
	// The members of debugData that some types of event are told by.
	changed, granted, uri string
	doubts                []string
	clash                 string
}

// entity is an actor or a target. An id that could be shown as one thing and
// compared as another is no id.
type entity struct {
	kind, id, login, name string
	method                string
	changes               value
}

// walk passes over a record once, from end to end. An error means that two readers
// could read it differently, or nobody at all. What is not needed to tell what the
// event means is not looked into.
func (l *logEvent) walk(raw []byte) error {
	l.raw = raw
	s := scanner{in: raw}
	names := []string{
		"actor", "target", "outcome", "transaction", "client",
		"eventType", "uuid", "published", "displayMessage", "debugContext", "detail", "event",
	}
	plain := [...]*value{&l.eventType, &l.uuid, &l.published, &l.display, &l.debug, &l.detail, &l.event}
	ok := s.object(0, names, &l.clash, func(place int) bool {
		switch place {
		case 0:
			return l.entity(&s, 1, "actor", &l.actor)
		case 1:
			return l.walkTargets(&s)
		case 2:
			return l.inside(&s, "outcome", []string{"result", "reason"}, []*value{&l.result, &l.reason})
		case 3:
			return l.walkTransaction(&s)
		case 4:
			return l.inside(&s, "client", []string{"ipAddress"}, []*value{&l.address})
		}
		return s.value(1, plain[place-5])
	})
	if ok && s.ended() {
		return l.unclear()
	}
	if _, err := providers.ReadJSON(raw); err != nil {
		return err
	}
	return refuse("The event is not an object.")
}

// unclear is an error when some member that counts could be read in two ways.
func (l *logEvent) unclear() error {
	if l.clash == "" {
		return nil
	}
	return ambiguous(l.clash)
}

// wrapped is the record inside a stream's wrapping, nil when this is a LogEvent
// itself.
func (l *logEvent) wrapped() value {
	switch {
	case l.eventType != nil:
	case l.detail.kind() == providers.Object:
		return l.detail
	case l.event.kind() == providers.Object:
		return l.event
	}
	return nil
}

// within walks over a value that should be an object; anything else counts as
// absent.
func (l *logEvent) within(s *scanner, depth int, called string, names []string, visit func(place int) bool) bool {
	if s.next() != '{' {
		return s.skip(depth)
	}
	clash := ""
	ok := s.object(depth, names, &clash, visit)
	if clash != "" && l.clash == "" {
		l.clash = called + "." + clash
	}
	return ok
}

// inside finds values in a member that should be an object.
func (l *logEvent) inside(s *scanner, called string, names []string, out []*value) bool {
	return l.within(s, 1, called, names, func(place int) bool { return s.value(2, out[place]) })
}

// entity reads an actor or a target.
func (l *logEvent) entity(s *scanner, depth int, called string, e *entity) bool {
	var f [6]value
	ok := l.within(s, depth, called, []string{"id", "type", "alternateId", "displayName", "changeDetails", "detailEntry"}, func(place int) bool {
		if place < 5 {
			return s.value(depth+1, &f[place])
		}
		return l.within(s, depth+1, "detailEntry", []string{"methodTypeUsed"}, func(int) bool { return s.value(depth+2, &f[5]) })
	})
	e.id, e.kind = providers.Identifier(f[0].like(l.actor.id)), typeOf(f[1])
	e.login = f[2].like(l.actor.login, "unknown")
	e.name = f[3].like(l.actor.name, e.login)
	e.changes, e.method = f[4], f[5].plain()
	if e.id == "unknown" {
		e.id = ""
	}
	if e.login == "unknown" {
		e.login = ""
	}
	return ok
}

// account tells whether a target is a person's account. AppUser is not: its id is
// that of the account at an application.
func (e entity) account() bool { return e.kind == "User" || e.kind == "NewUser" }

// typeOf is the type of an actor or target; a few of Okta's have spaces in them.
func typeOf(v value) string {
	s := v.like("User", "AppInstance", "AppUser", "UserGroup", "AuthenticatorEnrollment", "PolicyEntity", "PolicyRule", "SystemPrincipal", "PublicClientAppEntity")
	return providers.Identifier(strings.ReplaceAll(s, " ", "_"))
}

func (l *logEvent) walkTargets(s *scanner) bool {
	if c := s.next(); c != '[' {
		if c != 'n' {
			l.doubts = append(l.doubts, "The event's targets are not a list and were not read.")
		}
		return s.skip(1)
	}
	l.targets = make([]entity, 0, 4) // as many as most records have
	return s.array(1, func() bool {
		if s.next() != '{' {
			l.doubts = append(l.doubts, "One of the event's targets is not an object and was not read.")
			return s.skip(2)
		}
		var e entity
		ok := l.entity(s, 2, "target", &e)
		l.targets = append(l.targets, e)
		return ok
	})
}

func (l *logEvent) walkTransaction(s *scanner) bool {
	return l.within(s, 1, "transaction", []string{"id", "detail"}, func(place int) bool {
		if place == 0 {
			return s.value(2, &l.transactionID)
		}
		return l.within(s, 2, "detail", []string{"requestApiTokenId"}, func(int) bool { return s.value(3, &l.tokenID) })
	})
}

// read tells what type of event it is, by the name among names where it is one of
// them, and looks into debugData for those that are told by it. In all others that,
// the longest part of a record, means nothing.
func (l *logEvent) read(names map[string]string) error {
	if inner, ok := l.eventType.simple(); ok {
		l.kind = names[string(inner)]
	}
	if l.kind == "" {
		l.kind = providers.Identifier(l.eventType.plain())
	}
	if l.kind == "" {
		return refuse("The event has no type.")
	}
	l.token = providers.Identifier(l.tokenID.word())
	if !toldByDebug(l.kind) {
		return nil
	}
	var data [1]value
	if clash := members(l.debug, []string{"debugData"}, data[:]); clash != "" {
		return ambiguous("debugContext." + clash)
	}
	var f [3]value
	if clash := members(data[0], []string{"changedAttributes", "privilegeGranted", "requestUri"}, f[:]); clash != "" {
		return ambiguous("debugData." + clash)
	}
	l.changed, l.granted, l.uri = f[0].word(), f[1].word(), f[2].word()
	return nil
}

func toldByDebug(kind string) bool {
	return strings.HasPrefix(kind, "user.mfa.factor.") || strings.HasPrefix(kind, "user.account.") || strings.Contains(kind, ".privilege.")
}

// transaction groups the events of one request. "unknown" is what Okta writes where
// it has none; it groups nothing.
func (l *logEvent) transaction() string {
	if t := providers.Identifier(l.transactionID.word()); t != "unknown" {
		return t
	}
	return ""
}

func (l *logEvent) ip() string {
	ip, err := netip.ParseAddr(l.address.word())
	if err != nil {
		return ""
	}
	return ip.WithZone("").String()
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
	if display := l.display.plain(); display != "" {
		return display
	}
	return l.kind
}

// mentions looks for an id as a whole word in any text of the event.
func (l *logEvent) mentions(id string) bool {
	if id == "" || !bytes.Contains(l.raw, []byte(id)) && bytes.IndexByte(l.raw, '\\') < 0 {
		return false
	}
	root, err := providers.ReadJSON(l.raw)
	if err != nil {
		return false
	}
	found := false
	root.Strings(func(s string) {
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
		} else if !isHex(s[i]) {
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
