package jobs

import (
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// A commit wakes the queues that it gave jobs to, and no others: a look into a
// queue costs the database something also when nothing is in it.
func TestAKickWakesOnlyTheQueuesOfItsJobs(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 9)
	var mu sync.Mutex
	looks := map[string]int{}
	o := r.deaf(ran)
	o.tuning.looked = func(queue string, _ time.Duration, _ int) {
		mu.Lock()
		defer mu.Unlock()
		looks[queue]++
	}
	stop := r.start(o)
	r.settled(ran)
	const rounds = 30
	for round := range rounds {
		j := job(holds.EffectTell, "h")
		j.Round = round
		r.enqueue(j)
		r.inserter.Kick(j)
		wait(t, ran)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// At the start each queue is looked into because it starts, because the listener
	// is connected, and for the jobs that settle it.
	if looks["tell"] < rounds || looks["page"] > 5 {
		t.Errorf("looks: %v", looks)
	}
}

// A job whose time is ahead wakes nobody.
func TestAKickForLaterWakesNobody(t *testing.T) {
	var k kicks
	var woken []string
	k.attach(nil, func(queues []string) { woken = append(woken, queues...) })
	later := job(holds.EffectLift, "h")
	later.At = time.Now().Add(time.Hour)
	k.Kick(later)
	k.Kick()
	k.Kick(job(holds.EffectTell, "a"), later, job(holds.EffectTell, "b"), job(holds.EffectPage, "a"))
	if len(woken) != 2 || woken[0] != "tell" || woken[1] != "page" {
		t.Errorf("woke %v", woken)
	}
}

// A runner tells the runners elsewhere of what was committed here, also of what
// it has no handler for.
func TestARunnerTellsTheOthersAfterTheCommit(t *testing.T) {
	r := newRig(t)
	here, there := make(chan holds.Job, 9), make(chan holds.Job, 9)
	r.start(r.deaf(there))
	r.settled(there)
	r.inserter, _ = NewInserter(nil)
	o := r.options(only(holds.EffectContain, signal(here)))
	o.tuning.poll = never
	r.start(o)
	first := job(holds.EffectContain, "attached")
	r.enqueue(first)
	wait(t, here)
	for round := range 3 {
		j := job(holds.EffectTell, "elsewhere")
		j.Round = round
		r.unheard(j)
		r.inserter.Kick(j)
		if got := wait(t, there); got.Round != round {
			t.Errorf("round %d ran %+v", round, got)
		}
	}
}

// More jobs of one connection than its share are all done without anybody looking
// now and then: the end of one makes the next be looked for.
func TestAFullLaneIsLookedAtWhenAJobEnds(t *testing.T) {
	r := newRig(t)
	ran := make(chan holds.Job, 99)
	o := r.options(only(holds.EffectTell, signal(ran)))
	o.tuning.poll = never
	var all []holds.Job
	for round := range 40 {
		j := job(holds.EffectTell, "h")
		j.Round = round
		all = append(all, j)
	}
	r.enqueue(all...)
	r.start(o)
	for range all {
		wait(t, ran)
	}
}
