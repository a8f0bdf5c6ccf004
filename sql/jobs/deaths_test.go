package jobs

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// dies has a process die while it runs the jobs of a hold, so many times, as the
// others see it: it was given the job, it falls silent, and the job is taken from it.
func (r *rig) dies(hold string, times int) {
	r.t.Helper()
	s := &rescuer{db: r.pool, queues: []string{"contain"}, after: 20 * time.Second, pulse: &pulse{}, working: newLanes(4).jobs, log: slog.New(slog.DiscardHandler)}
	for range times {
		if _, err := r.pool.Exec(`UPDATE river.river_job SET state = 'running', attempt = attempt + 1, attempted_at = now() - interval '21 s'
			WHERE args->>'hold' = $1`, hold); err != nil {
			r.t.Fatal(err)
		}
		if err := s.pass(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.pool.Exec(`UPDATE river.river_job SET scheduled_at = now()`); err != nil {
		r.t.Fatal(err)
	}
}

// TestH8AJobWhoseProcessesDieIsGivenUp: the tenth death was counted before it
// happened; the job does not run again, people are told, and the others have their
// turn. One that ended fewer processes runs.
func TestH8AJobWhoseProcessesDieIsGivenUp(t *testing.T) {
	r := newRig(t)
	r.enqueue(job(holds.EffectContain, "poison"), job(holds.EffectContain, "unlucky"), job(holds.EffectContain, "other"))
	r.dies("poison", mostDeaths)
	r.dies("unlucky", mostDeaths-1)
	ran, told := make(chan holds.Job, 9), make(chan error, 9)
	o := r.options(only(holds.EffectContain, signal(ran)))
	o.OnDiscard = func(_ context.Context, j holds.Job, err error) {
		if j.Key.Hold != "poison" {
			t.Errorf("%s is given up: %v", j.Key.Hold, err)
		}
		told <- err
	}
	stop := r.start(o)
	for range 2 {
		if j := wait(t, ran); j.Key.Hold == "poison" {
			t.Error("the poison ran again")
		}
	}
	if err := wait(t, told); holds.KindOf(err) != holds.Invalid {
		t.Errorf("people are told %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "cancelled completed completed" || len(ran) != 0 {
		t.Errorf("states %s, and %d more ran", got, len(ran))
	}
}

// TestH9AJobOfWhichNobodyWasTold: the notification of its commit was lost, or never
// sent, and nobody was kicked. A look every second (TestSettings) finds it.
func TestH9AJobOfWhichNobodyWasTold(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 9)
	o := r.options(map[holds.EffectKind]Handler{holds.EffectTell: signal(ran), holds.EffectPage: signal(ran)})
	o.tuning.poll = 0 // as it is shipped
	r.start(o)
	r.settled(ran)
	for range 3 {
		r.unheard(job(holds.EffectTell, "unheard"))
		if j := wait(t, ran); j.Key.Hold != "unheard" {
			t.Fatalf("ran %+v", j)
		}
	}
}
