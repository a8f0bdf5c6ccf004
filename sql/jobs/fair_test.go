package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver"

	"github.com/countersign/countersign/holds"
)

// of is a containment of a connection.
func of(conn holds.ConnectionID, hold string, urgency int) holds.Job {
	j := job(holds.EffectContain, holds.HoldID(hold))
	j.Connection, j.Urgency = conn, urgency
	return j
}

// fetched asks for jobs as River does and says which holds they are of.
func (r *rig) fetched(f *fetcher, most int) string {
	r.t.Helper()
	rows, err := f.JobGetAvailable(context.Background(), &riverdriver.JobGetAvailableParams{
		ClientID: "me", MaxAttemptedBy: 3, MaxToLock: most, Queue: string(holds.EffectContain),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for _, row := range rows {
		if row.State != "running" || row.Attempt != 1 || row.AttemptedBy[0] != "me" || row.MaxAttempts != maxAttempts {
			r.t.Errorf("fetched %+v", row)
		}
		all = append(all, strings.Split(strings.Split(string(row.EncodedArgs), `"hold": "`)[1], `"`)[0])
	}
	slices.Sort(all) // River sorts by itself; what counts is who was taken
	return strings.Join(all, " ")
}

// H10: what is urgent goes first, then what is old; one connection never takes
// more than its share; and of two, the one with fewer jobs at work goes first.
func TestH10JobsAreTakenByUrgencyAndInTurns(t *testing.T) {
	r := newRig(t)
	f := &fetcher{db: r.pool, lanes: newLanes(3)}
	for i := range 6 {
		r.enqueue(of("flooded", fmt.Sprintf("f%d", i), holds.UrgencyHigh))
	}
	r.enqueue(of("quiet", "q0", holds.UrgencyHigh), of("quiet", "q1", holds.UrgencyLow), of("", "n0", holds.UrgencyHigh))
	r.enqueue(of("flooded", "f-first", holds.UrgencyFirst))
	if got := r.fetched(f, 3); got != "f-first n0 q0" {
		t.Errorf("the first three are %s", got)
	}
	if got := r.fetched(f, 8); got != "f0 f1 q1" {
		t.Errorf("with one at work and a share of three came %s", got)
	}
	if got := r.fetched(f, 8); got != "" {
		t.Errorf("beyond its share came %s", got)
	}
	f.lanes.ended(r.id("f0"), of("flooded", "f0", 0), nil)
	if got := r.fetched(f, 8); got != "f2" {
		t.Errorf("after one ended came %s", got)
	}
}

// id is the number of a hold's job.
func (r *rig) id(hold string) (id int64) {
	r.t.Helper()
	if err := r.pool.QueryRow(`SELECT id FROM river.river_job WHERE args->>'hold' = $1`, hold).Scan(&id); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// H10: equal jobs are one; when the second is more urgent, so is the one.
func TestH10AnUrgentRepetitionHastensTheWaitingJob(t *testing.T) {
	r := newRig(t)
	r.enqueue(of("c", "slow", holds.UrgencyLow))
	r.enqueue(of("c", "slow", holds.UrgencyFirst))
	r.enqueue(of("c", "slow", holds.UrgencyMedium))
	if got := r.text(`SELECT string_agg(priority::text, ' ') FROM river.river_job`); got != "1" {
		t.Errorf("priorities %s", got)
	}
}

// H10: the least urgent job is not passed over for ever: a few of the oldest are
// put in front at every look.
func TestH10AgeRaises(t *testing.T) {
	r := newRig(t)
	for i := range agedMost + 2 {
		r.enqueue(of("c", fmt.Sprintf("low%d", i), holds.UrgencyLow))
	}
	if _, err := r.pool.Exec(`UPDATE river.river_job SET scheduled_at = now() - interval '1 minute' + id * interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	r.enqueue(of("c", "young", holds.UrgencyLow))
	s := &rescuer{db: r.pool, queues: []string{"contain", "tell"}, aged: 20 * time.Second}
	for _, want := range []string{"1 1 1 1 1 4 4 4", "1 1 1 1 1 1 1 4"} {
		if err := s.raise(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.text(`SELECT string_agg(priority::text, ' ' ORDER BY id) FROM river.river_job`); got != want {
			t.Errorf("priorities %s, want %s", got, want)
		}
	}
}

// H10: one connection's provider answers 429 to everything, for ten minutes, and
// hundreds of its holds wait. A hold of another connection is contained as if
// they were not there, and the first connection's are tried one at a time.
func TestH10A429OfOneConnectionStarvesNobody(t *testing.T) {
	r := newRig(t)
	var many []holds.Job
	for i := range 300 {
		many = append(many, of("throttled", fmt.Sprintf("t%03d", i), holds.UrgencyFirst))
	}
	r.enqueue(many...)
	contained, refused := make(chan holds.Job, 9), make(chan holds.Job, 999)
	var mu sync.Mutex
	together, most, seen := 0, 0, 0
	o := r.options(only(holds.EffectContain, func(_ context.Context, j holds.Job) error {
		if j.Connection != "throttled" {
			contained <- j
			return nil
		}
		mu.Lock()
		together++
		if seen++; seen > 2*defaultShare { // the first few met the 429 together
			most = max(most, together)
		}
		mu.Unlock()
		defer func() {
			mu.Lock()
			together--
			mu.Unlock()
			refused <- j
		}()
		return &holds.Error{Kind: holds.Unavailable, Detail: "the provider asks to wait", After: 10 * time.Minute}
	}))
	o.Logger = slog.New(slog.DiscardHandler)
	r.start(o)
	wait(t, refused)
	before := len(refused)
	r.enqueue(of("other", "o", holds.UrgencyLow))
	r.inserter.Kick(of("other", "o", holds.UrgencyLow))
	wait(t, contained)
	if n := len(refused) - before; n > 250 {
		t.Errorf("%d jobs of the throttled connection came before it", n)
	}
	for range 60 {
		wait(t, refused)
	}
	mu.Lock()
	defer mu.Unlock()
	if most != 1 {
		t.Errorf("%d jobs of a connection that was asked to wait were at work together", most)
	}
}

// H10: a provider that hangs takes its share of the workers and no more.
func TestH10AHangingProviderTakesItsShareOnly(t *testing.T) {
	r := newRig(t)
	hung, release, contained := make(chan holds.Job, 99), make(chan struct{}), make(chan holds.Job, 9)
	o := r.options(only(holds.EffectContain, func(_ context.Context, j holds.Job) error {
		if j.Connection == "hanging" {
			hung <- j
			<-release
			return nil
		}
		contained <- j
		return nil
	}))
	o.Workers, o.Share = map[holds.EffectKind]int{holds.EffectContain: 4}, 3
	for i := range 20 {
		r.enqueue(of("hanging", fmt.Sprintf("h%02d", i), holds.UrgencyFirst))
	}
	stop := r.start(o)
	for range 3 {
		wait(t, hung)
	}
	r.enqueue(of("other", "o", holds.UrgencyLow))
	wait(t, contained)
	if n := len(hung); n != 0 {
		t.Errorf("%d more of the hanging connection began", n)
	}
	close(release)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// While the database is away River fails once for each look of each queue. That
// is one line a minute, with the number of those left out.
func TestAnOutageIsNotAFloodOfLines(t *testing.T) {
	log := newLogbook()
	s := newSaid(time.Hour)
	river := slog.New(bounded{slog.NewTextHandler(log, nil), s}).With("part", "river")
	for i := range 500 {
		river.Error("Producer: Error fetching jobs", "queue", fmt.Sprint(i))
		river.With("queue", i).WithGroup("g").Error("Elector: Error attempting reelection")
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	s.every = 0
	river.Error("Producer: Error fetching jobs")
	if !strings.Contains(log.String(), "left_out_since_the_last=499") {
		t.Errorf("it is not said how many:\n%s", log)
	}
}
