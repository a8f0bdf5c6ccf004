package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/countersign/countersign/holds"
)

func TestNewRunnerSaysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	for name, spoil := range map[string]func(*Options){
		"no database":         func(o *Options) { o.DB = nil },
		"no handlers":         func(o *Options) { o.Handlers = nil },
		"a nil handler":       func(o *Options) { o.Handlers = only(holds.EffectTell, nil) },
		"an unknown effect":   func(o *Options) { o.Handlers = only("dance", signal(nil)) },
		"nobody to tell":      func(o *Options) { o.OnDiscard = nil },
		"no connection":       func(o *Options) { o.DSN = "" },
		"a broken connection": func(o *Options) { o.DSN = "password=hunter2 port" },
		"a negative timeout":  func(o *Options) { o.Timeout = -1 },
		"negative workers":    func(o *Options) { o.Workers = map[holds.EffectKind]int{holds.EffectTell: -1} },
		"idle workers":        func(o *Options) { o.Workers = map[holds.EffectKind]int{holds.EffectPage: 1} },
	} {
		o := r.options(only(holds.EffectTell, signal(nil)))
		spoil(&o)
		_, err := NewRunner(o)
		if holds.KindOf(err) != holds.Invalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The settings that facts about River make promises depend on.
func TestSettings(t *testing.T) {
	r := newRig(t)
	handlers := make(map[holds.EffectKind]Handler)
	for _, k := range holds.EffectKinds() {
		handlers[k] = signal(nil)
	}
	o := r.options(handlers)
	o.tuning = tuning{}
	o.Workers = map[holds.EffectKind]int{holds.EffectSend: 9}
	runner, err := NewRunner(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := runner.config(o.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if quarter := 90 * 24 * time.Hour; c.DiscardedJobRetentionPeriod != quarter || c.CancelledJobRetentionPeriod != quarter || c.CompletedJobRetentionPeriod > 24*time.Hour {
		t.Error("J15: jobs that were given up are kept for a quarter, those that are done for a day")
	}
	if c.ReindexerIndexNames == nil || len(c.ReindexerIndexNames) != 0 {
		t.Error("reindexes, which the application's role may not")
	}
	if c.FetchCooldown > 5*time.Millisecond || c.FetchPollInterval*11/10 > time.Second {
		t.Errorf("looks for jobs every %s to %s", c.FetchCooldown, c.FetchPollInterval)
	}
	if total := runner.rescuer.after + runner.rescuer.every; total > 30*time.Second || c.JobTimeout >= runner.rescuer.after {
		t.Errorf("rescues after %s with a timeout of %s", total, c.JobTimeout)
	}
	if total := c.SoftStopTimeout + runner.tuning.hardStop; total > 8*time.Second {
		t.Errorf("stops within %s", total)
	}
	if len(c.Queues) != len(holds.EffectKinds()) || c.Queues["send"].MaxWorkers != 9 || c.Queues["contain"].MaxWorkers != defaultWorkers {
		t.Errorf("queues %v", c.Queues)
	}
}

func TestARunnerRunsOnce(t *testing.T) {
	r := newRig(t)
	runner, err := NewRunner(r.options(only(holds.EffectTell, signal(nil))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = runner.Run(ctx)
	if err := runner.Run(t.Context()); err == nil {
		t.Error("ran twice")
	}
}

// A program that is told to stop while it starts has not failed.
func TestAStopWhileStartingIsNoError(t *testing.T) {
	r := newRig(t)
	runner, err := NewRunner(r.options(only(holds.EffectTell, signal(nil))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runner.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestAFailedJobIsTriedAgainNotBeforeItWasAskedTo(t *testing.T) {
	r := newRig(t)
	after := 1500 * time.Millisecond // more than the longest first wait
	var failed time.Time
	ran := make(chan holds.Job, 9)
	stop := r.start(r.options(only(holds.EffectTell, func(_ context.Context, j holds.Job) error {
		if j.Attempt == 1 {
			failed = time.Now()
			return &holds.Error{Kind: holds.Unavailable, Detail: "slow down", After: after}
		}
		if waited := time.Since(failed); waited < after {
			t.Errorf("tried again after %s", waited)
		}
		ran <- j
		return nil
	})))
	r.enqueue(job(holds.EffectTell, "h"))
	if j := wait(t, ran); j.Attempt != 2 {
		t.Errorf("attempt %d", j.Attempt)
	}
	if err := stop(); err != nil || r.states() != "completed" {
		t.Errorf("%v, states %s", err, r.states())
	}
}

func TestGivenUpJobsAreToldAndKept(t *testing.T) {
	r := newRig(t)
	told := make(chan error, 9)
	o := r.options(map[holds.EffectKind]Handler{
		holds.EffectContain: func(context.Context, holds.Job) error { return holds.Refuse(holds.NotFound, "no such account") },
		holds.EffectTell:    func(context.Context, holds.Job) error { panic("ouch") },
	})
	o.OnDiscard = func(_ context.Context, j holds.Job, err error) {
		if j.Kind == holds.EffectContain && j.Attempt != 1 || j.Kind == holds.EffectTell && j.Attempt != maxAttempts {
			t.Errorf("told of attempt %d of %s", j.Attempt, j.Kind)
		}
		told <- err
	}
	r.enqueue(job(holds.EffectContain, "h"), job(holds.EffectTell, "h"))
	if _, err := r.pool.Exec(`UPDATE river.river_job SET attempt = $1 WHERE queue = 'tell'`, maxAttempts-1); err != nil {
		t.Fatal(err)
	}
	stop := r.start(o)
	wait(t, told)
	wait(t, told)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "cancelled discarded" {
		t.Errorf("states %s", got)
	}
	if got := r.text(`SELECT string_agg(errors::text, ' ' ORDER BY id) FROM river.river_job`); strings.Contains(got, "ouch") || !strings.Contains(got, "no such account") {
		t.Errorf("stored: %s", got)
	}
}

func TestAJobOfAnotherEpochDoesNotAct(t *testing.T) {
	r := newRig(t)
	stale := job(holds.EffectContain, "stale")
	stale.Epoch = epoch - 1
	r.enqueue(stale, job(holds.EffectContain, "current"))
	ran := make(chan holds.Job, 9)
	note := signal(ran)
	stop := r.start(r.options(only(holds.EffectContain, func(ctx context.Context, j holds.Job) error {
		if j.Epoch != epoch {
			return holds.Because(holds.Forbidden, holds.ErrOtherEpoch, "It must not act.")
		}
		return note(ctx, j)
	})))
	if got := wait(t, ran); got.Key.Hold != "current" {
		t.Errorf("ran %+v", got)
	}
	r.log.await(t, "another epoch")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "cancelled completed" || len(ran) != 0 {
		t.Errorf("states %s, ran %d more", got, len(ran))
	}
}

func TestAScheduledJobWaitsForItsTime(t *testing.T) {
	r := newRig(t)
	later := job(holds.EffectLift, "later")
	later.At = time.Now().Add(1200 * time.Millisecond)
	r.enqueue(later)
	r.enqueue(job(holds.EffectLift, "now"))
	ran := make(chan holds.Job, 9)
	r.start(r.options(only(holds.EffectLift, func(_ context.Context, j holds.Job) error {
		if time.Now().Before(j.At) {
			t.Errorf("ran %s early", time.Until(j.At))
		}
		ran <- j
		return nil
	})))
	if got := wait(t, ran); got.Key.Hold != "now" {
		t.Errorf("first ran %+v", got)
	}
	if got := wait(t, ran); got.Key.Hold != "later" {
		t.Errorf("then ran %+v", got)
	}
}

// Calls to a provider that hangs must not keep messages from going out.
func TestASlowKindDoesNotStarveAnother(t *testing.T) {
	r := newRig(t)
	hangs, release := make(chan holds.Job, 9), make(chan struct{})
	defer close(release)
	sent := make(chan holds.Job, 9)
	o := r.options(map[holds.EffectKind]Handler{
		holds.EffectContain: func(_ context.Context, j holds.Job) error {
			hangs <- j
			<-release
			return nil
		},
		holds.EffectSend: signal(sent),
	})
	o.Workers = map[holds.EffectKind]int{holds.EffectContain: 1, holds.EffectSend: 1}
	r.start(o)
	r.enqueue(job(holds.EffectContain, "h1"), job(holds.EffectContain, "h2"))
	wait(t, hangs)
	r.enqueue(job(holds.EffectSend, "h1"))
	wait(t, sent)
	if len(hangs) != 0 {
		t.Error("one worker ran two jobs")
	}
}

// Another runner may be newer and know effects that we do not.
func TestEffectsWithoutAHandlerAreLeftAlone(t *testing.T) {
	r := newRig(t)
	r.enqueue(job(holds.EffectRevert, "h"), job(holds.EffectTell, "h"))
	ran := make(chan holds.Job, 9)
	stop := r.start(r.options(only(holds.EffectTell, signal(ran))))
	wait(t, ran)
	if err := stop(); err != nil || r.states() != "available completed" {
		t.Errorf("%v, states %s", err, r.states())
	}
}

// H16: what runs when the program stops is handed back, and does not lose an
// attempt over it.
func TestH16AStopHandsBack(t *testing.T) {
	r := newRig(t)
	started := make(chan holds.Job, 9)
	handlers := only(holds.EffectContain, func(ctx context.Context, j holds.Job) error {
		started <- j
		<-ctx.Done()
		return holds.Because(holds.Unavailable, ctx.Err(), "interrupted")
	})
	o := r.options(handlers)
	o.tuning.softStop = 50 * time.Millisecond
	stop := r.start(o)
	r.enqueue(job(holds.EffectContain, "h"))
	wait(t, started)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "available" {
		t.Fatalf("after the stop: %s", got)
	}
	r.start(o)
	if j := wait(t, started); j.Attempt != 1 {
		t.Errorf("ran elsewhere as attempt %d", j.Attempt)
	}
}

func TestH16AStopLetsRunningJobsFinish(t *testing.T) {
	r := newRig(t)
	started, finish := make(chan holds.Job, 1), make(chan struct{})
	o := r.options(only(holds.EffectContain, func(ctx context.Context, j holds.Job) error {
		started <- j
		select {
		case <-finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	o.tuning.softStop = patience
	runner, err := NewRunner(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	r.enqueue(job(holds.EffectContain, "h"))
	wait(t, started)
	cancel()
	finish <- struct{}{}
	if err := wait(t, ended); err != nil || r.states() != "completed" {
		t.Errorf("%v, states %s", err, r.states())
	}
}

func TestAJobThatDoesNotStopIsReported(t *testing.T) {
	r := newRig(t)
	started, release := make(chan holds.Job, 1), make(chan struct{})
	o := r.options(only(holds.EffectContain, func(_ context.Context, j holds.Job) error {
		started <- j
		<-release
		return nil
	}))
	o.tuning.softStop, o.tuning.hardStop = time.Millisecond, time.Millisecond
	stop := r.start(o)
	r.enqueue(job(holds.EffectContain, "h"))
	wait(t, started)
	err := stop()
	state := r.states()
	close(release)
	if err == nil || state != "running" {
		t.Errorf("%v, states %s", err, state)
	}
}

func TestAStopLeavesNothingRunning(t *testing.T) {
	r := newRig(t)
	if err := r.pool.Ping(); err != nil {
		t.Fatal(err)
	}
	before := goleak.IgnoreCurrent()
	ran := make(chan holds.Job, 1)
	stop := r.start(r.options(only(holds.EffectTell, signal(ran))))
	r.enqueue(job(holds.EffectTell, "h"))
	wait(t, ran)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
	if len(r.inserter.runners) != 0 {
		t.Error("a stopped runner is still kicked")
	}
	r.inserter.Kick(job(holds.EffectTell, "h")) // nobody is there: no-op
}

// H16: River tells its troubles, but not that the stop cut it off.
func TestH16AStopIsNoTrouble(t *testing.T) {
	log := newLogbook()
	var stopping bool
	river := quiet(slog.New(log), func() bool { return stopping })
	river.Error("looking for jobs", "error", sql.ErrTxDone.Error())
	if !strings.Contains(log.String(), "looking for jobs") {
		t.Error("a trouble of an ordinary day is not told")
	}
	stopping = true
	river.Error("cut off", "error", sql.ErrTxDone.Error())
	river.Error("ended", "error", fmt.Errorf("looking: %w", context.Canceled))
	if got := log.String(); strings.Contains(got, "cut off") || strings.Contains(got, "ended") {
		t.Errorf("told: %s", got)
	}
	river.Error("no table", "error", "relation does not exist")
	if !strings.Contains(log.String(), "no table") {
		t.Error("a trouble that is not of the stop is not told")
	}
}
