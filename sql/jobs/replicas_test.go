package jobs

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

const childDSN = "COUNTERSIGN_JOBS_CHILD_DSN"

// TestChild is the program that TestH7 kills: it takes a job and never ends.
func TestChild(t *testing.T) {
	dsn := os.Getenv(childDSN)
	if dsn == "" {
		t.Skip("runs only as the child of TestH7AKilledProcessLosesNoJob")
	}
	pool, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := NewRunner(Options{
		DB: pool, DSN: dsn,
		Handlers: only(holds.EffectContain, func(context.Context, holds.Job) error {
			fmt.Println("has the job")
			select {}
		}),
		OnDiscard: func(context.Context, holds.Job, error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Fatal(runner.Run(context.Background()))
}

// H7: a process killed in the middle of a job loses neither the job nor more
// than one attempt.
func TestH7AKilledProcessLosesNoJob(t *testing.T) {
	r := newRig(t)
	r.enqueue(job(holds.EffectContain, "h"))
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDSN+"="+r.db.AppDSN)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		lines <- line
	}()
	line := wait(t, lines)
	_ = child.Process.Kill()
	_ = child.Wait()
	if !strings.Contains(line, "has the job") {
		t.Fatalf("the child said %q", line)
	}
	ran := make(chan holds.Job, 9)
	o := r.options(only(holds.EffectContain, signal(ran)))
	o.tuning.rescueAfter, o.tuning.rescueEvery = 300*time.Millisecond, 50*time.Millisecond
	o.Timeout = 200 * time.Millisecond
	stop := r.start(o)
	if got := wait(t, ran); got.Attempt != 2 {
		t.Errorf("rescued as attempt %d", got.Attempt)
	}
	if err := stop(); err != nil || r.states() != "completed" {
		t.Errorf("%v, states %s", err, r.states())
	}
	r.log.await(t, "given to another runner")
	if got := r.text(`SELECT errors[1]->>'error' FROM river.river_job`); !strings.Contains(got, "died") {
		t.Errorf("stored: %s", got)
	}
}

func TestTheRescuerTakesOnlyWhatIsAbandoned(t *testing.T) {
	r := newRig(t)
	r.enqueue(job(holds.EffectContain, "abandoned"), job(holds.EffectContain, "running"),
		job(holds.EffectTell, "another queue"), job(holds.EffectContain, "waiting"), job(holds.EffectContain, "to be cancelled"))
	for _, statement := range []string{
		`UPDATE river.river_job SET state = 'running', attempt = 5, attempted_at = now() - interval '21 s' WHERE args->>'hold' <> 'waiting'`,
		`UPDATE river.river_job SET attempted_at = now() - interval '19 s' WHERE args->>'hold' = 'running'`,
		`UPDATE river.river_job SET metadata = '{"cancel_attempted_at": "2026-01-01T00:00:00Z"}' WHERE args->>'hold' = 'to be cancelled'`,
	} {
		if _, err := r.pool.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	s := &rescuer{db: r.pool, queues: []string{"contain"}, after: 20 * time.Second, pulse: &pulse{}, working: newLanes(4).jobs, log: slog.New(slog.DiscardHandler)}
	if err := s.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); got != "available running running available running" {
		t.Errorf("states %s", got)
	}
	if got := r.text(`SELECT round(extract(epoch FROM scheduled_at - now()))::text FROM river.river_job WHERE args->>'hold' = 'abandoned'`); got != "16" {
		t.Errorf("after the fifth attempt it waits %s seconds, want 16", got)
	}
}

// Two runners over one database never run one job twice, and share the work.
func TestTwoRunnersRunEachJobOnce(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 500)
	o := r.options(only(holds.EffectTell, signal(ran)))
	stopA := r.start(o)
	o.DB = open(t, r.db.AppDSN)
	stopB := r.start(o)
	seen := make(map[int]bool)
	for round := range 200 {
		j := job(holds.EffectTell, "h")
		j.Round = round
		r.enqueue(j)
		r.inserter.Kick(j)
	}
	for range 200 {
		j := wait(t, ran)
		if seen[j.Round] || j.Attempt != 1 {
			t.Errorf("round %d ran again", j.Round)
		}
		seen[j.Round] = true
	}
	if err := stopA(); err != nil {
		t.Error(err)
	}
	if err := stopB(); err != nil {
		t.Error(err)
	}
	if len(ran) != 0 {
		t.Errorf("%d jobs ran twice", len(ran))
	}
}

// Only the leader moves scheduled jobs on, so somebody must always lead.
func TestAnotherRunnerLeadsWhenTheLeaderStops(t *testing.T) {
	r := newRig(t)
	soon := func(hold holds.HoldID) holds.Job {
		j := job(holds.EffectLift, hold)
		j.At = time.Now().Add(300 * time.Millisecond)
		return j
	}
	first, second := make(chan holds.Job, 9), make(chan holds.Job, 9)
	r.enqueue(soon("by the first"))
	stop := r.start(r.options(only(holds.EffectLift, signal(first))))
	wait(t, first)
	o := r.options(only(holds.EffectLift, signal(second)))
	o.DB = open(t, r.db.AppDSN)
	r.start(o)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.enqueue(soon("by the second"))
	wait(t, second)
}
