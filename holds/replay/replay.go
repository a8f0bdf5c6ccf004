package replay

import (
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// Judge rules on one event for one account, as a policy does. It must be a pure
// function of both.
type Judge interface {
	Judge(e holds.Event, f holds.Facts) holds.Ruling
}

// Options are what a replay needs.
type Options struct {
	Judge Judge
	// History is what is known beforehand; nil begins with nothing.
	History *History
	// Emit is called with each verdict, in the order of the records. Nil when only
	// the report is wanted. An error of it ends the replay.
	Emit func(Verdict) error
	// Unknown is the moment that a decoder gives an event of unknown time: the one it
	// was told as the time of receipt. Such an event happens when the one before it
	// did.
	Unknown time.Time
}

// Replay judges the records of a log one after another.
type Replay struct {
	opt     Options
	history *History
	changes *changes
	tally   *tally
	queue   queue
	now     time.Time // of the newest event seen in this place of the log
}

// New begins a replay.
func New(o Options) *Replay {
	if o.History == nil {
		o.History = NewHistory(false)
	}
	return &Replay{opt: o, history: o.History, changes: newChanges(), tally: newTally()}
}

// Add judges a record. Its verdict may be emitted later, when its change is
// complete.
func (r *Replay) Add(rec Record) error {
	r.tally.records++
	w := waiting{verdict: Verdict{Index: rec.Index, File: rec.File}}
	if rec.Err != nil {
		r.tally.malformed++
		w.verdict.Err = rec.Err.Error()
		return r.emit(w)
	}
	w.verdict.Class = holds.None
	for i := range rec.Events {
		r.event(&w, &rec.Events[i], i == 0)
	}
	return r.emit(w)
}

// Close emits the verdicts that still wait.
func (r *Replay) Close() error {
	return r.queue.flush(time.Time{}, true, r.opt.Emit)
}

// event judges one event of a record. Where a record has several, the first whose
// change matters gives the record its face.
func (r *Replay) event(w *waiting, e *holds.Event, first bool) {
	if e.Occurred.IsZero() || e.Occurred.Equal(r.opt.Unknown) {
		e.Occurred = r.now
	} else {
		r.now = e.Occurred
	}
	r.tally.event(*e)
	v := &w.verdict
	if first || w.change == nil && e.Class != holds.None {
		v.ID, v.Class, v.TakesEffect, v.Actor = e.ID, e.Class, takesEffect(*e), e.Actor.ID
	}
	v.Subjects = withSubjects(v.Subjects, e.Held())
	if e.Class == holds.None {
		if first {
			v.Reason = "no-change: cannot hand an account to somebody else"
		}
		r.history.Note(*e, false)
		return
	}
	c, repeated := r.changes.of(*e)
	if w.change == nil {
		w.change = c
	}
	r.judge(w, c, *e, repeated)
}

// takesEffect is the record's own word for it. Where it has none, a change that may
// have happened counts as effect, and what is no change does not.
func takesEffect(e holds.Event) bool {
	return e.Outcome == holds.Succeeded || e.Class != holds.None && e.Class != "" && effective(e)
}

// withSubjects adds the ids of accounts, each once.
func withSubjects(ids []string, accounts []holds.Account) []string {
	if ids == nil && len(accounts) > 0 {
		ids = make([]string, 0, len(accounts))
	}
	for _, a := range accounts {
		if !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// judge asks the policy about each account of the event.
func (r *Replay) judge(w *waiting, c *change, e holds.Event, repeated bool) {
	accounts := e.Held()
	if len(accounts) == 0 {
		accounts = []holds.Account{{}}
	}
	held := false
	for _, s := range accounts {
		ruling := r.opt.Judge.Judge(e, r.history.Facts(e, s))
		held = held || ruling.Verdict == holds.HoldIt
		if !repeated {
			was := *c
			c.judge(ruling)
			r.tally.ruling(was, c, e, s, ruling)
		}
		if stronger(ruling.Verdict, w.ruling.Verdict) {
			w.ruling = ruling
		}
	}
	r.history.Note(e, held)
}

// stronger orders verdicts; the empty one is the weakest.
func stronger(a, b holds.Verdict) bool { return rankOf(a) > rankOf(b) }

func rankOf(v holds.Verdict) int {
	return slices.Index([]holds.Verdict{"", holds.Ignore, holds.Record, holds.Notify, holds.HoldIt}, v)
}

// emit puts a record in line and lets out those that wait for nothing more.
func (r *Replay) emit(w waiting) error {
	if r.opt.Emit == nil {
		return nil
	}
	if w.change == nil && r.queue.empty() {
		return r.opt.Emit(w.verdict)
	}
	r.queue.push(w)
	return r.queue.flush(r.now, false, r.opt.Emit)
}
