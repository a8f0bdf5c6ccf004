package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/holds"
)

func TestACommitQueuesAndARollbackDoesNot(t *testing.T) {
	r := newRig(t)
	tx := r.begin()
	if err := r.inserter.Enqueue(t.Context(), tx, job(holds.EffectTell, "rolled-back")); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "" {
		t.Fatalf("after a rollback: %s", got)
	}
	r.enqueue(job(holds.EffectTell, "committed"))
	ran := make(chan holds.Job, 9)
	stop := r.start(r.options(only(holds.EffectTell, signal(ran))))
	want := job(holds.EffectTell, "committed")
	want.Attempt = 1
	if got := wait(t, ran); got != want {
		t.Errorf("ran %+v, want %+v", got, want)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if len(ran) != 0 || r.states() != "completed" {
		t.Errorf("ran again %d times, states %s", len(ran), r.states())
	}
}

func TestAJobCarriesEverything(t *testing.T) {
	r := newRig(t)
	want := holds.Job{
		Effect: holds.Effect{
			Kind: holds.EffectSend, At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
			Notice: "n-1", Why: "because \"quoted\" and ünïcode", Round: 42,
		},
		Key: holds.Key{Tenant: "acme", Hold: "h-1"}, Connection: "okta-main", Epoch: epoch, Attempt: 1,
	}
	r.enqueue(want)
	if got := r.states(); got != "available" {
		t.Errorf("a time that has come still waits: %s", got)
	}
	ran := make(chan holds.Job, 1)
	r.start(r.options(only(holds.EffectSend, signal(ran))))
	if got := wait(t, ran); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestNonsenseIsNotQueued(t *testing.T) {
	r := newRig(t)
	for name, spoil := range map[string]func(*holds.Job){
		"no effect":      func(j *holds.Job) { j.Kind = "" },
		"unknown effect": func(j *holds.Job) { j.Kind = "dance" },
		"no tenant":      func(j *holds.Job) { j.Key.Tenant = "" },
		"no hold":        func(j *holds.Job) { j.Key.Hold = "" },
		"no notice":      func(j *holds.Job) { j.Kind, j.Notice = holds.EffectSend, "" },
	} {
		j := job(holds.EffectTell, "h")
		spoil(&j)
		if err := r.inserter.Enqueue(t.Context(), r.begin(), job(holds.EffectPage, "h"), j); holds.KindOf(err) != holds.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.inserter.Enqueue(t.Context(), nil); err != nil {
		t.Errorf("no jobs at all: %v", err)
	}
}

// A display name may hold bytes that jsonb refuses; the job is queued anyway.
func TestAHostileReasonIsQueued(t *testing.T) {
	r := newRig(t)
	j := job(holds.EffectPage, "h")
	j.Why = "a\x00b\xffc" + strings.Repeat("é", whyLimit)
	r.enqueue(j)
	got := r.text(`SELECT args->>'why' FROM river.river_job`)
	if !strings.HasPrefix(got, "ab\uFFFDcé") || len(got) > whyLimit {
		t.Errorf("stored %d bytes: %.20q", len(got), got)
	}
}

func TestTheSameEffectTwiceIsOneJobWhileItWaits(t *testing.T) {
	r := newRig(t)
	soon := time.Now().Add(time.Hour)
	base := job(holds.EffectSend, "h")
	base.Why = "why"
	scheduled := base
	scheduled.At = soon
	others := map[string]func(*holds.Job){
		"effect":     func(j *holds.Job) { j.Kind = holds.EffectTell },
		"tenant":     func(j *holds.Job) { j.Key.Tenant = "other" },
		"connection": func(j *holds.Job) { j.Connection = "other" },
		"hold":       func(j *holds.Job) { j.Key.Hold = "other" },
		"notice":     func(j *holds.Job) { j.Notice = "other" },
		"why":        func(j *holds.Job) { j.Why = "other" },
		"round":      func(j *holds.Job) { j.Round = 2 },
		"time":       func(j *holds.Job) { j.At = soon.Add(time.Second) },
		"epoch":      func(j *holds.Job) { j.Epoch++ },
	}
	r.enqueue(base, base, scheduled)
	r.enqueue(scheduled, base)
	if got := r.states(); got != "available scheduled" {
		t.Fatalf("after queueing two effects five times: %s", got)
	}
	for name, change := range others {
		before := len(strings.Fields(r.states()))
		j := base
		change(&j)
		r.enqueue(j)
		r.enqueue(j)
		if after := len(strings.Fields(r.states())); after != before+1 {
			t.Errorf("another %s: %d more jobs, want 1", name, after-before)
		}
	}
}

func TestTwentyTransactionsQueueOneJob(t *testing.T) {
	r := newRig(t)
	var all errgroup.Group
	for range 20 {
		all.Go(func() error {
			tx, err := r.pool.BeginTx(t.Context(), nil)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			if err := r.inserter.Enqueue(t.Context(), tx, job(holds.EffectTell, "b"), job(holds.EffectTell, "a")); err != nil {
				return err
			}
			return tx.Commit()
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "available available" {
		t.Errorf("two effects, twenty times: %s", got)
	}
}

// The running job may have read what was true before; the effect queued
// meanwhile must run too, once, and so must one queued after completion.
func TestARunningOrCompletedJobSwallowsNothing(t *testing.T) {
	r := newRig(t)
	started, finish := make(chan holds.Job, 9), make(chan struct{})
	stop := r.start(r.options(only(holds.EffectContain, func(_ context.Context, j holds.Job) error {
		started <- j
		<-finish
		return nil
	})))
	o := job(holds.EffectContain, "h")
	r.enqueue(o)
	wait(t, started)
	r.enqueue(o) // while it runs
	finish <- struct{}{}
	wait(t, started)
	finish <- struct{}{}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.enqueue(o) // after completion
	if got := r.states(); got != "completed completed available" {
		t.Errorf("states %s", got)
	}
}

// A waiting job that a transaction relies on does not start before that
// transaction ends, or it would read what was true before.
func TestAWaitingJobWaitsForTheTransactionThatReliesOnIt(t *testing.T) {
	r := newRig(t)
	r.enqueue(job(holds.EffectTell, "relied-on"))
	tx := r.begin()
	if err := r.inserter.Enqueue(t.Context(), tx, job(holds.EffectTell, "relied-on")); err != nil {
		t.Fatal(err)
	}
	r.enqueue(job(holds.EffectTell, "later-1"), job(holds.EffectTell, "later-2"))
	ran := make(chan holds.Job, 9)
	o := r.options(only(holds.EffectTell, signal(ran)))
	o.Workers = map[holds.EffectKind]int{holds.EffectTell: 1}
	r.start(o)
	for range 2 {
		if got := wait(t, ran); got.Key.Hold == "relied-on" {
			t.Fatal("started before the transaction ended")
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, ran); got.Key.Hold != "relied-on" {
		t.Fatalf("ran %+v", got)
	}
}
