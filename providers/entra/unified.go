package entra

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// unified reads a record of the Office 365 unified audit log. Its times have no
// zone and are UTC; Entra's operations end in a full stop; ids are written
// with their kind before them. All channels have the same members, in Pascal case
// or in lower case, and Log Analytics has the lists as JSON in strings.
//
// See https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema.
func (x *Decoder) unified(d document, m *members, received time.Time) (holds.Event, error) {
	r := record{
		id: recordID(cmp.Or(d.word(m[fID]), d.word(m[fSourceRecordID]))), activity: d.word(m[fOperation]), result: d.scalar(m[fResultStatus]),
		at: cmp.Or(d.word(m[fCreationTime]), d.word(m[fTimeGenerated])), utc: true, transaction: correlation(d.word(m[fInterSystemsID])),
		object: cmp.Or(d.word(m[fObjectID]), d.word(m[fOfficeObjectID])), mailbox: providers.Plain(d.word(m[fMailboxOwnerUPN]), most),
	}
	r.ip = address(cmp.Or(d.word(m[fClientIP]), d.word(m[fClientIPAddress]), d.word(m[fActorIP])))
	key := d.nameAt(m[fOperation])
	if key.size == 0 {
		return holds.Event{}, refuse("The record names no operation.")
	}
	if err := r.readUnifiedActor(d, m); err != nil {
		return holds.Event{}, err
	}
	workload := strings.ToLower(cmp.Or(d.word(m[fWorkload]), d.word(m[fOfficeWorkload])))
	_, exchange := x.cmdlets[string(key.bytes())]
	switch {
	case workload == "azureactivedirectory" || workload == "" && !exchange:
		if err := r.readUnifiedTargets(d, m); err != nil {
			return holds.Event{}, err
		}
		if string(key.bytes()) == "userloginfailed" {
			r.result = "failure" // ResultStatus says that the record was written
		}
		return x.tell(&r, key, received), nil
	case exchange:
		if err := r.readCmdlet(d, m); err != nil {
			return holds.Event{}, err
		}
		return x.mailboxEvent(&r, key, received), nil
	}
	return x.elsewhere(&r, key, received, workload == "exchange"), nil
}

func (r *record) readUnifiedActor(d document, m *members) error {
	list, err := readIdentities(d, m[fActor])
	if err != nil {
		return err
	}
	r.actor.userType, r.actor.userKey = d.scalar(m[fUserType]), d.word(m[fUserKey])
	r.unifiedActor(list, d.word(m[fUserID]), r.actor.userKey)
	return nil
}

// readIdentities reads [{"ID": …, "Type": …}] as pairs of type and id.
func readIdentities(d document, i place) ([]pair, error) {
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
		out = append(out, pair{in.scalar(m[fType]), in.word(m[fID])})
	}
	return out, nil
}

// readUnifiedTargets makes targets of what the Target list names. The modified
// properties are one list for all; they are an account's where there is one.
func (r *record) readUnifiedTargets(d document, m *members) error {
	list, err := readIdentities(d, m[fTarget])
	if err != nil {
		return err
	}
	changes, err := readChanges(d, m[fModifiedProperties])
	if err != nil {
		return err
	}
	if r.details, err = readPairs(d, m[fExtendedProperties]); err != nil {
		return err
	}
	for _, group := range apartByKind(list) {
		ids := identities(group)
		t := target{entry: entry{kind: ids.kind, id: ids.id, login: ids.login, name: ids.name, badID: ids.badID, zero: ids.zero}}
		if ids.kind != "User" && t.name == "" {
			t.name, t.login = t.login, ""
		}
		r.targets = append(r.targets, t)
	}
	if len(r.targets) == 0 && (len(changes) > 0 || r.object != "") {
		t := target{entry: entry{name: providers.Plain(r.object, most)}}
		if strings.Contains(r.object, "@") {
			t.entry = entry{kind: "User", login: providers.Plain(r.object, most)}
		}
		r.targets = append(r.targets, t)
	}
	if len(r.targets) > 0 {
		r.order()
		at := slices.IndexFunc(r.targets, func(t target) bool { return t.kind == "User" })
		r.targets[max(at, 0)].changes = changes
	}
	return nil
}

// apartByKind parts a list of ids at each that begins with a kind.
func apartByKind(list []pair) [][]pair {
	var out [][]pair
	for i, p := range list {
		kind, _ := p.kindOf()
		if i == 0 || kind != "" && hasKind(out[len(out)-1]) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

func hasKind(list []pair) bool {
	for _, p := range list {
		if kind, _ := p.kindOf(); kind != "" {
			return true
		}
	}
	return false
}

// elsewhere is an operation of a workload in which accounts are not changed, or a
// cmdlet of Exchange that is not known to open a mailbox.
func (x *Decoder) elsewhere(r *record, key name, received time.Time, exchange bool) holds.Event {
	e := holds.Event{
		ID: r.id, Type: summary(r.activity), Class: holds.None, Verb: holds.Other, Outcome: outcome(r.result), Actor: x.who(r),
		Transaction: r.transaction, IP: r.ip, Summary: summary(r.activity),
	}
	e.Occurred, _ = r.time(received)
	if exchange && mailSensitive(string(key.bytes())) && e.Actor.Kind != holds.PartySystem {
		e.Class = holds.Unclassified
		e.Doubts = append(r.doubts, "The operation is not known to this program, but its name looks sensitive.")
	}
	return e
}
