package entra

import (
	"slices"

	"github.com/countersign/countersign/providers"
)

// readAudit reads the parts of a directoryAudit that are lists and objects.
func (r *record) readAudit(d document, m *members) error {
	r.reason = d.word(m[fResultReason])
	if err := r.readInitiator(d, m[fInitiatedBy]); err != nil {
		return err
	}
	if err := r.readTargets(d, m[fTargetResources]); err != nil {
		return err
	}
	return r.readDetails(d, m[fAdditionalDetails])
}

// inside gives a member as the value it is, or, where a channel wrote it as JSON in
// a string, as the document in that string. The second is 0 for a document of its
// own, and the last tells whether there is a value at all.
func (d document) inside(i place) (document, place, bool) {
	switch d.kind(i) {
	case providers.Absent, providers.Null:
		return d, 0, false
	case providers.String:
		s := d.word(i)
		if s == "" {
			return d, 0, false
		}
		in, err := d.open(s)
		return in, 0, err == nil
	case providers.Object, providers.Array, providers.Bool, providers.Number:
	}
	return d, i, true
}

func (r *record) readInitiator(d document, i place) error {
	in, at, ok := d.inside(i)
	if !ok || in.nodes[at].kind != providers.Object {
		return nil
	}
	m, err := in.members(at)
	if err != nil {
		return err
	}
	if r.actor.user, r.actor.hasUser, err = readEntry(in, m[fUser]); err != nil {
		return err
	}
	r.actor.app, r.actor.hasApp, err = readEntry(in, m[fApp])
	r.ip = r.actor.user.ip
	return err
}

// readEntry reads a user, an application or a target. The second result is false
// for one that says nothing of itself.
func readEntry(d document, i place) (entry, bool, error) {
	if d.kind(i) != providers.Object {
		return entry{}, false, nil
	}
	m, err := d.members(i)
	if err != nil {
		return entry{}, false, err
	}
	return entryOf(d, &m), m[fID] != 0 || m[fUserPrincipalName] != 0 || m[fServicePrincipalID] != 0 || m[fAppID] != 0 || m[fDisplayName] != 0, nil
}

func entryOf(d document, m *members) entry {
	raw := d.word(m[fID])
	if raw == "" {
		raw = d.word(m[fServicePrincipalID])
	}
	e := entry{
		kind: providers.Plain(d.word(m[fType]), 60), id: objectID(raw), appID: objectID(d.word(m[fAppID])), ip: address(d.word(m[fIPAddress])),
		login: providers.Plain(d.word(m[fUserPrincipalName]), most), name: providers.Plain(d.word(m[fDisplayName]), most),
	}
	e.zero = raw == nobody
	e.badID = raw != "" && e.id == "" && !e.zero
	if e.home = guid(d.word(m[fHomeTenantID])); e.home == nobody {
		e.home = ""
	}
	return e
}

func (r *record) readTargets(d document, i place) error {
	in, at, ok := d.inside(i)
	if !ok {
		return nil
	}
	if in.nodes[at].kind != providers.Array {
		r.doubt("The record's targets are not a list and were not read.")
		return nil
	}
	r.targets = d.scratch.targets
	for j := at + 1; j < in.nodes[at].next; j = in.nodes[j].next {
		if in.nodes[j].kind != providers.Object {
			r.doubt("One of the record's targets is not an object and was not read.")
			continue
		}
		m, err := in.members(j)
		if err != nil {
			return err
		}
		t := target{entry: entryOf(in, &m)}
		if t.changes, err = readChanges(in, m[fModifiedProperties]); err != nil {
			return err
		}
		r.targets = append(r.targets, t)
	}
	d.scratch.targets = r.targets // what it has grown to is there for the next
	return nil
}

// readChanges reads modified properties. Some records have names alone there.
func readChanges(d document, i place) ([]change, error) {
	in, at, ok := d.inside(i)
	if !ok || in.nodes[at].kind != providers.Array {
		return nil, nil
	}
	all := d.scratch.changes
	from := len(all)
	for j := at + 1; j < in.nodes[at].next; j = in.nodes[j].next {
		if in.nodes[j].kind == providers.String {
			all = append(all, change{name: in.word(j), key: in.lower(j)})
			continue
		}
		m, err := in.object(j)
		if err != nil {
			return nil, err
		}
		name := m[fDisplayName]
		if in.word(name) == "" {
			name = m[fName]
		}
		if key := in.lower(name); key != "" {
			all = append(all, change{name: in.word(name), key: key, was: in.literal(m[fOldValue]), is: in.literal(m[fNewValue])})
		}
	}
	d.scratch.changes = all
	return slices.Clip(all[from:]), nil
}

// literal is a value as it stands in the record; nil for none and for null.
type literal []byte

func (d document) literal(i place) literal {
	if k := d.kind(i); k == providers.Absent || k == providers.Null {
		return nil
	}
	return d.bytes(i)
}

// text is a string's, or the bytes of anything else.
func (l literal) text() string {
	if len(l) > 0 && l[0] == '"' {
		return unquote(l)
	}
	return string(l)
}

// value is a member as text.
func (d document) value(i place) string {
	if d.kind(i) == providers.String {
		return d.word(i)
	}
	return d.literal(i).text()
}

func (r *record) readDetails(d document, i place) error {
	var err error
	r.details, err = readPairs(d, i)
	if err == nil && r.ip == "" {
		r.ip = address(r.detail("ipaddr"))
	}
	return err
}

// readPairs reads a list of names with values, whichever words it has for those.
func readPairs(d document, i place) ([]pair, error) {
	in, at, ok := d.inside(i)
	if !ok || in.nodes[at].kind != providers.Array {
		return nil, nil
	}
	all := d.scratch.pairs
	from := len(all)
	for j := at + 1; j < in.nodes[at].next; j = in.nodes[j].next {
		m, err := in.object(j)
		if err != nil {
			return nil, err
		}
		p := pair{in.word(m[fKey]), in.value(m[fValue])}
		if p.name == "" {
			p.name = in.word(m[fName])
		}
		if p.name != "" {
			all = append(all, p)
		}
	}
	d.scratch.pairs = all
	return slices.Clip(all[from:]), nil
}
