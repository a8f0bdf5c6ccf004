package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// TestStopLeavesNothingBehind is not parallel: it counts goroutines.
func TestStopLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, options{})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.hold(oktasim.Engineer, "the restraint", isContained)
	w.settled()
	w.stop()
	w.sim().Close() // the organisation's connections to the hook
	before := goleak.IgnoreCurrent()
	w.start()
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "APP_ADMIN"))
	w.hold(oktasim.Contractor, "the restraint", isContained)
	start := time.Now()
	w.stop()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	ignore := []goleak.Option{
		before,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), // the test's own
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),                       // the simulator's
		goleak.IgnoreAnyFunction("github.com/patrickmn/go-cache.(*janitor).Run"), // the SDK's; it ends when its client is collected
	}
	if err := goleak.Find(ignore...); err != nil {
		t.Error(err)
	}
}

// refuses fails unless the service does not start and says why in these words.
func (w *world) refuses(words ...string) {
	w.Helper()
	start := time.Now()
	_, err := w.tryStart()
	if err == nil {
		w.Fatalf("it started; it should have said %q", words)
	}
	for _, s := range words {
		if !strings.Contains(err.Error(), s) {
			w.Errorf("it does not say %q but: %v", s, err)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		w.Errorf("saying so took %s", took)
	}
	for _, secret := range []string{w.orgs[0].secret, w.sim().Token(oktasim.ServiceToken)} {
		if secret != "" && strings.Contains(err.Error(), secret) {
			w.Error("the error shows a secret")
		}
	}
}

// A2 and its like: what is missing at the start is said at the start.
func TestRefusesToStart(t *testing.T) {
	idle := options{notYet: true}
	for name, c := range map[string]struct {
		o     options
		spoil func(w *world)
		words []string
	}{
		"A2 an empty hook secret":      {idle, func(w *world) { w.write("nordwind-okta.secret", "\n") }, []string{"nordwind-okta.secret", "empty"}},
		"A2 a short hook secret":       {idle, func(w *world) { w.write("nordwind-okta.secret", "hunter2") }, []string{"nordwind-okta", "secret"}},
		"A2 no hook secret":            {idle, func(w *world) { w.must(os.Remove(w.file("nordwind-okta.secret"))) }, []string{"nordwind-okta.secret"}},
		"a secret others can read":     {idle, func(w *world) { w.must(os.Chmod(w.file("nordwind-okta.token"), 0o644)) }, []string{"nordwind-okta.token", "chmod 600"}},
		"keys of another installation": {idle, func(w *world) { w.layout.Installation = "other"; w.layout.rewrite(w) }, []string{"keys", "other"}},
		"a reviewer nobody knows":      {idle, func(w *world) { w.layout.Reviewers[0] = "nobody"; w.layout.rewrite(w) }, []string{"nobody", "people"}},
		"H17 the database is down": {idle, func(w *world) {
			w.write("database.url", "host=/nowhere user=x password=hunter2 dbname=y sslmode=disable")
		}, []string{"database"}},
		"H17 no schema": {idle, func(w *world) {
			w.db = pgtest.New(w.T, "empty", func(context.Context, string) error { return nil })
			w.write("database.url", w.db.AppDSN)
		}, []string{"countersign migrate"}},
		"H17 an older schema": {idle, func(w *world) {
			w.exec("DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)")
		}, []string{"countersign migrate", itoa(int(migrations.Version()))}},
		"H17 a newer schema":            {idle, func(w *world) { w.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)") }, []string{"4711", "newer"}},
		"the owner's role":              {idle, func(w *world) { w.write("database.url", w.db.OwnerDSN) }, []string{"countersign_app"}},
		"a superuser":                   {idle, func(w *world) { w.write("database.url", w.db.SuperDSN) }, []string{"superuser"}},
		"a directory that is not there": {idle, func(w *world) { w.write("checkpoints", "a file") }, []string{"audit.checkpoints"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.o)
			c.spoil(w)
			w.refuses(c.words...)
		})
	}
}

// Another installation must not use this one's database, or keys.
func TestAnotherInstallationOnTheSameDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{unaware: true})
	w.stop()
	w.must(os.RemoveAll(w.file("keys")))
	w.must(createKeys(w.file("keys"), "test"))
	w.refuses("keyring")
}

// H17: migrate brings a database up to date and refuses a newer one.
func TestH17Migrate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	w.db = pgtest.New(t, "empty", func(context.Context, string) error { return nil })
	w.write("database.url", w.db.AppDSN)
	w.write("database.owner.url", w.db.OwnerDSN)
	for range 2 {
		out := w.good("migrate")
		if want := "The database is at version " + itoa(int(migrations.Version())) + ".\n"; out != want {
			t.Errorf("it says %q", out)
		}
	}
	w.start()
	w.stop()
	w.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)")
	_, stderr, code := w.command("migrate")
	if code == 0 || !strings.Contains(stderr, "4711") {
		t.Errorf("a newer schema: %d %s", code, stderr)
	}
	w.write("database.owner.url", "")
	if _, stderr, code := w.command("migrate"); code == 0 || !strings.Contains(stderr, "owner") {
		t.Errorf("without the owner's role: %d %s", code, stderr)
	}
}

// A restart goes on where the last process stopped: holds, links and the place
// in the log are in the database.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{noHook: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.settled()
	l := w.lettersTo(oktasim.Engineer, 1)[0]
	w.stop()
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "SUPER_ADMIN")) // while nobody looks
	w.start()
	w.hold(oktasim.Contractor, "what happened meanwhile", isContained)
	if p := w.owner().says(l, l.code, "not_me"); p.status != 200 || !w.view(v.Hold.ID).Hold.Frozen() {
		t.Errorf("a link from before the restart: %d %s", p.status, p.words())
	}
	w.settled()
	if n := w.count("SELECT count(*) FROM holds"); n != 2 {
		t.Errorf("there are %d holds", n)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "checkpoints")); err != nil {
		t.Error(err)
	}
}
