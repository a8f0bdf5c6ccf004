package keeper

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// emergency is a provider at which some accounts are not what they should be.
type emergency struct {
	*provider
	status map[string]holds.Status
	down   bool
}

func (e *emergency) Snapshot(ctx context.Context, id string) (holds.Snapshot, error) {
	if e.down {
		return holds.Snapshot{}, holds.Refuse(holds.Unavailable, "down")
	}
	switch s := e.status[id]; s {
	case "":
		return e.provider.Snapshot(ctx, id)
	case holds.StatusDeleted:
		return holds.Snapshot{}, holds.Refuse(holds.NotFound, "gone")
	default:
		return holds.Snapshot{Account: holds.Account{ID: id}, Status: s}, nil
	}
}

// TestG1ContainmentArms only while two emergency accounts exist and are active, as
// looked up by their ids; people hear of it, and it arms again by itself.
func TestG1ContainmentArms(t *testing.T) {
	for name, c := range map[string]struct {
		list   []string
		status map[string]holds.Status
		armed  bool
	}{
		"G1 two":                     {[]string{"00ua", "00ub"}, nil, true},
		"G1 one of three is gone":    {[]string{"00ua", "00ub", "00uc"}, map[string]holds.Status{"00ub": holds.StatusDeleted}, true},
		"G1 one of two is gone":      {[]string{"00ua", "00ub"}, map[string]holds.Status{"00ub": holds.StatusDeleted}, false},
		"G1 one of two is suspended": {[]string{"00ua", "00ub"}, map[string]holds.Status{"00ua": holds.StatusSuspended}, false},
		"G1 one of two, named twice": {[]string{"00ua", "00UA", "00ub"}, map[string]holds.Status{"00ub": holds.StatusInactive}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := &emergency{provider: w.provider, status: c.status}
			w.connection1(func(n *Connection) { n.BreakGlass, n.Provider = c.list, p })
			look := func() { w.arm(context.Background(), w.connections["acme-okta"]) }
			look()
			w.happens(t, resetAll("e1"))
			j := take(t, w, holds.EffectContain)
			err := w.contain(context.Background(), j)
			if c.armed {
				if err != nil || len(w.received) != 0 {
					t.Fatal(err, w.received)
				}
				contained(t, w)
				return
			}
			if h := w.the(t); holds.KindOf(err) != holds.Unavailable || len(w.provider.calls) != 0 || h.Standing != holds.Observed ||
				!strings.Contains(strings.Join(h.Doubts, ";"), "containment is not armed") {
				t.Fatalf("%v, calls %v, %s %v", err, w.provider.calls, h.Standing, h.Doubts)
			}
			if len(w.received) != 1 || !strings.Contains(string(w.received[0].Body), "emergency_accounts_missing") {
				t.Fatalf("people are not told: %v", w.received)
			}
			p.status = nil
			w.connection1(func(n *Connection) { n.BreakGlass = []string{"00ua", "00ub"} })
			w.now = w.now.Add(armedEvery - time.Second)
			look()
			if w.disarmed(w.connections["acme-okta"]) == "" {
				t.Error("it was looked up too soon")
			}
			w.now = w.now.Add(time.Second)
			p.down = true
			look() // an outage tells nothing
			p.down = false
			look()
			if err := w.contain(context.Background(), j); err != nil {
				t.Fatal(err)
			}
			contained(t, w)
		})
	}
}
