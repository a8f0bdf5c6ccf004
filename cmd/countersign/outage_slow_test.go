//go:build slow

package main

import (
	"context"
	"net/http"
	"testing"

	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// While the database is away, deliveries are answered 503, which Okta sends
// again, and never 4xx; once it is back, the service goes on by itself.
func TestDatabaseOutage(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	w := newWorld(t, options{notYet: true, slowPoll: true})
	w.db = pgtest.Database{
		Name: localpg.Database, AppDSN: server.DSN(localpg.RoleApp, localpg.Database),
		OwnerDSN: server.DSN(localpg.RoleOwner, localpg.Database), SuperDSN: server.DSN(localpg.RoleSuper, localpg.Database),
	}
	w.must(migrations.Up(t.Context(), w.db.OwnerDSN))
	w.write("database.url", w.db.AppDSN)
	w.start()
	w.baselined()
	o := w.orgs[0]
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.must(server.Stop(t.Context()))
	for range 3 {
		if status, answer := w.knock(w.hookURL(o), envelope(o, told.Events[0]), header("Authorization", o.secret)); status != http.StatusServiceUnavailable {
			t.Errorf("without a database: %d %s", status, answer)
		}
	}
	again, err := localpg.Start(t.Context(), localpg.Options{Root: server.Root(), Unsafe: true})
	w.must(err)
	t.Cleanup(func() { w.must(again.Stop(context.Background())) })
	w.until("deliveries to be taken again", func() (bool, string) {
		status, answer := w.knock(w.hookURL(o), envelope(o, told.Events[0]), header("Authorization", o.secret))
		return status == http.StatusNoContent, answer
	})
	w.hold(oktasim.Engineer, "the restraint", isContained)
	restrained(t, w.sim(), oktasim.Engineer)
	w.once(oktasim.Engineer)
	w.stop() // before its database
}
