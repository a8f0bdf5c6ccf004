package modeltest

import (
	"context"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// plan is how far a piece of work gets: at its nth call something happens, or
// nothing ever does.
type plan struct {
	how string
	at  int
}

// The plans. A pause lets others go on in between; the rest is misfortune.
const (
	whole  = "whole"
	before = "lost before"
	after  = "lost after"
	pauses = "pauses"
	death  = "dies"
)

func drawPlan(r *rapid.T) plan {
	how := rapid.SampledFrom([]string{whole, whole, whole, pauses, pauses, before, after, death}).Draw(r, "how it goes")
	if how == whole {
		return plan{how: whole}
	}
	return plan{how, rapid.IntRange(1, 14).Draw(r, "at which call")}
}

// run lets a thread go on as planned.
func (w *world) run(t *thread, p plan) {
	for n := 0; !t.done; n++ {
		f := works
		if n == p.at && n > 0 {
			switch p.how {
			case pauses:
				w.tell("  replica %d %s: %s; it stands before the next call, which %s", t.r.n+1, t.what, story(t.calls), t.next)
				t.calls = nil
				return
			case death:
				w.tell("  replica %d %s: %s; it dies before it %s", t.r.n+1, t.what, story(t.calls), t.next)
				w.crash(t.r)
				return
			case before:
				f = lostBefore
			case after:
				f = lostAfter
			}
		}
		t.step(f)
	}
	outcome := "done"
	if t.err != nil {
		outcome = t.err.Error()
	}
	w.tell("  replica %d %s: %s; %s", t.r.n+1, t.what, story(t.calls), outcome)
	w.finished(t, p)
}

func story(calls []string) string {
	out := ""
	for i, c := range calls {
		if i > 0 {
			out += ", "
		}
		out += c
	}
	if out == "" {
		return "nothing yet"
	}
	return out
}

// finished takes a thread that has ended off the list, and its job off the queue;
// the process may die just before that.
func (w *world) finished(t *thread, p plan) {
	w.reap()
	if t.job == nil {
		return
	}
	if p.how == death {
		w.tell("  replica %d dies before it can say that the job is done", t.r.n+1)
		w.crash(t.r)
		return
	}
	w.ended(t.job.ID, t.err)
}

// ended is what the runner of jobs does with a job that has run.
func (w *world) ended(id int64, err error) {
	ctx := context.Background()
	if again(err) {
		w.must(w.bench.Again(ctx, id))
		return
	}
	w.must(w.bench.End(ctx, id))
}

func again(err error) bool {
	k := holds.KindOf(err)
	return err != nil && (k == holds.Unavailable || k == holds.Internal)
}

func (w *world) must(err error) {
	if err != nil {
		w.wrong("the bench failed: %v", err)
	}
}

// work runs a job, and says on its hold when trying again cannot help.
func (r *replica) work(j holds.Job) func(context.Context) error {
	return func(ctx context.Context) error {
		err := r.Handlers()[j.Kind](ctx, j)
		if err != nil && !again(err) {
			_ = r.GivenUp(ctx, j, err)
		}
		return err
	}
}

// crash ends a process with all that it was doing, and starts another in its place.
func (w *world) crash(r *replica) {
	for _, t := range w.threads {
		if t.r == r && !t.done {
			t.step(dies)
		}
	}
	w.reap()
	w.replicas[r.n] = w.boot(r.n)
}

// waiting are the jobs that may run now.
func (w *world) waiting() []keepertest.Queued {
	jobs, err := w.bench.Jobs(context.Background())
	w.must(err)
	var out []keepertest.Queued
	for _, q := range jobs {
		if !q.Running && !q.Job.At.After(w.now) {
			out = append(out, q)
		}
	}
	return out
}

// rescue gives the jobs of dead runs back; those of live ones stay where they are.
func (w *world) rescue() (n int) {
	jobs, err := w.bench.Jobs(context.Background())
	w.must(err)
	for _, q := range jobs {
		if q.Running && w.runner(q.ID) == nil {
			w.must(w.bench.Again(context.Background(), q.ID))
			n++
		}
	}
	return n
}

// runner is the live thread that runs a job and still may.
func (w *world) runner(id int64) *thread {
	for _, t := range w.threads {
		if t.job != nil && t.job.ID == id && !t.done && t.lease.Err() == nil {
			return t
		}
	}
	return nil
}

// settle lets everything that can be done be done, without misfortune, and without
// time passing but for what waits.
func (w *world) settle() {
	r := w.replicas[0]
	for range 400 {
		w.now = w.now.Add(time.Second)
		worked := w.drain(r)
		for _, q := range w.waiting() {
			if q.Job.Attempt > 60 {
				continue
			}
			j, err := w.bench.Claim(context.Background(), q.ID)
			w.must(err)
			w.ended(q.ID, r.work(j)(context.Background()))
			if worked = true; j.Kind == holds.EffectLift {
				w.between() // before anything follows the release that may have begun
			}
		}
		if !worked {
			return
		}
	}
	w.wrong("I10: it does not come to rest: %v wait", w.waiting())
}

// drain decides the deliveries that can be decided.
func (w *world) drain(r *replica) bool {
	worked := false
	for range 60 {
		left := w.undecided()
		if left == 0 {
			break
		}
		_ = r.classifyOne(context.Background())
		if w.undecided() == left {
			break
		}
		worked = true
	}
	return worked
}

func (w *world) undecided() int {
	n, err := w.bench.Undecided(context.Background())
	w.must(err)
	return n
}

// finish lets those who stand still go on to their end, without misfortune.
func (w *world) finish(which func(*thread) bool) {
	for _, t := range append([]*thread(nil), w.threads...) {
		if !t.done && which(t) {
			w.run(t, plan{how: whole})
		}
	}
}

// pass lets time pass. What was under way has long ended, or hung for longer than a
// job may take.
func (w *world) pass(d time.Duration) {
	w.finish(func(t *thread) bool { return t.job == nil })
	for _, t := range w.threads {
		t.lease.end()
	}
	w.now = w.now.Add(d)
	for _, c := range w.clouds {
		c.settle()
	}
}

// rest lets everything come to rest: no more misfortune, the logs are read, and the
// sweeps go on.
func (w *world) rest() {
	w.tell("everything comes to rest")
	lines := len(w.story)
	w.finish(func(*thread) bool { return true })
	for _, d := range []time.Duration{0, 11 * time.Minute, 61 * time.Minute, 61 * time.Minute} {
		w.pass(d)
		w.rescue()
		for _, id := range platforms() {
			w.poll(id)
		}
		w.settle()
		w.replicas[0].Escalate(context.Background())
		w.replicas[0].Drift(context.Background())
		w.settle()
	}
	for _, id := range platforms() {
		w.poll(id)
	}
	w.settle()
	w.story = w.story[:lines]
}
