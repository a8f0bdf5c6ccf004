//go:build slow

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// H1, I9: the service is killed again and again under load, at moments that
// nobody chose. What was answered 2xx is a row, every change is one hold, every
// account is restrained by one call of each kind, and the log verifies.
func TestH1KilledUnderLoad(t *testing.T) {
	t.Parallel()
	program := crashProgram(t)
	rounds, each := 3, 2
	if soak {
		rounds, each = 200, 1
	}
	w := newWorld(t, crowded(rounds*each).deadly())
	front := w.front()
	w.start()
	w.baselined()
	w.hookedAt(front)
	w.stop()
	load := w.pour(front.Addr(), 3)
	var back []time.Duration
	for round := range rounds {
		began := time.Now()
		c := w.childOf(program)
		front.Target("tcp", c.public)
		back = append(back, load.next(w).Sub(began))
		w.storm(round*each, (round+1)*each)
		<-time.After(rand.N(700 * time.Millisecond)) // the moment is what is random
		c.kill()
	}
	w.start()
	front.Target("tcp", w.svc().public.Addr())
	load.next(w)
	load.stop()
	w.allContained(rounds * each)
	w.whole()
	load.kept(w)
	measured(fmt.Sprintf("kill -9 of the service, %d rounds: exec to the first delivery taken, worst", rounds), longest(back), 2*time.Second)
	noted(fmt.Sprintf("kill -9 of the service, %d rounds: deliveries answered 2xx and lost, calls doubled", rounds), fmt.Sprintf("0 of %d, 0", len(load.taken)), "0, 0")
}

func longest(all []time.Duration) (most time.Duration) {
	for _, d := range all {
		most = max(most, d)
	}
	return most
}

// ownServer gives the world a database server of its own, which it may kill.
func (w *world) ownServer() *localpg.Server {
	w.Helper()
	server := pgtest.Server(w)
	w.db = pgtest.Database{
		Name: localpg.Database, AppDSN: server.DSN(localpg.RoleApp, localpg.Database),
		OwnerDSN: server.DSN(localpg.RoleOwner, localpg.Database), SuperDSN: server.DSN(localpg.RoleSuper, localpg.Database),
	}
	w.must(migrations.Up(w.Context(), w.db.OwnerDSN))
	w.write("database.url", w.db.AppDSN+"\n")
	w.write("database.owner.url", w.db.OwnerDSN+"\n")
	return server
}

// H2, I9: the database server is killed, or shut down at once, under load, again
// and again. Nothing that was answered 2xx is lost, deliveries are answered 503
// meanwhile and never 4xx, and everything goes on by itself.
func TestH2TheDatabaseIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	rounds, each := 2, 2
	if soak {
		rounds, each = 50, 3
	}
	w := newWorld(t, crowded(rounds*each))
	server := w.ownServer()
	w.start()
	w.baselined()
	w.registerHooks()
	load := w.pour(w.svc().public.Addr(), 3)
	var back []time.Duration
	for round := range rounds {
		load.next(w)
		w.storm(round*each, (round+1)*each)
		<-time.After(rand.N(700 * time.Millisecond)) // the moment is what is random
		how := []syscall.Signal{syscall.SIGKILL, syscall.SIGQUIT}[round%2]
		w.must(syscall.Kill(server.PID(), how))
		<-server.Done()
		refused := load.refused()
		w.until("a delivery to be refused", func() (bool, string) { return load.refused() > refused, "none is" })
		again, err := localpg.Start(w.Context(), localpg.Options{Root: server.Root(), Unsafe: true})
		w.must(err)
		began := time.Now()
		w.Cleanup(func() { _ = again.Stop(context.Background()) }) // it may have been killed
		server = again
		back = append(back, load.next(w).Sub(began))
	}
	load.stop()
	w.allContained(rounds * each)
	w.whole()
	load.kept(w)
	w.stop() // before its database
	measured(fmt.Sprintf("kill -9 and immediate shutdown of Postgres, %d rounds: its return to the first delivery taken, worst", rounds), longest(back), 5*time.Second)
	noted(fmt.Sprintf("kill -9 and immediate shutdown of Postgres, %d rounds: deliveries answered 2xx and lost, calls doubled", rounds), fmt.Sprintf("0 of %d, 0", len(load.taken)), "0, 0")
	noted("without a database: the slowest refusal", load.slowest.Round(time.Millisecond).String(), "300 ms")
}

func (p *pour) refused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers[503]
}
