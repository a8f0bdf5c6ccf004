package keeper

import (
	"context"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestG13OurFootingIsTamper: a refused credential and rules that do not restrain
// page people once a day; an outage tells nothing.
func TestG13OurFootingIsTamper(t *testing.T) {
	for name, tc := range map[string]struct {
		blind error
		rules holds.Enforcement
		want  string
	}{
		"G13 credential refused": {holds.Refuse(holds.Forbidden, "the token lacks okta.policies.read"), holds.Enforcement{}, "countersign.credential_refused"},
		"rules not in force":     {nil, holds.Enforcement{Problems: []string{"the deny rule is not first"}}, "countersign.restraint_not_in_force"},
		"an outage":              {holds.Refuse(holds.Unavailable, "down"), holds.Enforcement{}, ""},
		"everything is in order": {nil, holds.Enforcement{InForce: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.blind, w.provider.rules = tc.blind, tc.rules
			w.Health(t.Context())
			w.now = w.now.Add(time.Minute)
			w.Health(t.Context())
			if tc.want == "" {
				if len(w.received) != 0 {
					t.Fatalf("raised %s", w.received[0].Body)
				}
				return
			}
			if len(w.received) != 1 {
				t.Fatalf("raised %d times in one day", len(w.received))
			}
			first, err := w.decode(w.received[0])
			if err != nil || first[0].Type != tc.want {
				t.Fatalf("%v %v", first, err)
			}
			w.happens(t, first[0])
			w.run(holds.EffectPage, holds.EffectSend, holds.EffectContain)
			if h := w.the(t); h.Class != holds.Tamper || h.Standing != holds.Observed || len(w.provider.calls) != 0 || len(w.mail.sent) != 1 {
				t.Fatalf("%s, %d calls, %d pages", h.Class, len(w.provider.calls), len(w.mail.sent))
			}
		})
	}
}

// listener is a way of telling us with something wrong, or nothing.
type listener struct {
	trouble string
	err     error
}

func (l listener) Listening(context.Context) (string, error) { return l.trouble, l.err }

// TestD2NoLongerListening: that a platform no longer tells us of changes pages
// people once a day; that we may not look, or that it is down, tells nothing.
func TestD2NoLongerListening(t *testing.T) {
	for name, tc := range map[string]struct {
		listener listener
		want     int
	}{
		"switched off":    {listener{trouble: "the hook is switched off"}, 1},
		"all is well":     {listener{}, 0},
		"we may not look": {listener{err: holds.Refuse(holds.Forbidden, "no scope")}, 0},
		"an outage":       {listener{err: holds.Refuse(holds.Unavailable, "down")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.rules = holds.Enforcement{InForce: true}
			w.Connections[0].Listening = tc.listener
			w.Health(t.Context())
			w.now = w.now.Add(time.Minute)
			w.Health(t.Context())
			if len(w.received) != tc.want {
				t.Fatalf("raised %d times", len(w.received))
			}
			if tc.want == 0 {
				return
			}
			first, err := w.decode(w.received[0])
			if err != nil || first[0].Type != "countersign.not_listening" || first[0].Class != holds.Tamper {
				t.Fatalf("%v %v", first, err)
			}
		})
	}
}
