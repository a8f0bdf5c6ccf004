package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// copied is a second cluster on a copy of the world's database, at the same
// organisation and with the same mail server, but a machine of its own: its files are
// a copy, too, and the directory of checkpoints is the first one's where they share it.
// The world's own service must not run while it is copied.
func (w *world) copied(shared bool) *world {
	w.Helper()
	x := *w
	x.nodes, x.log, x.dir = nil, &record{}, w.TempDir()
	x.db.Name = w.db.Name + "_copy"
	for _, dsn := range []*string{&x.db.AppDSN, &x.db.OwnerDSN, &x.db.SuperDSN} {
		was := *dsn
		if *dsn = strings.Replace(was, "dbname='"+w.db.Name+"'", "dbname='"+x.db.Name+"'", 1); *dsn == was {
			w.Fatal("the connection string does not name the database as expected")
		}
	}
	w.admin("CREATE DATABASE " + pq.QuoteIdentifier(x.db.Name) + " TEMPLATE " + pq.QuoteIdentifier(w.db.Name))
	w.must(os.CopyFS(x.dir, os.DirFS(w.dir)))
	w.must(filepath.WalkDir(x.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	}))
	layout := *w.layout
	if x.layout = &layout; shared {
		x.layout.swap("checkpoints: checkpoints", "checkpoints: "+filepath.Join(w.dir, "checkpoints"))
	}
	x.layout.rewrite(&x)
	x.write("database.url", x.db.AppDSN+"\n")
	x.write("database.owner.url", x.db.OwnerDSN+"\n")
	w.Cleanup(x.stopAll)
	return &x
}

// anyHold is one of the holds there are.
func (w *world) anyHold() holds.Key {
	w.Helper()
	return holds.Key{Tenant: tenant, Hold: holds.HoldID(w.column("SELECT hold_id::text FROM holds ORDER BY opened_at LIMIT 1")[0])}
}

// idle proves that a cluster does nothing: jobs get no epoch, no call is announced,
// and no message goes out.
func (w *world) idle(which string, intents int) {
	w.Helper()
	if _, err := w.svc().store.Start(w.Context(), w.anyHold()); holds.KindOf(err) != holds.Unavailable {
		w.Errorf("the workers of the %s cluster may act: %v", which, err)
	}
	if n := w.count("SELECT count(*) FROM intents"); n != intents {
		w.Errorf("the %s cluster announced %d calls", which, n-intents)
	}
	if n := w.count("SELECT count(*) FROM notice_attempts a JOIN notices USING (tenant_id, notice_id) WHERE created_at > (SELECT restoring_since FROM installation)"); n != 0 {
		w.Errorf("the %s cluster sent %d messages", which, n)
	}
}

// H14: a second cluster is started on a copy of the database, at the same
// organisation, while the first one runs and publishes to the directory that they
// share. The second one notices that what was published is not its own: its workers
// refuse, it says so, and it shows people what the first one does as acts of their
// credential that it never announced. When somebody makes it the one that goes on,
// with an epoch of its own, it is the first one that notices and whose workers refuse.
// At no moment do both act, and the organisation sees each call once.
func TestH14ASecondClusterOnACopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll))
	w.hold(oktasim.Payroll, "the hold across the copy", isContained)
	w.settled()
	w.must(w.svc().anchor.Once(t.Context()))
	w.stop()
	x := w.copied(true)
	before := x.count("SELECT count(*) FROM intents")
	w.start()
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.hold(oktasim.Engineer, "the first cluster's restraint", isContained)
	w.settled()
	w.must(w.svc().anchor.Once(t.Context()))

	x.start()
	if since, why, err := x.svc().store.Restoring(t.Context()); err != nil || since.IsZero() || !strings.Contains(why, "were published") {
		t.Fatalf("the second cluster did not notice that it is a copy: %v %q %v", since, why, err)
	}
	if !strings.Contains(x.log.String(), "restore mode") {
		t.Error("the second cluster's log says nothing of it")
	}
	x.hold(oktasim.Engineer, "the second cluster to show the first one's acts", func(v holds.View) bool {
		return strings.Contains(strings.Join(v.Hold.Doubts, " "), "without an intent")
	})
	x.idle("second", before)

	x.good("restore") // people have decided which of the two goes on
	x.must(x.svc().anchor.Once(t.Context()))
	if start, err := x.svc().store.Start(t.Context(), x.anyHold()); start.Epoch != 2 || err != nil {
		t.Errorf("the second cluster is at epoch %d, %v", start.Epoch, err)
	}
	if err := w.svc().anchor.Once(t.Context()); err == nil {
		t.Error("the first cluster published over the second one")
	}
	w.svc().noticeRestore(t.Context()) // as it does every minute
	if since, why, err := w.svc().store.Restoring(t.Context()); err != nil || since.IsZero() {
		t.Fatalf("the first cluster did not notice that another one goes on: %v %q %v", since, why, err)
	}
	before = w.count("SELECT count(*) FROM intents")
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.EngineerTwo))
	x.hold(oktasim.EngineerTwo, "the second cluster's restraint", isContained)
	w.hold(oktasim.EngineerTwo, "the first cluster to have a hold", func(holds.View) bool { return true })
	w.idle("first", before)
	for _, account := range []string{oktasim.Payroll, oktasim.Engineer, oktasim.EngineerTwo} {
		w.once(account)
		restrained(t, w.sim(), account)
	}
}
