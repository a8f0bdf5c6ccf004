package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// TestSend: the ledger's line for every way a try can end (E9).
func TestSend(t *testing.T) {
	full := "550 <Anna@Private.example> code k7qm4-xw2rt at " + testLink
	for _, c := range []struct {
		name      string
		reference string
		err       error
		want      holds.Attempt
	}{
		{
			name: "E9 accepted only on the channel's word", reference: "4bXyz\r\nanna@private.example",
			want: holds.Attempt{Status: holds.NoticeAccepted, Reference: "4bXyz …", Detail: "Accepted for a…@p….example."},
		},
		{
			name: "E9 again", err: holds.Refuse(holds.Unavailable, "The mail server answered 451."),
			want: holds.Attempt{Status: holds.NoticeFailed, Detail: "The mail server answered 451.", Again: true},
		},
		{
			name: "E9 never again", err: fmt.Errorf("smtp: %w", holds.Refuse(holds.Invalid, "The mail server answered 550.")),
			want: holds.Attempt{Status: holds.NoticeFailed, Detail: "The mail server answered 550."},
		},
		{
			name: "a careless channel is redacted", err: holds.Refuse(holds.Invalid, "%s", full+"\r\nmore"),
			want: holds.Attempt{Status: holds.NoticeFailed, Detail: "550 <…> code … at … more"},
		},
		{
			name: "an unexplained error is not repeated", err: errors.New(full),
			want: holds.Attempt{Status: holds.NoticeFailed, Detail: "The channel failed without saying why.", Again: true},
		},
		{
			name: "E9 out of time", err: fmt.Errorf("x: %w", context.DeadlineExceeded),
			want: holds.Attempt{Status: holds.NoticeFailed, Detail: "There was no answer in time.", Again: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sink{reference: c.reference, err: c.err}
			n := notice()
			c.want.Notice, c.want.At = n.ID, now
			got := messenger(t, options(s)).Send(t.Context(), n, hold(reset()), anna())
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(s.to) != 1 || s.to[0].Value != "anna@private.example" {
				t.Errorf("sent to %v", s.to)
			}
		})
	}
}

// TestSendRefuses what does not belong together; nothing reaches the channel.
func TestSendRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		notice func(*holds.Notice)
		hold   func(*holds.Hold)
		owner  func(*holds.Person)
		want   string
	}{
		{name: "another hold", notice: func(n *holds.Notice) { n.Hold = "other" }, want: "another hold"},
		{name: "another customer", notice: func(n *holds.Notice) { n.Tenant = "globex" }, want: "another hold"},
		{name: "another owner", hold: func(h *holds.Hold) { h.Owner = "bo" }, want: "not the owner's"},
		{name: "nobody", owner: func(p *holds.Person) { p.ID = "" }, hold: func(h *holds.Hold) { h.Owner = "" }, want: "not the owner's"},
		{name: "somebody else's point", notice: func(n *holds.Notice) { n.Point.Person = "bo" }, want: "not the owner's"},
		{name: "no audience", notice: func(n *holds.Notice) { n.Audience = "" }, want: "whom it is for"},
		{name: "no value", notice: func(n *holds.Notice) { n.Point.Value = "" }, want: "no contact point"},
		{name: "no channel", notice: func(n *holds.Notice) { n.Point.Kind = holds.PhonePoint }, want: "No channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sink{}
			n, h, p := notice(), hold(reset()), anna()
			if c.notice != nil {
				c.notice(&n)
			}
			if c.hold != nil {
				c.hold(&h)
			}
			if c.owner != nil {
				c.owner(&p)
			}
			a := messenger(t, options(s)).Send(t.Context(), n, h, p)
			if len(s.got) != 0 || a.Status != holds.NoticeFailed || a.Again || !strings.Contains(a.Detail, c.want) || a.At != now {
				t.Errorf("sent %d, attempt %+v; want %q", len(s.got), a, c.want)
			}
		})
	}
}

// TestSendDuty: pages need no owner.
func TestSendDuty(t *testing.T) {
	s := &sink{}
	n := notice()
	n.Audience, n.Point = holds.ToDuty, holds.ContactPoint{Kind: holds.EmailPoint, Value: "duty@acme.example"}
	a := messenger(t, options(s)).Send(t.Context(), n, hold(reset()), holds.Person{})
	if a.Status != holds.NoticeAccepted || len(s.got) != 1 || a.Detail != "Accepted for d…@a….example." {
		t.Errorf("%+v", a)
	}
}

// TestNew: what a messenger cannot do without.
func TestNew(t *testing.T) {
	for name, spoil := range map[string]func(*Options){
		"no channel":     func(o *Options) { o.Channels = nil },
		"no links":       func(o *Options) { o.Links = nil },
		"no names":       func(o *Options) { o.Organisation = nil },
		"no clock":       func(o *Options) { o.Now = nil },
		"R107 no people": func(o *Options) { o.Contact = nil },
		"duty without channel": func(o *Options) {
			o.Duty = map[holds.TenantID][]holds.ContactPoint{"acme": {{Kind: holds.PhonePoint, Value: "+442079460018"}}}
		},
	} {
		o := options(&sink{})
		spoil(&o)
		if _, err := New(o); holds.KindOf(err) != holds.Invalid {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
