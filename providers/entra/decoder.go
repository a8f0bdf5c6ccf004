package entra

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// DecoderOptions say what at the tenant is Countersign's own. All of it is
// optional: without it nothing is recognised as ours.
type DecoderOptions struct {
	// OwnAccounts are the object ids of our service principal and of our application,
	// and the application's id: records name it by any of the three. They may be
	// replaced later, see SetOwnAccounts.
	OwnAccounts []string
	// RestraintGroup is the object id of the group whose Conditional Access policies
	// restrain.
	RestraintGroup string
	// RestraintPolicies are the ids of those policies, as last read back. They may be
	// replaced later, see SetRestraintPolicies.
	RestraintPolicies []string
	// PlatformPrincipals are the object ids of Microsoft's own services in the tenant,
	// such as Privileged Identity Management's. Without them they are recognised by
	// their names, which anybody can give an application, and the event says so. They
	// may be replaced later, see SetPlatformPrincipals.
	PlatformPrincipals []string
}

// Decoder reads Microsoft's records into events. It needs no connection, makes no
// calls and is safe for concurrent use.
type Decoder struct {
	kinds    map[string]kind
	cmdlets  map[string]cmdlet
	group    string
	own      idList
	platform idList
	pretend  idList                   // applications that only call themselves a service of Microsoft's
	found    atomic.Pointer[[]string] // services whose principal in the tenant is known, by name
	policies idList                   // those that restrain, as last read back
	scratch  sync.Pool                // of *scratch
}

// idList is a list of ids that may be replaced while it is read.
type idList struct{ list atomic.Pointer[[]string] }

func (l *idList) set(ids []string) {
	var clean []string
	for _, id := range ids {
		if id = objectID(id); id != "" {
			clean = append(clean, id)
		}
	}
	l.list.Store(&clean)
}

func (l *idList) get() []string { return *l.list.Load() }

// NewDecoder makes a decoder. Without options it reads logs as they are, such as
// an organisation's own exports.
func NewDecoder(o DecoderOptions) *Decoder {
	x := &Decoder{kinds: kinds(), cmdlets: cmdlets(), group: objectID(o.RestraintGroup)}
	x.SetOwnAccounts(o.OwnAccounts)
	x.SetRestraintPolicies(o.RestraintPolicies)
	x.SetPlatformPrincipals(o.PlatformPrincipals, nil, nil)
	return x
}

// SetRestraintPolicies replaces the ids of the Conditional Access policies that
// restrain. Until they are known a change to a policy is tied to them only when it
// mentions the restraint group.
func (x *Decoder) SetRestraintPolicies(ids []string) { x.policies.set(ids) }

// SetPlatformPrincipals replaces the object ids that Microsoft's own services have
// in the tenant, the names under which those were found, and the ids of
// applications that have such a service's name and are not Microsoft's. Of a
// service that was not found the name is believed, with a doubt, unless it is that
// of Privileged Identity Management and any id is known. Who has the name of one
// that was found, and another id, came after the lists were read and only has the
// name.
func (x *Decoder) SetPlatformPrincipals(microsofts, found, others []string) {
	x.platform.set(microsofts)
	x.pretend.set(others)
	names := slices.Clone(found)
	x.found.Store(&names)
}

// SetOwnAccounts replaces the ids that are our own. A change of an application's
// credentials is told by its object id alone, which is neither the application's
// id nor that of its service principal.
func (x *Decoder) SetOwnAccounts(ids []string) { x.own.set(ids) }

// Decode reads a delivery into events. A page of the poller ({"value":[…]}, or a
// plain array) has one event for each record. A change notification has none: it
// says only that something about an account or group may have changed, and the
// poller reads what. Decode never fails: what cannot be read with certainty becomes
// an unclassified event.
func (x *Decoder) Decode(d holds.Delivery) []holds.Event {
	if d.Source == holds.FromHook {
		if err := notification(d.Body); err != nil {
			return []holds.Event{unread(d.Body, d.Received, "The whole delivery could not be read: "+err.Error())}
		}
		return nil
	}
	raws, err := split(d.Body)
	if err != nil {
		return []holds.Event{unread(d.Body, d.Received, "The whole delivery could not be read: "+err.Error())}
	}
	out := make([]holds.Event, 0, len(raws))
	for _, raw := range raws {
		out = append(out, x.one(raw, d.Received))
	}
	return out
}

// Record reads one record in any of the shapes that doc.go lists, which is one
// event; a batch ({"records":[…]}, {"value":[…]} or an array) is as many as it has
// records. It never fails, and never gives nothing.
func (x *Decoder) Record(raw []byte, received time.Time) []holds.Event {
	e, err := x.event(raw, received)
	if err == nil {
		return []holds.Event{e}
	}
	if raws, bad := split(raw); bad == nil && len(raws) > 0 {
		out := make([]holds.Event, 0, len(raws))
		for _, one := range raws {
			out = append(out, x.one(one, received))
		}
		return out
	}
	return []holds.Event{unread(raw, received, err.Error())}
}

// one reads one record that is no batch.
func (x *Decoder) one(raw []byte, received time.Time) holds.Event {
	e, err := x.event(raw, received)
	if err != nil {
		return unread(raw, received, err.Error())
	}
	return e
}

// event reads one record. An error means that two readers could read it
// differently, or nobody at all.
func (x *Decoder) event(raw []byte, received time.Time) (holds.Event, error) {
	s, ok := x.scratch.Get().(*scratch)
	if !ok {
		s = newScratch()
	}
	defer x.scratch.Put(s)
	s.reset()
	d, err := readDocument(raw, s.nodes)
	if err != nil {
		return holds.Event{}, err
	}
	d.scratch, s.nodes = s, d.nodes
	e, err := x.read(d, received)
	if err != nil {
		return holds.Event{}, err
	}
	if e.ID == "" {
		e.ID = digestID(raw)
		if e.Class != holds.None {
			e.Doubts = append(e.Doubts, "Microsoft's id of the record is missing or has no GUID in it; it is named by its digest instead.")
		}
	}
	slices.Sort(e.Doubts)
	e.Doubts = slices.Compact(e.Doubts)
	return e, nil
}

// unread is the event that stands for bytes which could not be read with
// certainty. Its id is its digest: a clean copy of the same record keeps
// Microsoft's id and is judged in its own right.
func unread(raw []byte, received time.Time, why string) holds.Event {
	return holds.Event{
		ID: digestID(raw), Class: holds.Unclassified, Verb: holds.Other, Occurred: received.UTC(),
		Outcome: holds.Unknown, Actor: holds.Party{Kind: holds.PartyUnknown},
		Summary: "A record that could not be read with certainty.", Doubts: []string{why},
	}
}

func digestID(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// split takes a page or batch apart into raw records.
func split(body []byte) ([][]byte, error) {
	list, err := providers.SplitJSON(body)
	if err != nil {
		return nil, err
	}
	if list.Kind == providers.Object {
		if clash := list.Clash("value", "records"); clash != "" {
			return nil, refuse("it can be read in two ways (" + shown(clash) + ")")
		}
		inner := list.Field("value")
		if inner.Kind == providers.Absent {
			inner = list.Field("records")
		}
		if inner.Kind != providers.Array {
			return nil, refuse("it is not a page of records")
		}
		if list, err = providers.SplitJSON(inner.Raw); err != nil {
			return nil, err
		}
	}
	if list.Kind != providers.Array {
		return nil, refuse("it is not a list of records")
	}
	raws := make([][]byte, 0, len(list.Items))
	for _, item := range list.Items {
		raws = append(raws, item.Raw)
	}
	return raws, nil
}

// notification tells whether a body is what Graph posts to a subscription: a
// list of changes or of what happened to the subscription itself.
//
// See https://learn.microsoft.com/graph/change-notifications-delivery-webhooks.
func notification(body []byte) error {
	raws, err := split(body)
	if err != nil {
		return err
	}
	for _, raw := range raws {
		v, err := providers.SplitJSON(raw)
		if err != nil {
			return err
		}
		if v.Kind != providers.Object || v.Field("subscriptionId").Kind != providers.String ||
			v.Field("changeType").Kind != providers.String && v.Field("lifecycleEvent").Kind != providers.String {
			return refuse("it is not a list of change notifications")
		}
	}
	return nil
}

// summary is the activity in words for people.
func summary(activity string) string { return providers.Plain(strings.TrimSpace(activity), most) }
