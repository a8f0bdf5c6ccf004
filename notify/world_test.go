package notify

import (
	"context"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

var (
	occurred = time.Date(2026, 11, 20, 9, 30, 12, 0, time.UTC)
	now      = occurred.Add(4 * time.Minute)
)

const (
	testLink = "https://cs.acme.example/o/0198c2f1-77aa-7bbb-8ccc-0123456789ab.AbC-_d"
	testCode = "K7QM4-XW2RT"
)

// links are fixed, so that golden files are.
type links struct{ link, code string }

func (l links) Link(n holds.Notice) string {
	if n.Audience == holds.ToDuty {
		return "https://console.acme.example/holds/" + string(n.Hold)
	}
	return l.link
}
func (l links) Code(holds.Notice) string { return l.code }

// sink is a channel that keeps what it is given and answers as it is told.
type sink struct {
	got       []letter
	to        []holds.ContactPoint
	reference string
	err       error
}

func (s *sink) Send(_ context.Context, n holds.Notice, subject, text, html string) (string, error) {
	s.got = append(s.got, letter{subject: subject, text: text, html: html})
	s.to = append(s.to, n.Point)
	return s.reference, s.err
}

func options(c Channel) Options {
	return Options{
		Channels:     map[holds.PointKind]Channel{holds.EmailPoint: c},
		Links:        links{testLink, testCode},
		Organisation: func(holds.TenantID) string { return "Acme Ltd" },
		Contact:      func(holds.TenantID) string { return "call +44 20 7946 0018, day and night" },
		Now:          func() time.Time { return now },
	}
}

func messenger(t *testing.T, o Options) *Messenger {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func anna() holds.Person {
	return holds.Person{
		ID: "anna", Tenant: "acme", Name: "Anna Berg", Belonging: holds.Employee,
		Points: []holds.ContactPoint{private()},
	}
}

func private() holds.ContactPoint {
	return holds.ContactPoint{ID: "p1", Person: "anna", Kind: holds.EmailPoint, Value: "anna@private.example", Source: "csv", Recorded: occurred.AddDate(-2, 0, 0)}
}

func notice() holds.Notice {
	return holds.Notice{
		ID: "0198c2f2-0000-7000-8000-000000000001", Tenant: "acme", Hold: "0198c2f1-77aa-7bbb-8ccc-0123456789ab", Version: 1,
		Audience: holds.ToOwner, Channel: "email", Point: private(), Created: now, Expires: now.Add(7 * 24 * time.Hour),
	}
}

func olga() holds.Party {
	return holds.Party{ID: "00uOlga", Kind: holds.PartyPerson, Login: "olga@acme.example", Name: "Olga Admin"}
}

func event(c holds.Class, v holds.Verb) holds.EventRef {
	return holds.EventRef{ID: "e-" + string(c) + string(v), Class: c, Verb: v, Type: "x", Occurred: occurred, Actor: olga(), IP: "203.0.113.7"}
}

// hold is a contained hold of Anna's account with these events.
func hold(events ...holds.EventRef) holds.Hold {
	return holds.Hold{
		ID: "0198c2f1-77aa-7bbb-8ccc-0123456789ab", Tenant: "acme", Connection: "acme-okta", Version: 1,
		Class: events[0].Class, Subject: holds.Account{ID: "00uAnna", Login: "anna.berg@acme.example", Name: "Anna Berg"},
		Owner: "anna", Actor: olga(), Occurred: occurred, Received: occurred.Add(time.Second), Opened: occurred.Add(time.Second),
		State: holds.Pending, Containment: holds.ContainmentConfirmed, Standing: holds.Contained,
		Terms:  holds.Terms{Rule: "r", Policy: "p", Tier: holds.TierHigh},
		Events: events, Restrained: occurred.Add(3 * time.Second), Due: occurred.Add(time.Hour),
	}
}

func reset() holds.EventRef { return event(holds.MFAChange, holds.Reset) }

func enrol() holds.EventRef {
	e := event(holds.MFAChange, holds.Enrol)
	e.Factor = holds.Object{Type: "push", ID: "opf1", Name: "iPhone 17"}
	e.Actor = holds.Party{ID: "00uAnna", Kind: holds.PartyPerson, Login: "anna.berg@acme.example", Name: "Anna Berg"}
	e.Occurred = occurred.Add(2 * time.Minute)
	return e
}

func recovery() holds.EventRef { return event(holds.RecoveryChange, holds.Update) }

func grant() holds.EventRef {
	e := event(holds.RoleActivation, holds.Grant)
	e.Role = holds.Object{Type: "SUPER_ADMIN", ID: "irb1", Name: "Super Organization Administrator"}
	return e
}
