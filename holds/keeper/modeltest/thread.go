package modeltest

import (
	"context"
	"runtime"
	"sync"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// fate is what becomes of the call that a thread is about to make.
type fate int

const (
	works      fate = iota
	lostBefore      // it never arrived
	lostAfter       // it took effect, and the answer was lost
	dies            // the process dies before it
)

// errLost is what the caller sees of a lost call.
func errLost() error { return holds.Refuse(holds.Unavailable, "the answer was lost") }

// thread is a piece of work of a replica. It runs only when it is told to, and
// stops before every call to the outside.
type thread struct {
	w      *world
	r      *replica
	what   string // for the story
	lease  *lease
	next   string // the call it stands before
	resume chan fate
	paused chan struct{}
	done   bool
	err    error
	job    *keepertest.Queued // what it runs, if it runs a job
	tried  mark               // the call that was last announced as about to leave
	calls  []string
}

// mark is a call that is about to leave.
type mark struct {
	key    holds.Key
	intent holds.IntentID
}

type threadKey struct{}

// spawn makes a thread that stands before its first line.
func (w *world) spawn(r *replica, what string, work func(context.Context) error) *thread {
	t := &thread{w: w, r: r, what: what, resume: make(chan fate), paused: make(chan struct{})}
	t.lease = &lease{Context: context.WithValue(context.Background(), threadKey{}, t), over: make(chan struct{})}
	w.threads = append(w.threads, t)
	go func() {
		defer func() {
			t.done = true
			close(t.paused)
		}()
		if <-t.resume == dies {
			return
		}
		t.err = work(t.lease)
	}()
	return t
}

// step lets a thread go on to its next call, whose predecessor meets a fate.
func (t *thread) step(f fate) {
	if t.done {
		return
	}
	t.resume <- f
	<-t.paused
}

// lease is the context of a thread: it ends when the thread has hung for longer
// than a job may take.
//
// What watches a context may still be there when the thread is long gone: database/sql
// looks at the context of a query from a goroutine of its own.
type lease struct {
	context.Context
	over chan struct{}
	mu   sync.Mutex
	err  error
}

// Done implements context.Context.
func (l *lease) Done() <-chan struct{} { return l.over }

// Err implements context.Context.
func (l *lease) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = context.DeadlineExceeded
		close(l.over)
	}
}

// gate is passed by every call to the outside. Without a thread (when all comes to
// rest, or people act) the call is made at once.
func gate(ctx context.Context, what string, call func()) error {
	t, _ := ctx.Value(threadKey{}).(*thread)
	if t == nil {
		call()
		return nil
	}
	t.next = what
	t.paused <- struct{}{}
	f := <-t.resume
	if f == dies {
		runtime.Goexit()
	}
	if err := t.lease.Err(); err != nil { // as the fence of the store has it
		return holds.Because(holds.Unavailable, err, "the time for this job is over")
	}
	if f == lostBefore {
		t.calls = append(t.calls, what+" (lost on the way)")
		return errLost()
	}
	call()
	if f == lostAfter {
		t.calls = append(t.calls, what+" (done, the answer is lost)")
		return errLost()
	}
	t.calls = append(t.calls, what)
	return nil
}

// reap forgets the threads that have ended.
func (w *world) reap() {
	var live []*thread
	for _, t := range w.threads {
		if !t.done {
			live = append(live, t)
		}
	}
	w.threads = live
}
