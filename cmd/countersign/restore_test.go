package main

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// admin runs a statement that no connection to the database may disturb.
func (w *world) admin(statements ...string) {
	w.Helper()
	w.must(w.super().Close())
	delete(w.root, w.db.Name)
	cfg, err := pq.NewConfig(w.db.SuperDSN)
	w.must(err)
	cfg.Database = "postgres"
	c, err := pq.NewConnectorConfig(cfg)
	w.must(err)
	db := sql.OpenDB(c)
	defer func() { w.must(db.Close()) }()
	for _, s := range statements {
		_, err := db.ExecContext(w.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, w.db.Name)
		w.must(err)
		_, err = db.ExecContext(w.Context(), s)
		w.must(err)
	}
}

// H13: the database is restored to a moment an hour ago. One account was held and
// released before it, one is held across it, and one was held and restrained in
// the hour that is lost. The service notices by itself and acts no more; the
// command looks everything up; afterwards nothing was done twice, nothing decided
// is open again, and what we restrained in the lost hour is given back by its
// release.
func TestH13RestoredToAnHourAgo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the first hold", isContained)
	w.settled()
	w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Payroll))
	w.hold(oktasim.Payroll, "the hold across the backup", isContained)
	w.settled()
	w.must(w.svc().anchor.Once(t.Context()))
	w.stop()

	backup, now := pq.QuoteIdentifier(w.db.Name+"_backup"), pq.QuoteIdentifier(w.db.Name)
	w.admin("CREATE DATABASE " + backup + " TEMPLATE " + now)
	w.start()
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Contractor))
	w.hold(oktasim.Contractor, "the hold that will be lost", isContained)
	w.settled()
	w.must(w.svc().anchor.Once(t.Context()))
	mails := len(w.mail.Mails())
	w.stop()
	w.admin("DROP DATABASE "+now, "ALTER DATABASE "+backup+" RENAME TO "+now)

	w.start()
	if since, why, err := w.svc().store.Restoring(t.Context()); err != nil || since.IsZero() || !strings.Contains(why, "were published") {
		t.Fatalf("it did not notice: %v %q %v", since, why, err)
	}
	if !strings.Contains(w.log.tail(400), "restore mode") {
		t.Error("the log says nothing of it")
	}
	w.until("the lost account to be held again", func() (bool, string) {
		n := len(w.holdsOf(oktasim.Contractor))
		return n == 1, itoa(n) + " holds"
	})
	if _, err := w.svc().store.Start(t.Context(), holds.Key{Tenant: tenant, Hold: w.holdsOf(oktasim.Contractor)[0].Hold.ID}); holds.KindOf(err) != holds.Unavailable {
		t.Errorf("jobs may act: %v", err)
	}
	if n := len(w.mail.Mails()); n != mails {
		t.Errorf("%d mails were sent in restore mode", n-mails)
	}
	out := w.good("restore")
	for _, want := range []string{"entries after it, published", "are lost", "its release will lift it", "Restore mode is over. This is epoch 2"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	v = w.hold(oktasim.Contractor, "the lost hold to be contained again", isContained)
	w.settled()
	for _, account := range []string{oktasim.Engineer, oktasim.Payroll, oktasim.Contractor} {
		w.once(account)
		if n := len(w.holdsOf(account)); n != 1 {
			t.Errorf("%d holds of %s", n, account)
		}
	}
	free(t, w.sim(), oktasim.Engineer)
	restrained(t, w.sim(), oktasim.Payroll)
	w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	free(t, w.sim(), oktasim.Contractor)
	w.must(w.svc().anchor.Once(t.Context()))
	if out := w.good("audit", "verify"); !strings.Contains(out, "intact") {
		t.Error(out)
	}
	if w.count(`SELECT count(*) FROM audit_leaves WHERE body LIKE '%installation.restored%' AND body LIKE '%"lost"%'`) != 1 {
		t.Error("the loss is not in the log")
	}
	if _, errs, code := w.command("restore"); code != 0 {
		t.Errorf("a second time: %d %s", code, errs)
	}
}
