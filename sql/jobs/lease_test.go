package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// H7: a runner that stood still while its job was given to another one cannot
// write, and cannot say that the job is done.
func TestH7TheZombieIsFenced(t *testing.T) {
	for name, c := range map[string]struct {
		taken  string // what the other runner did meanwhile
		fenced bool
		state  string
	}{
		"still its own":        {`SELECT 1`, false, "completed"},
		"given to another":     {`UPDATE river.river_job SET attempt = 2, attempted_by = array_append(attempted_by, 'another')`, true, "retryable"},
		"back from the other":  {`UPDATE river.river_job SET attempt = 1, attempted_by = array_append(attempted_by, 'another')`, true, "retryable"},
		"taken, not yet given": {`UPDATE river.river_job SET errors = array_append(errors, '{}')`, false, "completed"},
	} {
		for _, writes := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t)
				r.enqueue(job(holds.EffectContain, "h"))
				began, goOn, said := make(chan holds.Job, 1), make(chan struct{}), make(chan error, 1)
				o := r.options(only(holds.EffectContain, func(ctx context.Context, j holds.Job) error {
					began <- j
					<-goOn
					if !writes {
						said <- nil
						return nil
					}
					tx := r.begin()
					err := Fence(ctx, tx)
					_ = tx.Rollback()
					said <- err
					return err
				}))
				o.tuning.doubtful = time.Nanosecond // every handler that succeeds is doubted
				o.tuning.rescueEvery, o.tuning.beatEvery = never, never
				r.start(o)
				wait(t, began)
				if _, err := r.pool.Exec(c.taken); err != nil {
					t.Fatal(err)
				}
				close(goOn)
				err := wait(t, said)
				if writes && (errors.Is(err, errTaken) != c.fenced || c.fenced && holds.KindOf(err) != holds.Unavailable) {
					t.Errorf("the fence says %v", err)
				}
				r.eventually(c.state)
			})
		}
	}
}

// What is no job is not fenced.
func TestH7OnlyJobsAreFenced(t *testing.T) {
	r := newRig(t)
	if err := Fence(t.Context(), r.begin()); err != nil {
		t.Error(err)
	}
}

// H7: the jobs of a runner that has fallen silent are taken, but only by one
// that would have heard it, and never those of one that does not say that it
// lives, as programs before this one did not.
func TestH7TheJobsOfASilentRunnerAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		runner string // how long ago it said that it lives
		steady time.Duration
		us     string
		has    bool
		want   string
	}{
		"silent":                     {"21 s", time.Hour, "us", false, "available"},
		"alive":                      {"1 s", time.Hour, "us", false, "running"},
		"silent, and so was the one": {"21 s", 10 * time.Second, "us", false, "running"},
		"never heard of":             {"", time.Hour, "us", false, "running"},
		"our own, at work":           {"1 s", time.Hour, "gone", true, "running"},
		"our own, never received":    {"1 s", time.Hour, "gone", false, "available"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.enqueue(job(holds.EffectContain, "h"))
			statements := []string{`UPDATE river.river_job SET state = 'running', attempt = 1, attempted_by = '{gone}', attempted_at = now() - interval '30 s'`}
			if c.runner != "" {
				statements = append(statements, `INSERT INTO river.countersign_runner VALUES ('gone', now() - interval '`+c.runner+`')`)
			}
			for _, s := range statements {
				if _, err := r.pool.Exec(s); err != nil {
					t.Fatal(err)
				}
			}
			p := &pulse{db: r.pool, runner: c.us, silence: 20 * time.Second, first: time.Now().Add(-c.steady), last: time.Now()}
			l := newLanes(4)
			if c.has {
				l.took("contain", map[int64]string{1: "c"}, nil, nil)
			}
			s := &rescuer{db: r.pool, queues: []string{"contain"}, after: time.Minute, pulse: p, working: l.jobs, log: slog.New(slog.DiscardHandler)}
			if err := s.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := r.states(); got != c.want {
				t.Errorf("the job is %s, want %s", got, c.want)
			}
		})
	}
}

// H7: a gap in a runner's own beats makes it wait before it judges others.
func TestH7AGapMakesUnsteady(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	p := &pulse{silence: 20 * time.Second}
	if p.steady(start) {
		t.Error("steady before the first beat")
	}
	for s := 0; s <= 24; s += 4 {
		p.note(at(s))
	}
	if !p.steady(at(25)) || p.steady(at(40)) {
		t.Error("six beats in a row are steady, and 16 s without one are not")
	}
	p.note(at(60)) // it was stopped, or the database away
	if p.steady(at(61)) || p.steady(at(79)) {
		t.Error("steady at once after a gap")
	}
	for s := 64; s <= 80; s += 4 {
		p.note(at(s))
	}
	if !p.steady(at(81)) {
		t.Error("not steady again")
	}
}

// H7: a runner says that it lives before it takes its first job.
func TestH7ARunnerBeats(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 1)
	o := r.options(only(holds.EffectContain, signal(ran)))
	o.tuning.beatEvery = 10 * time.Millisecond
	r.start(o)
	r.enqueue(job(holds.EffectContain, "h"))
	wait(t, ran)
	first := r.text(`SELECT beat_at::text FROM river.countersign_runner, river.river_job WHERE runner = attempted_by[1]`)
	deadline := time.After(patience)
	for r.text(`SELECT beat_at::text FROM river.countersign_runner`) == first {
		select {
		case <-deadline:
			t.Fatal("it beats no more")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// eventually waits until the one job is in a state.
func (r *rig) eventually(state string) {
	r.t.Helper()
	deadline := time.After(patience)
	for got := ""; got != state; got = r.states() {
		select {
		case <-deadline:
			r.t.Fatalf("the job is %s, want %s", r.states(), state)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
