package jobs

import (
	"context"
	"database/sql"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/pgtest"
)

// The server dies while a job runs and another is queued: both are done once
// it is back, and the runner has neither failed nor to be started again.
func TestARunnerOutlastsTheDatabase(t *testing.T) {
	server := pgtest.Server(t)
	ctx := t.Context()
	if err := server.CreateDatabase(ctx, "jobs", ""); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(ctx, open(t, server.DSN(localpg.RoleOwner, "jobs"))); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: pgtest.Database{AppDSN: server.DSN(localpg.RoleApp, "jobs")}, log: newLogbook()}
	r.pool = open(t, r.db.AppDSN)
	inserter, err := NewInserter(nil)
	if err != nil {
		t.Fatal(err)
	}
	r.inserter = inserter

	started, finish, ran := make(chan holds.Job, 1), make(chan struct{}), make(chan holds.Job, 9)
	o := r.options(map[holds.EffectKind]Handler{
		holds.EffectContain: func(_ context.Context, j holds.Job) error {
			if j.Attempt == 1 {
				started <- j
				<-finish
			}
			return nil
		},
		holds.EffectTell: signal(ran),
	})
	later := job(holds.EffectLift, "h") // nobody here does that
	r.enqueue(job(holds.EffectContain, "h"), later)
	stop := r.start(o)
	wait(t, started)
	if err := syscall.Kill(server.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, server.Done())
	r.log.await(t, "was lost")
	close(finish)
	again, err := localpg.Start(ctx, localpg.Options{Root: server.Root(), Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Stop(context.Background()) })

	r.enqueueSoon(job(holds.EffectTell, "h"))
	wait(t, ran)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := r.states(); !strings.HasPrefix(got, "completed available completed") {
		t.Errorf("states %s", got)
	}
}

// enqueueSoon is enqueue for a pool whose connections may all be dead.
func (r *rig) enqueueSoon(j holds.Job) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := func() error {
			tx, err := r.pool.BeginTx(context.Background(), &sql.TxOptions{})
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			if err := r.inserter.Enqueue(context.Background(), tx, j); err != nil {
				return err
			}
			return tx.Commit()
		}()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatal(err)
		}
	}
}
