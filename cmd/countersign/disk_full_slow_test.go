//go:build slow

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// disk is a file system of its own, small enough to be filled.
type disk struct {
	w   *world
	dir string
}

// smallDisk mounts one. Where that is not permitted, and it never is for an ordinary
// account, the test is left out: nothing else makes a server run out of disk.
func (w *world) smallDisk(size string) disk {
	w.Helper()
	if runtime.GOOS != "linux" {
		w.Skip("left out: a small disk is a tmpfs, which only Linux has")
	}
	dir, err := os.MkdirTemp("", "countersign-disk-")
	w.must(err)
	w.Cleanup(func() { _ = os.Remove(dir) })
	if err := mountTmpfs(dir, size); err != nil {
		w.Skipf("left out: a small disk cannot be mounted (%v); run this as root with CAP_SYS_ADMIN", err)
	}
	w.Cleanup(func() {
		if err := unmount(dir); err != nil {
			w.Errorf("the small disk stays mounted at %s: %v", dir, err)
		}
	})
	return disk{w: w, dir: dir}
}

// fill leaves no room at all.
func (d disk) fill() {
	d.w.Helper()
	f, err := os.OpenFile(filepath.Join(d.dir, "ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	d.w.must(err)
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2]
		case err != nil:
			d.w.Fatal(err)
		}
	}
}

func (d disk) clear() {
	d.w.Helper()
	d.w.must(os.Remove(filepath.Join(d.dir, "ballast")))
}

// endOfTheLog uses up what the server has of its own log, for which it then finds no
// room: it goes down, and perhaps cannot come up again.
func (w *world) endOfTheLog(server *localpg.Server) {
	w.Helper()
	w.until("the server to go down", func() (bool, string) {
		select {
		case <-server.Done():
			return true, ""
		default:
		}
		_, err := w.super().ExecContext(w.Context(), `WITH one AS (SELECT pg_logical_emit_message(true, 'filler', repeat('x', 1 << 22))) SELECT pg_switch_wal() FROM one`)
		return err != nil, "it still has room"
	})
}

// knockAgain sends one delivery and tells the whole answer.
func (w *world) knockAgain(o *org, body []byte) (status int, retryAfter, answer string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.hookURL(o), strings.NewReader(string(body)))
	w.must(err)
	req.Header = header("Authorization", o.secret)
	c := client()
	defer c.CloseIdleConnections()
	res, err := c.Do(req)
	w.must(err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	w.must(err)
	return res.StatusCode, res.Header.Get("Retry-After"), string(said)
}

// H5: the disk of the database is full. Deliveries are answered 503 with Retry-After
// and never anything that a provider would take for an answer; what was answered
// 2xx is there, and of nothing else is there a part; readiness says so; and when
// there is room again everything goes on by itself.
func TestH5TheDiskIsFull(t *testing.T) { fullDisk(t, false) }

// H5: the same where there is no room for the server's own log, which ends it.
func TestH5TheDiskOfTheLogIsFull(t *testing.T) { fullDisk(t, true) }

func fullDisk(t *testing.T, log bool) {
	t.Parallel()
	w := newWorld(t, options{notYet: true, slowPoll: true})
	small := w.smallDisk("224m")
	settings := map[string]string{"min_wal_size": "32MB", "max_wal_size": "32MB", "max_connections": "200"}
	open := func() *localpg.Server {
		s, err := localpg.Start(w.Context(), localpg.Options{Root: filepath.Join(small.dir, "pg"), Unsafe: true, Settings: settings})
		w.must(err)
		w.Cleanup(func() { _ = s.Stop(context.Background()) }) // it may have ended
		return s
	}
	server := open()
	w.db = pgtest.Database{
		Name: localpg.Database, AppDSN: server.DSN(localpg.RoleApp, localpg.Database),
		OwnerDSN: server.DSN(localpg.RoleOwner, localpg.Database), SuperDSN: server.DSN(localpg.RoleSuper, localpg.Database),
	}
	w.must(migrations.Up(t.Context(), w.db.OwnerDSN))
	w.write("database.url", w.db.AppDSN)
	w.start()
	w.baselined()
	o, health := w.orgs[0], w.svc().monitor.server.Addr()
	told := w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.deliver(o, envelope(o, told.Events[0]))
	w.hold(oktasim.Engineer, "the restraint", isContained)
	if status, body := w.asked(health, "/readyz"); status != http.StatusOK {
		t.Fatalf("not ready before anything happened: %d %s", status, body)
	}

	small.fill()
	if log {
		w.endOfTheLog(server)
	}
	// Each is an event of its own with something long in it, so that it needs room.
	big := func() []byte {
		return envelope(o, reshaped(w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.Payroll, "", "") }), func(m map[string]any) {
			m["debugContext"] = map[string]any{"debugData": map[string]string{"note": strings.Repeat(rand.Text(), 2000)}}
		}))
	}
	acknowledged, refused := 1, 0
	for range 200 {
		status, after, answer := w.knockAgain(o, big())
		switch {
		case status == http.StatusNoContent:
			acknowledged++
		case status == http.StatusServiceUnavailable && after != "":
			refused++
		default:
			t.Fatalf("on a full disk: %d, Retry-After %q: %s", status, after, answer)
		}
		if refused == 10 {
			break
		}
	}
	if refused < 10 {
		t.Fatalf("%d deliveries were taken on a full disk", acknowledged)
	}
	w.until("it not to be ready", func() (bool, string) { // an answer is kept for a second
		if status, _, answer := w.knockAgain(o, big()); status != http.StatusServiceUnavailable {
			t.Fatalf("on a full disk: %d %s", status, answer)
		}
		refused++
		status, body := w.asked(health, "/readyz")
		return status == http.StatusServiceUnavailable, body
	})
	if status, _ := w.asked(health, "/livez"); status != http.StatusOK {
		t.Errorf("not alive (%d): it would be restarted, which helps nobody", status)
	}
	small.clear()
	ended := server.Done()
	w.until("deliveries to be taken again", func() (bool, string) {
		select {
		case <-ended: // it could not write its own log, and whoever runs it starts it again
			open()
			ended = nil
		default:
		}
		status, _, answer := w.knockAgain(o, big())
		if status == http.StatusNoContent {
			acknowledged++
		} else {
			refused++
		}
		return status == http.StatusNoContent, answer
	})
	w.until("it to be ready", func() (bool, string) {
		status, body := w.asked(health, "/readyz")
		return status == http.StatusOK, body
	})
	w.settled()
	w.hold(oktasim.Payroll, "the restraint of what came on the full disk", isContained)
	hooked := w.count("SELECT count(*) FROM deliveries WHERE source = 'hook'")
	if hooked < acknowledged || hooked > acknowledged+refused {
		t.Errorf("%d deliveries were acknowledged, %d refused, and %d are stored", acknowledged, refused, hooked)
	}
	for what, query := range map[string]string{
		"deliveries that are not decided":   "SELECT count(*) FROM deliveries WHERE decided_at IS NULL",
		"deliveries without their events":   "SELECT count(*) FROM deliveries d WHERE source = 'hook' AND NOT EXISTS (SELECT FROM events e WHERE e.delivery_id = d.delivery_id)",
		"intents without an outcome":        "SELECT count(*) FROM intents i WHERE NOT EXISTS (SELECT FROM outcomes o WHERE o.intent_id = i.intent_id)",
		"jobs that were given up":           "SELECT count(*) FROM river.river_job WHERE state IN ('discarded', 'cancelled')",
		"events of no hold and no judgment": "SELECT count(*) FROM events e WHERE NOT EXISTS (SELECT FROM event_verdicts v WHERE v.event_id = e.event_id)",
	} {
		if n := w.count(query); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	w.once(oktasim.Engineer)
	w.once(oktasim.Payroll)
	report, err := pgstore.VerifyAudit(t.Context(), w.db.OwnerDSN, audit.Options{})
	w.must(err)
	if !report.OK() {
		t.Errorf("the audit log does not verify: %s", report)
	}
	t.Logf("%d acknowledged, %d refused, the server itself ended: %t", acknowledged, refused, ended == nil)
	w.stop() // before its database
}
