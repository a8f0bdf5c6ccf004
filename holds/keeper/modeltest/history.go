package modeltest

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// History is what really happened, as far as it was seen from outside, beside what
// the store says before and after the last step. The invariants compare the two.
type History struct {
	Was, Now keepertest.State
	At       time.Time
	// Log is what each platform has logged: the truth about what happened there.
	Log map[holds.ConnectionID][]holds.Event
	// Acknowledged are the deliveries whose sender was told that we have them, and
	// Bodies which events each body has.
	Acknowledged map[[32]byte]bool
	Bodies       map[[32]byte][]string
	// Calls are our calls to platforms that arrived there.
	Calls []Call
	// Said is what reviewers submitted, and Owner the owner's "not me" that was taken.
	Said  []Said
	Owner []holds.Key
	// Restrained is when each account was restrained last, up to now.
	Restrained map[holds.PersonAccount]time.Time
	// ByHand is how often somebody else undid the restraint of an account.
	ByHand map[holds.PersonAccount]int
	// Read is set when the last step only looked.
	Read bool
	// Text is what was written where many can read it: logs and audit entries.
	Text string
	// Rest is set when everything has come to rest; Accounts is then how the
	// accounts stand, but for those whose restraint somebody else changed by hand.
	Rest     bool
	Accounts map[holds.PersonAccount]bool
	Heads    []keepertest.Head

	mark  mark // the call announced last, by those who are no thread
	given int  // how many calls were checked already
}

// Call is a call of ours that arrived at a platform.
type Call struct {
	Connection holds.ConnectionID
	Action     holds.Action
	At         time.Time
	// Intent is what announced it, as the store had it when the call arrived; its id
	// is empty when nothing did. Hold is the intent's, as it was then.
	Intent holds.Intent
	Hold   holds.Hold
	// Changed tells whether the call changed anything.
	Changed bool
}

// Said is what a reviewer submitted.
type Said struct {
	Hold     holds.HoldID
	Person   holds.PersonID
	Kind     holds.DecisionKind
	Saw      int // the version they had looked at
	Reviewer bool
}

func newHistory(w *world) *History {
	return &History{
		At: w.now, Log: map[holds.ConnectionID][]holds.Event{}, Acknowledged: map[[32]byte]bool{}, Bodies: map[[32]byte][]string{},
		Restrained: map[holds.PersonAccount]time.Time{}, ByHand: map[holds.PersonAccount]int{},
	}
}

// called notes a call that arrives at a platform and carries it out.
func (w *world) called(ctx context.Context, c *cloud, a holds.Action) {
	m := w.h.mark
	if t, _ := ctx.Value(threadKey{}).(*thread); t != nil {
		m = t.tried
	}
	call := Call{Connection: c.id, Action: a, At: w.now}
	call.Action.Before = nil
	ctx = context.Background()
	if list, err := w.bench.Replica(0).Intents(ctx, m.key); err == nil {
		if n := slices.IndexFunc(list, func(i holds.Intent) bool { return i.ID == m.intent && i.Action == call.Action }); n >= 0 {
			call.Intent = list[n]
		}
	}
	if v, err := w.bench.Replica(0).View(ctx, m.key); err == nil {
		call.Hold = v.Hold
	}
	call.Changed = c.do(a)
	w.h.Calls = append(w.h.Calls, call)
}

// observe takes the state after a step into the history.
func (w *world) observe() error {
	ctx := context.Background()
	now, err := w.bench.State(ctx)
	if err != nil {
		return err
	}
	h := w.h
	h.Was, h.Now, h.At = h.Now, now, w.now
	for id, c := range w.clouds {
		h.Log[id] = c.log
		for _, a := range c.accounts {
			h.Restrained[holds.PersonAccount{Connection: id, Account: a.id}] = a.restrainedAt
		}
	}
	if h.Text, err = w.text(ctx); err != nil {
		return err
	}
	if now.Size > 0 && now.Size != h.Was.Size && len(h.Heads) < 8 {
		head, err := w.bench.Head(ctx)
		if err != nil {
			return err
		}
		h.Heads = append(h.Heads, head)
	}
	return nil
}

// text is what was written since the last look.
func (w *world) text(ctx context.Context) (string, error) {
	out := w.logs.String()
	w.logs.Reset()
	leaves, err := w.bench.Leaves(ctx, w.h.Was.Size)
	for _, l := range leaves {
		out += string(l)
	}
	return out, err
}

// knows remembers which events a body has.
func (h *History) knows(body []byte, events []holds.Event) [32]byte {
	sum := sha256.Sum256(body)
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	h.Bodies[sum] = ids
	return sum
}

func (h *History) hold(id holds.HoldID) (holds.Hold, bool) { return find(h.Now, id) }

func find(s keepertest.State, id holds.HoldID) (holds.Hold, bool) {
	n := slices.IndexFunc(s.Holds, func(h holds.Hold) bool { return h.ID == id })
	if n < 0 {
		return holds.Hold{}, false
	}
	return s.Holds[n], true
}
