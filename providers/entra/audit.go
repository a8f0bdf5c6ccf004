package entra

import (
	"cmp"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// read tells a record by its shape.
func (x *Decoder) read(d document, received time.Time) (holds.Event, error) {
	if d.root() != providers.Object {
		return holds.Event{}, refuse("The record is not an object.")
	}
	m, err := d.members(0)
	if err != nil {
		return holds.Event{}, err
	}
	switch d.shapeOf(&m) {
	case shapeAudit:
		return x.audit(d, &m, nil, nil, received)
	case shapeDiagnostic:
		return x.diagnostic(d, &m, received)
	case shapeUnified:
		return x.unified(d, &m, received)
	case shapeWrapped:
		inner, err := d.open(d.word(m[fAuditData]))
		if err != nil {
			return holds.Event{}, err
		}
		im, err := innermost(inner)
		if err != nil {
			return holds.Event{}, err
		}
		return x.unified(inner, &im, received)
	case shapeOther:
		return x.other(d, &m, nil, nil, received)
	case shapeBatch:
		return holds.Event{}, refuse("The record is a list of records.")
	case shapeUnknown:
	}
	return holds.Event{}, refuse("The record is of no shape that is known: it names neither an activity nor an operation.")
}

// innermost checks what a string held.
func innermost(d document) (members, error) {
	if d.root() != providers.Object {
		return members{}, refuse("The record's contents are not an object.")
	}
	m, err := d.members(0)
	if err == nil && d.shapeOf(&m) != shapeUnified {
		err = refuse("The record's contents are of no shape that is known.")
	}
	return m, err
}

// diagnostic opens what diagnostic settings wrap. What is inside wins; outside
// are the name and result of a record that has none inside.
func (x *Decoder) diagnostic(d document, m *members, received time.Time) (holds.Event, error) {
	in := d
	at := m[fProperties]
	if d.kind(at) == providers.String {
		var err error
		if in, err = d.open(d.word(at)); err != nil {
			return holds.Event{}, err
		}
		at = 0
	}
	if in.nodes[at].kind != providers.Object {
		return x.audit(d, m, nil, nil, received)
	}
	im, err := in.members(at)
	if err != nil {
		return holds.Event{}, err
	}
	switch in.shapeOf(&im) {
	case shapeUnified:
		return x.unified(in, &im, received)
	case shapeAudit:
		return x.audit(in, &im, &d, m, received)
	case shapeUnknown, shapeDiagnostic, shapeWrapped, shapeOther, shapeBatch:
	}
	return x.other(in, &im, &d, m, received)
}

// other are the logs that are not about changes. What says nothing of being one
// of those is judged by its name.
func (x *Decoder) other(d document, m *members, out *document, o *members, received time.Time) (holds.Event, error) {
	w, wm := d, m
	if out != nil {
		w, wm = *out, o
	}
	category := w.word(wm[fCategory])
	alert := wm[fTitle] != 0 && wm[fSeverity] != 0
	if !otherLogs(category) && !alert && w.kind(wm[fOperationName]) == providers.String {
		return x.audit(d, m, out, o, received)
	}
	e := holds.Event{
		ID: recordID(d.word(m[fID])), Class: holds.None, Verb: holds.Other, Outcome: signedIn(d, m, w, wm),
		Type:        cmp.Or(providers.Plain(w.word(wm[fOperationName]), most), providers.Plain(category, most), "Sign-in"),
		Transaction: correlation(d.word(m[fCorrelationID])),
	}
	e.Summary = e.Type
	e.Actor = holds.Party{
		Kind: holds.PartyUnknown, ID: objectID(d.word(m[fUserID])), Login: providers.Plain(d.word(m[fUserPrincipalName]), most),
	}
	if e.Actor.ID != "" {
		e.Actor.Kind = holds.PartyPerson
		e.IP = address(d.word(m[fIPAddress]))
	}
	at := cmp.Or(d.word(m[fCreatedDateTime]), w.word(wm[fTime]), w.word(wm[fTimeGenerated]))
	e.Occurred, _ = readTime(at, true, received)
	return e, nil
}

// signedIn is a sign-in's outcome: inside a wrapping "0" is success and another
// number the error; Graph's own record has a status.
//
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema.
func signedIn(d document, m *members, w document, wm *members) holds.Outcome {
	if d.kind(m[fResult]) == providers.String {
		return outcome(d.word(m[fResult]))
	}
	switch code := w.word(wm[fResultType]); code {
	case "", "Success":
	case "0":
		return holds.Succeeded
	default:
		return holds.Failed
	}
	if wm[fResultType] != 0 || d.kind(m[fStatus]) != providers.Object {
		return holds.Unknown
	}
	status, err := d.members(m[fStatus])
	if err != nil || status[fErrorCode] == 0 {
		return holds.Unknown
	}
	if d.scalar(status[fErrorCode]) == "0" {
		return holds.Succeeded
	}
	return holds.Failed
}

// audit reads a directoryAudit, or the row of Log Analytics that is one. Outside
// are the members of a wrapping, if there is one.
//
// See https://learn.microsoft.com/graph/api/resources/directoryaudit.
func (x *Decoder) audit(d document, m *members, out *document, o *members, received time.Time) (holds.Event, error) {
	at := m[fActivity]
	if d.kind(at) != providers.String {
		at = m[fOperationName]
	}
	r := record{
		id: recordID(d.word(m[fID])), activity: d.word(at), service: d.word(m[fLoggedBy]), category: d.word(m[fCategory]),
		result: d.scalar(m[fResult]), at: cmp.Or(d.word(m[fActivityDateTime]), d.word(m[fTimeGenerated])),
		transaction: correlation(d.word(m[fCorrelationID])),
	}
	key := d.nameAt(at)
	if out != nil {
		key = r.wrapped(*out, o, key)
	}
	if key.size == 0 {
		return holds.Event{}, refuse("The record names no activity.")
	}
	if err := r.readAudit(d, m); err != nil {
		return holds.Event{}, err
	}
	if r.ip == "" && out != nil {
		r.ip = address(out.word(o[fCallerIP]))
	}
	return x.tell(&r, key, received), nil
}

// wrapped takes from a wrapping what the record itself does not say, and notes
// where the two name different activities.
func (r *record) wrapped(out document, o *members, key name) name {
	outer := out.nameAt(o[fOperationName])
	switch {
	case key.size == 0:
		key, r.activity = outer, out.word(o[fOperationName])
	case outer.size > 0 && string(outer.bytes()) != string(key.bytes()):
		r.outer = string(outer.bytes())
		r.doubt("The record's wrapping names another activity (" + quoted(out.word(o[fOperationName])) + ") than the record does (" +
			quoted(r.activity) + "); the record is believed.")
	}
	if r.result == "" {
		r.result = out.scalar(o[fResult])
	}
	if r.at == "" {
		r.at, r.utc = cmp.Or(out.word(o[fTime]), out.word(o[fTimeGenerated])), true
	}
	if r.transaction == "" {
		r.transaction = correlation(out.word(o[fCorrelationID]))
	}
	if r.category == "" {
		r.category = out.word(o[fCategory])
	}
	return key
}
