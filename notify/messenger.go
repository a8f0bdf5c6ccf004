package notify

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// Channel hands messages to one medium. Text is the whole message for media
// without markup; html says the same and may be ignored, as may the subject.
// Send must return within a time limit of its own. A nil error means that the
// other side accepted the message, with its reference when it gave one. Errors
// are *holds.Error of kind Unavailable when trying again can help and of any
// other kind when it cannot; their detail is a sentence for people that holds
// neither an address nor the other side's text. Sending the same notice twice
// must look like one message to the receiver as far as the medium allows.
type Channel interface {
	Send(ctx context.Context, n holds.Notice, subject, text, html string) (reference string, err error)
}

// Links makes what a notice points at. Link is an absolute address (https, or
// http on this machine): for the owner the page about this notice, whose GET
// only shows; for people on duty the console's page of the hold. Code is the
// short code that is typed on the owner's page; it is not asked for pages to
// people on duty.
type Links interface {
	Link(n holds.Notice) string
	Code(n holds.Notice) string
}

// Options are what a Messenger needs; all but Duty are required.
type Options struct {
	// Channels are the media by the kind of contact point they reach.
	Channels map[holds.PointKind]Channel
	Links    Links
	// Duty are the contact points of the people on duty by tenant.
	Duty map[holds.TenantID][]holds.ContactPoint
	// Organisation is a tenant's name as its own people know it.
	Organisation func(holds.TenantID) string
	// Contact says in words how to reach a tenant's security team by another way,
	// for example "call +44 20 7946 0018 (day and night)".
	Contact func(holds.TenantID) string
	Now     func() time.Time
}

// Messenger plans, renders and sends messages. It keeps no state.
type Messenger struct {
	o Options
}

// New checks the options. A tenant without duty points is allowed here and is
// reported by whoever reads the configuration.
func New(o Options) (*Messenger, error) {
	switch {
	case len(o.Channels) == 0:
		return nil, holds.Refuse(holds.Invalid, "No channel for messages is set up, so that no owner could be told; set up at least e-mail.")
	case o.Links == nil || o.Organisation == nil || o.Contact == nil || o.Now == nil:
		return nil, holds.Refuse(holds.Invalid, "The messenger needs links, the organisations' names, how their security teams are reached and a clock.")
	}
	for tenant, points := range o.Duty {
		for _, p := range points {
			if o.Channels[p.Kind] == nil {
				return nil, holds.Refuse(holds.Invalid, "A duty contact of tenant %q is of kind %q, and no channel reaches that kind.", tenant, p.Kind)
			}
		}
	}
	return &Messenger{o: o}, nil
}

// Duty is the contact points of the people on duty for a tenant.
func (m *Messenger) Duty(tenant holds.TenantID) []holds.ContactPoint {
	return slices.Clone(m.o.Duty[tenant])
}
