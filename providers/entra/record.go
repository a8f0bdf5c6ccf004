package entra

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// record is what of a record, of whatever shape, is decided by or shown.
type record struct {
	id       string
	activity string // as it is spelt
	key      string // as it is compared
	// outer is how a wrapping names the activity, when that is another name.
	outer             string
	service, category string
	result, reason    string
	at                string
	utc               bool // a time without a zone is UTC by the shape's own rules
	transaction       string
	ip                string
	actor             initiator
	targets           []target
	details           []pair // additionalDetails, ExtendedProperties
	parameters        []pair // of an Exchange cmdlet
	mailbox           string // the login of the mailbox's owner, where a member tells it
	object            string // UAL: ObjectId
	doubts            []string
}

// initiator is who made the change: an account or an application.
type initiator struct {
	user, app         entry
	hasUser, hasApp   bool
	userType, userKey string // of the unified audit log
}

// entry is an account, application or other object that a record names. An id
// that could be shown as one thing and compared as another is no id.
type entry struct {
	kind, id, login, name string
	appID                 string
	ip                    string
	badID                 bool
	// zero is an id of zeros, which platform services act under.
	zero bool
	// home is the tenant that the account belongs to, where that is told.
	home string
}

// target is what was changed, and what of it.
type target struct {
	entry
	changes []change
}

// change is one modified property. The values are usually, but not always, JSON in
// a string. They are made into texts only for whoever asks: of most properties
// only the name matters.
type change struct {
	name    string
	key     string // the name in lower case
	was, is literal
}

func (c change) old() string { return c.was.text() }
func (c change) new() string { return c.is.text() }

type pair struct{ name, value string }

// detail is the value of the first detail of that name.
func (r *record) detail(name string) string { return valueOf(r.details, name) }

func valueOf(list []pair, name string) string {
	for _, p := range list {
		if strings.EqualFold(p.name, name) {
			return p.value
		}
	}
	return ""
}

func (r *record) doubt(d string) { r.doubts = append(r.doubts, d) }

// of are the targets of one of the types.
func (r *record) of(types ...string) []target {
	var out []target
	for _, t := range r.targets {
		if slices.ContainsFunc(types, func(k string) bool { return strings.EqualFold(t.kind, k) }) {
			out = append(out, t)
		}
	}
	return out
}

// order puts the targets in one order, each once, so that theirs in the record
// changes nothing.
func (r *record) order() {
	if len(r.targets) < 2 {
		return
	}
	slices.SortFunc(r.targets, compareTargets)
	r.targets = slices.CompactFunc(r.targets, func(a, b target) bool { return compareTargets(a, b) == 0 })
}

func compareTargets(a, b target) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id), cmp.Compare(a.login, b.login), cmp.Compare(a.name, b.name),
		slices.CompareFunc(a.changes, b.changes, func(a, b change) int {
			return cmp.Or(cmp.Compare(a.name, b.name), bytes.Compare(a.was, b.was), bytes.Compare(a.is, b.is))
		}))
}

// property is the modified property of that name of the first target that has it.
func (r *record) property(name string) (change, bool) {
	for _, t := range r.targets {
		for _, c := range t.changes {
			if strings.EqualFold(c.name, name) {
				return c, true
			}
		}
	}
	return change{}, false
}

// changed is the value that a modified property says now, or said before when
// it is gone.
func (r *record) changed(name string) string {
	c, _ := r.property(name)
	return cmp.Or(plainValue(c.new()), plainValue(c.old()))
}

// time is when it happened, and a doubt when that had to be guessed.
func (r *record) time(received time.Time) (time.Time, string) { return readTime(r.at, r.utc, received) }

// recordID accepts the id of a record when it can be no other's: it has a GUID in
// it, alone or after the service's name ("Directory_…", "Authentication
// Methods_…"). A placeholder shared by two records would make the second look
// like a duplicate.
func recordID(s string) string {
	if len(s) > 128 || !containsGUID(s) {
		return ""
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}

// correlation is a correlation id that groups something.
func correlation(s string) string {
	if s = providers.Identifier(s); s == nobody {
		return ""
	}
	return s
}

// address reads an IP address in the forms of the channels: bare, with a port,
// in brackets. Anything else, such as "<null>", is none.
func address(s string) string {
	if s == "" {
		return ""
	}
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return ip.WithZone("").Unmap().String()
	}
	if p, err := netip.ParseAddrPort(s); err == nil {
		return p.Addr().WithZone("").Unmap().String()
	}
	return ""
}

// outcome maps the channels' words. What is not known is unknown, which is held
// like a success: timeout says that it may have happened.
func outcome(result string) holds.Outcome {
	switch strings.ToLower(result) {
	case "success", "succeeded", "true", "partiallysucceeded":
		return holds.Succeeded
	case "failure", "failed", "false", "error":
		return holds.Failed
	}
	return holds.Unknown // also timeout and unknownFutureValue
}
