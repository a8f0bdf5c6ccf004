package notify

import (
	"context"
	"errors"
	"regexp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/notify/directory"
)

// Send sends one notice once and says what became of it. The status is accepted
// only when the channel said so, and failed otherwise; Again tells whether
// another try can help. Owner may be empty for pages to people on duty.
func (m *Messenger) Send(ctx context.Context, n holds.Notice, h holds.Hold, owner holds.Person) holds.Attempt {
	if why := m.mismatch(n, h, owner); why != "" {
		return holds.Attempt{Notice: n.ID, Status: holds.NoticeFailed, Detail: why, At: m.o.Now()}
	}
	return m.attempt(ctx, n, m.secrets(n), func() (letter, error) { return m.compose(n, h, owner) })
}

// attempt writes a message and hands it to its channel.
func (m *Messenger) attempt(ctx context.Context, n holds.Notice, secrets []string, compose func() (letter, error)) holds.Attempt {
	a := holds.Attempt{Notice: n.ID, Status: holds.NoticeFailed}
	l, err := compose()
	if err != nil {
		a.Detail, a.At = "The message could not be written: "+err.Error()+". This is a fault of the installation.", m.o.Now()
		return a
	}
	ref, err := m.o.Channels[n.Point.Kind].Send(ctx, n, l.subject, l.text, l.html)
	a.At = m.o.Now()
	if err != nil {
		a.Detail, a.Again = verdict(err)
	} else {
		a.Status, a.Reference = holds.NoticeAccepted, ref
		a.Detail = "Accepted for " + directory.Mask(n.Point) + "."
	}
	a.Detail, a.Reference = redact(a.Detail, secrets), clip(redact(a.Reference, secrets), 100)
	return a
}

// secrets are what nobody may read in the ledger of a notice.
func (m *Messenger) secrets(n holds.Notice) []string {
	secrets := []string{n.Point.Value, m.o.Links.Link(n)}
	if n.Audience == holds.ToOwner {
		secrets = append(secrets, m.o.Links.Code(n))
	}
	return secrets
}

// mismatch refuses to send what does not belong together: the facts of one hold
// with the notice of another would cross the wall between owners and customers.
func (m *Messenger) mismatch(n holds.Notice, h holds.Hold, owner holds.Person) string {
	switch {
	case n.Tenant != h.Tenant || n.Hold != h.ID:
		return "The notice belongs to another hold, so it was not sent."
	case n.Audience != holds.ToOwner && n.Audience != holds.ToDuty:
		return "The notice does not say whom it is for, so it was not sent."
	case n.Audience == holds.ToOwner && (owner.ID == "" || owner.ID != h.Owner || n.Point.Person != "" && n.Point.Person != owner.ID):
		return "The contact point is not the owner's, so the notice was not sent."
	case n.Point.Value == "":
		return "The notice has no contact point, so it was not sent."
	case m.o.Channels[n.Point.Kind] == nil:
		return "No channel is set up that reaches this kind of contact point."
	}
	return ""
}

// verdict reads a channel's error. Words that were not written for people are
// kept back; an error that explains nothing may pass.
func verdict(err error) (detail string, again bool) {
	var e *holds.Error
	switch {
	case errors.As(err, &e):
		return e.Detail, e.Kind == holds.Unavailable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "There was no answer in time.", true
	}
	return "The channel failed without saying why.", true
}

// redact is the second wall behind the channels' own care: one line, short, and
// without the values nobody may read in a ledger.
func redact(s string, secrets []string) string {
	s = oneLine(s)
	for _, secret := range secrets {
		if secret != "" {
			s = regexp.MustCompile("(?i)"+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(s, "…")
		}
	}
	return clip(s, longText)
}
