package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// TestH1Backlogs: what waits, fails and was given up is counted by effect, and what
// is done is not.
func TestH1Backlogs(t *testing.T) {
	r := newRig(t)
	if got, err := Backlogs(t.Context(), r.pool); err != nil || len(got) != 0 {
		t.Fatalf("without a job: %v %v", got, err)
	}
	later := job(holds.EffectTell, "later")
	later.At = time.Now().Add(time.Hour)
	r.enqueue(job(holds.EffectTell, "a"), job(holds.EffectTell, "b"), later, job(holds.EffectPage, "c"))
	done := make(chan holds.Job, 1)
	stop := r.start(r.options(only(holds.EffectPage, signal(done))))
	wait(t, done)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`UPDATE river.river_job SET state = 'discarded', finalized_at = now() WHERE args->>'hold' = 'a'`,
		`UPDATE river.river_job SET errors = ARRAY['{}'::jsonb] WHERE args->>'hold' = 'b'`,
	} {
		if _, err := open(t, r.db.SuperDSN).ExecContext(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Backlogs(t.Context(), r.pool)
	if err != nil || len(got) != 1 || got[0].Oldest.IsZero() || time.Since(got[0].Oldest) > time.Hour {
		t.Fatalf("%+v %v", got, err)
	}
	got[0].Oldest = time.Time{}
	if diff := cmp.Diff([]Backlog{{Kind: holds.EffectTell, Waiting: 2, Failing: 1, GivenUp: 1}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
