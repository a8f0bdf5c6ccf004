package entra

import (
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
func (d document) inside(i int32) (document, int32, bool) {
	switch d.kind(i) {
	case providers.Absent, providers.Null:
		return d, 0, false
	case providers.String:
		s := d.word(i)
		if s == "" {
			return d, 0, false
		}
		in, err := readDocument([]byte(s), nil)
		return in, 0, err == nil
	case providers.Object, providers.Array, providers.Bool, providers.Number:
	}
	return d, i, true
}

func (r *record) readInitiator(d document, i int32) error {
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
func readEntry(d document, i int32) (entry, bool, error) {
	m, err := d.object(i)
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
	e.zero = guid(raw) == nobody
	e.badID = raw != "" && e.id == "" && !e.zero
	if e.home = guid(d.word(m[fHomeTenantID])); e.home == nobody {
		e.home = ""
	}
	return e
}

func (r *record) readTargets(d document, i int32) error {
	in, at, ok := d.inside(i)
	if !ok {
		return nil
	}
	if in.nodes[at].kind != providers.Array {
		r.doubt("The record's targets are not a list and were not read.")
		return nil
	}
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
	return nil
}

// readChanges reads modified properties. Some records have names alone there.
func readChanges(d document, i int32) ([]change, error) {
	in, at, ok := d.inside(i)
	if !ok || in.nodes[at].kind != providers.Array {
		return nil, nil
	}
	var out []change
	for j := at + 1; j < in.nodes[at].next; j = in.nodes[j].next {
		if in.nodes[j].kind == providers.String {
			out = append(out, change{name: in.word(j)})
			continue
		}
		m, err := in.object(j)
		if err != nil {
			return nil, err
		}
		c := change{name: in.word(m[fDisplayName]), old: in.value(m[fOldValue]), new: in.value(m[fNewValue])}
		if c.name == "" {
			c.name = in.word(m[fName])
		}
		if c.name != "" {
			out = append(out, c)
		}
	}
	return out, nil
}

// value is a member as text: a string's, or the bytes of anything else.
func (d document) value(i int32) string {
	switch d.kind(i) {
	case providers.String:
		return d.word(i)
	case providers.Absent, providers.Null:
		return ""
	case providers.Object, providers.Array, providers.Bool, providers.Number:
	}
	return string(d.bytes(i))
}

func (r *record) readDetails(d document, i int32) error {
	var err error
	r.details, err = readPairs(d, i)
	if err == nil && r.ip == "" {
		r.ip = address(r.detail("ipaddr"))
	}
	return err
}

// readPairs reads a list of names with values, whichever words it has for those.
func readPairs(d document, i int32) ([]pair, error) {
	in, at, ok := d.inside(i)
	if !ok || in.nodes[at].kind != providers.Array {
		return nil, nil
	}
	var out []pair
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
			out = append(out, p)
		}
	}
	return out, nil
}
