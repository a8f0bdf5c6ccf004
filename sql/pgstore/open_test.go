package pgstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// TestOpenRefuses what cannot be relied on, and says what to do.
func TestOpenRefuses(t *testing.T) {
	w := newWorld(t)
	elsewhere, err := pgstore.CreateKeyring(filepath.Join(t.TempDir(), "other.json"))
	w.must(err)
	for name, c := range map[string]struct {
		edit func(*pgstore.Options)
		want string
	}{
		"a superuser":         {func(o *pgstore.Options) { o.DSN = w.db.SuperDSN }, "superuser"},
		"the owner":           {func(o *pgstore.Options) { o.DSN = w.db.OwnerDSN }, "owns the tables"},
		"no sslmode":          {func(o *pgstore.Options) { o.DSN = strings.ReplaceAll(o.DSN, "sslmode=disable", "") }, "sslmode"},
		"no sslmode in a URL": {func(o *pgstore.Options) { o.DSN = "postgres://h/d?application_name=sslmode" }, "sslmode"},
		"not a DSN":           {func(o *pgstore.Options) { o.DSN = "password=secret sslmode=disable x" }, "cannot be read"},
		"H2 a lossy server":   {func(o *pgstore.Options) { o.AllowUnsafe = false }, "fsync = off"},
		"another keyring":     {func(o *pgstore.Options) { o.Keys = elsewhere }, "not the keyring"},
		"no keyring":          {func(o *pgstore.Options) { o.Keys = nil }, "keyring"},
		"no server":           {func(o *pgstore.Options) { o.DSN = "host=/nonexistent sslmode=disable password=secret" }, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.opts
			c.edit(&o)
			_, err := pgstore.Open(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestH17SchemaOldAndNew: an older schema names the command, a newer is refused.
func TestH17SchemaOldAndNew(t *testing.T) {
	w := newWorld(t)
	w.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	if _, err := pgstore.Open(t.Context(), w.opts); err == nil || !strings.Contains(err.Error(), "newer than this program") {
		t.Fatalf("newer: %v", err)
	}
	w.exec("DELETE FROM goose_db_version WHERE version_id IN (99, $1)", migrations.Version())
	if _, err := pgstore.Open(t.Context(), w.opts); err == nil || !strings.Contains(err.Error(), "run `countersign migrate`") {
		t.Fatalf("older: %v", err)
	}
	o := w.opts
	o.DSN = pgtest.New(t, "empty", nothing).AppDSN
	if _, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "run `countersign migrate`") {
		t.Fatalf("empty: %v", err)
	}
}

// TestNobodyBypassesTheWalls: a role with BYPASSRLS is refused.
func TestNobodyBypassesTheWalls(t *testing.T) {
	w := newWorld(t)
	w.exec("CREATE ROLE bypasser LOGIN BYPASSRLS PASSWORD 'x'")
	t.Cleanup(func() {
		w.exec("REVOKE ALL ON DATABASE " + w.db.Name + " FROM bypasser")
		w.exec("DROP ROLE bypasser")
	})
	w.exec("GRANT CONNECT ON DATABASE " + w.db.Name + " TO bypasser")
	o := w.opts
	o.DSN += " user=bypasser password=x"
	if _, err := pgstore.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "bypasses row-level security") {
		t.Fatalf("got %v", err)
	}
}

// TestNowIsTheDatabasesTime within what a slow machine needs to ask.
func TestNowIsTheDatabasesTime(t *testing.T) {
	w := newWorld(t)
	var there time.Time
	w.must(w.sql(w.db.AppDSN).QueryRowContext(t.Context(), "SELECT clock_timestamp()").Scan(&there))
	now := w.Now()
	if now.Sub(there).Abs() > time.Second || now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Fatalf("%v and %v", now, there)
	}
}

// TestStoppedDatabase: an outage is Unavailable, and the store recovers.
func TestStoppedDatabase(t *testing.T) {
	w := newWorld(t)
	w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'countersign_app'`, w.db.Name)
	for range 30 { // each may meet one more connection that is gone
		err := w.Receive(t.Context(), delivery("x"))
		if err == nil {
			return
		}
		w.kind(holds.Unavailable, err)
	}
	t.Fatal("the store does not recover")
}

func TestKeyringFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyring.json")
	if _, err := pgstore.CreateKeyring(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if _, err := pgstore.OpenKeyring(path); err != nil {
		t.Fatal(err)
	}
	t.Run("is never replaced", func(t *testing.T) {
		before, _ := os.ReadFile(path)
		if _, err := pgstore.CreateKeyring(path); err == nil {
			t.Fatal("no error")
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Fatal("the keys are gone")
		}
	})
	t.Run("that others can read is refused", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o622} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := pgstore.OpenKeyring(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
				t.Fatalf("mode %v: %v", mode, err)
			}
		}
	})
	for name, body := range map[string]string{
		"empty": "", "not ours": `{"primaryKeyId":1}`, "short": `{"format":"countersign-keyring-1","seals":{},"equality":"AAAA"}`,
		"no keys": `{"format":"countersign-keyring-1","seals":{},"equality":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`,
	} {
		t.Run(name, func(t *testing.T) {
			bad := filepath.Join(t.TempDir(), "k")
			if err := os.WriteFile(bad, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := pgstore.OpenKeyring(bad); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestSkewIsRefused: two seconds are corrected, more is refused.
func TestSkewIsRefused(t *testing.T) {
	for offset, ok := range map[time.Duration]bool{
		0: true, 2 * time.Second: true, -2 * time.Second: true, 2001 * time.Millisecond: false, -time.Hour: false,
	} {
		if err := pgstore.CheckOffset(offset); (err == nil) != ok {
			t.Errorf("%v: %v", offset, err)
		}
	}
}
