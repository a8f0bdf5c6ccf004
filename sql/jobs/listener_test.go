package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/countersign/countersign/holds"
)

// deaf is options of a runner that finds jobs only when woken.
func (r *rig) deaf(ran chan<- holds.Job) Options {
	o := r.options(map[holds.EffectKind]Handler{holds.EffectTell: signal(ran), holds.EffectPage: signal(ran)})
	o.tuning.poll = never
	return o
}

// settled makes sure that the runner has looked into both of its queues once,
// so that only being woken can make it look again.
func (r *rig) settled(ran <-chan holds.Job) {
	r.t.Helper()
	first := []holds.Job{job(holds.EffectTell, "first"), job(holds.EffectPage, "first")}
	r.enqueue(first...)
	r.inserter.Kick(first...)
	wait(r.t, ran)
	wait(r.t, ran)
}

// unheard commits a job that nobody is notified of: River leaves out the
// notification of a commit that follows another within milliseconds, and never
// repeats it.
func (r *rig) unheard(j holds.Job) {
	r.t.Helper()
	a, err := argsOf(j)
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.pool.Exec(`INSERT INTO river.river_job (args, kind, max_attempts, queue) VALUES ($1, $2, $3, $4)`,
		string(text), jobKind, maxAttempts, string(j.Kind)); err != nil {
		r.t.Fatal(err)
	}
}

func TestAKickAfterTheCommitIsEnough(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 9)
	r.start(r.deaf(ran))
	r.settled(ran)
	for round := range 50 {
		j := job(holds.EffectTell, "kicked")
		j.Round = round
		r.unheard(j)
		r.inserter.Kick(j)
		if got := wait(t, ran); got.Round != round {
			t.Fatalf("round %d ran %+v", round, got)
		}
	}
}

func TestANotificationIsHeardFromAnotherProgram(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 9)
	r.start(r.deaf(ran))
	r.settled(ran)
	other, err := NewInserter(nil) // knows of no runner
	if err != nil {
		t.Fatal(err)
	}
	r.inserter = other
	r.enqueue(job(holds.EffectPage, "from elsewhere"))
	wait(t, ran)
}

func TestTheListenerSurvivesTheLossOfItsConnection(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 9)
	r.start(r.deaf(ran))
	r.settled(ran)
	r.unheard(job(holds.EffectTell, "meanwhile")) // found only by looking after the reconnection
	killed := r.superText(`SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
	if killed != "1" {
		t.Fatalf("ended %s listening connections", killed)
	}
	r.log.await(t, "was lost")
	r.log.await(t, "listening for new jobs again")
	wait(t, ran)
	other, err := NewInserter(nil) // cannot kick: the notification must be heard
	if err != nil {
		t.Fatal(err)
	}
	r.inserter = other
	r.enqueue(job(holds.EffectPage, "after"))
	wait(t, ran)
}

func (r *rig) superText(query string) string {
	r.t.Helper()
	var s string
	if err := open(r.t, r.db.SuperDSN).QueryRow(query).Scan(&s); err != nil {
		r.t.Fatal(err)
	}
	return s
}

func TestTheListenerAlone(t *testing.T) {
	r := newRig(t)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	l := newListener(r.db.AppDSN, []string{"tell", "page"}, slog.New(slog.DiscardHandler))
	if err := l.Ping(ctx); err == nil {
		t.Error("pings before it is connected")
	}
	if err := l.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	next := func() string {
		t.Helper()
		n, err := l.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n.Topic + n.Payload
	}
	all := func(why string) {
		t.Helper()
		if a, b := next(), next(); a != `river_insert{"queue": "tell"}` || b != `river_insert{"queue": "page"}` {
			t.Errorf("%s: %s %s", why, a, b)
		}
	}
	all("after connecting")
	for range 2 { // twice is no error
		if err := l.Listen(ctx, "topic"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Ping(ctx); err != nil {
		t.Error(err)
	}
	if _, err := r.pool.Exec(`SELECT pg_notify('river.topic', 'hello')`); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "topichello" {
		t.Errorf("heard %s", got)
	}
	l.kick([]string{"page", "contain"}) // nobody here contains
	l.kick([]string{"page"})            // two kicks are one
	if got := next(); got != `river_insert{"queue": "page"}` {
		t.Errorf("after a kick: %s", got)
	}
	l.by = "me"
	if err := l.Listen(ctx, insertTopic); err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{`{"queue": "page", "by": "me"}`, `{"queue": "tell", "by": "another"}`, `{"queue": "tell"}`, `no document`} {
		if _, err := r.pool.Exec(`SELECT pg_notify('river.river_insert', $1)`, payload); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`{"queue": "tell", "by": "another"}`, `{"queue": "tell"}`, `no document`} {
		if got := next(); got != "river_insert"+want { // what it said itself it does not hear
			t.Errorf("heard %s, want %s", got, want)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.WaitForNotification(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting with an ended context: %v", err)
	}
	for range 2 {
		if err := l.Unlisten(ctx, "topic"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := l.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	all("after connecting again")
	_ = l.Close(ctx)
	l.kick([]string{"tell"}) // kept
	if got := next(); got != `river_insert{"queue": "tell"}` {
		t.Errorf("after a kick while nobody listened: %s", got)
	}
}

func TestAListenerThatCannotConnectSaysSo(t *testing.T) {
	l := newListener("host=/nowhere sslmode=disable password=hunter2", nil, slog.New(slog.DiscardHandler))
	if err := l.Connect(t.Context()); err == nil {
		t.Error("connected to nowhere")
	}
}
