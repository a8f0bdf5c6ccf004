package pgstore_test

import (
	"context"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/jobs"
)

// H7: once a job was given to another runner, nothing of what its first runner
// still tries to write is committed: no change of the hold, no announcement, no
// outcome and no line of the ledger. Until then, all of it is.
func TestH7AZombiesWritesAreRefused(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	calls := w.intend(h, 1, holds.Action{Kind: holds.SuspendAccount, Account: "00u1"}, holds.Action{Kind: holds.ClearSessions, Account: "00u1"})
	notice := holds.Notice{
		ID: holds.NoticeID(newID()), Tenant: acme, Hold: h.ID, Version: 1, Audience: holds.ToOwner, Channel: "email",
		Point: holds.ContactPoint{Kind: holds.EmailPoint, Value: "olga@home.example"}, Created: at(5),
	}
	w.change(keyOf(h), func(c *holds.Change) { c.Notices = []holds.Notice{notice} })

	writes := func(ctx context.Context, call holds.Intent) map[string]error {
		_, changed := w.Update(ctx, keyOf(h), at(7), func(h holds.Hold) (*holds.Change, error) { return &holds.Change{Hold: h}, nil })
		return map[string]error{
			"a change of the hold": changed,
			"an announcement":      w.Tried(ctx, keyOf(h), call.ID, at(7)),
			"an outcome":           w.Outcome(ctx, keyOf(h), call.ID, holds.Result{Status: holds.Applied, At: at(7)}),
			"a line of the ledger": w.Attempted(ctx, acme, holds.Attempt{Notice: notice.ID, Status: holds.NoticeAccepted, At: at(7)}),
		}
	}
	results := make(chan map[string]error, 2)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	runner, err := jobs.NewRunner(jobs.Options{
		DB: w.sql(w.db.AppDSN), DSN: w.db.AppDSN, OnDiscard: func(context.Context, holds.Job, error) {},
		Handlers: map[holds.EffectKind]jobs.Handler{holds.EffectContain: func(ctx context.Context, _ holds.Job) error {
			results <- writes(ctx, calls[0])
			w.exec("UPDATE river.river_job SET attempt = attempt + 1, attempted_by = array_append(attempted_by, 'another')")
			results <- writes(ctx, calls[1])
			stop()
			return nil
		}},
	})
	w.must(err)
	go func() { ended <- runner.Run(ctx) }()
	for what, err := range <-results {
		if err != nil {
			t.Errorf("%s of whoever has the job: %v", what, err)
		}
	}
	before := w.count("audit_leaves")
	for what, err := range <-results {
		if holds.KindOf(err) != holds.Unavailable {
			t.Errorf("%s of a zombie: %v", what, err)
		}
	}
	w.must(<-ended)
	if n := w.count("outcomes"); n != 1 || w.count("notice_attempts") != 1 || w.count("intents WHERE tried_at IS NOT NULL") != 1 {
		t.Errorf("%d outcomes", n)
	}
	if w.count("audit_leaves") != before {
		t.Error("the zombie appended to the audit log")
	}
}
