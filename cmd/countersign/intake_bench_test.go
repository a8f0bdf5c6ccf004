package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
	"github.com/countersign/countersign/sql/pgtest"
)

// BenchmarkB9Refusal compares the processor time that a refused stranger costs
// with that of a delivery that was stored: of this process, the loader in it
// included on both sides, and of the database's. The aim is a fifth at most.
func BenchmarkB9Refusal(b *testing.B) {
	const secret = "Basic YmVuY2htYXJrOmEtc2VjcmV0LW9mLW9uZQ=="
	db := pgtest.New(b, "bench-b9", migrations.Up)
	store := benchStore(b, db)
	in, err := intake.New(intake.Options{Store: store, Connections: []intake.Connection{{
		Tenant: "acme", ID: "acme-okta", Provider: intake.Okta, SourceHost: "acme.okta.example", Secrets: intake.Secrets{Current: secret},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	in.Routes(e)
	server, err := gateway.NewServer(gateway.ServerOptions{Addr: "127.0.0.1:0", Handler: e})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	b.Cleanup(func() { stop(); <-ended })

	body := `{"eventType":"com.okta.event_hook","source":"https://acme.okta.example/api/v1/eventHooks/who1","eventId":"e-1","data":{"events":[{"x":"` +
		strings.Repeat("d", 2200) + `"}]}}`
	say := func(credential string) string {
		return fmt.Sprintf("POST /hooks/okta/acme-okta HTTP/1.1\r\nHost: gate.example\r\nContent-Type: application/json\r\nAuthorization: %s\r\n"+
			"Content-Length: %d\r\n\r\n%s", credential, len(body), body)
	}
	cost := func(request string, status int) time.Duration {
		before := processorCost(b, db)
		load(b, server.Addr(), request, status)
		return (processorCost(b, db) - before) / loadRequests
	}
	for b.Loop() {
		var refused, accepted time.Duration
		for range 5 {
			accepted += cost(say(secret), http.StatusNoContent)
			refused += cost(say("Basic d3Jvbmc="), http.StatusUnauthorized)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(accepted.Microseconds())/5, "µs/accept")
		b.ReportMetric(float64(refused.Microseconds())/5, "µs/401")
		b.ReportMetric(float64(refused)/float64(accepted), "ratio")
	}
}

const (
	loadClients  = 16
	loadRequests = loadClients * 250
)

// load sends the same request over and over on a few connections.
func load(b *testing.B, addr, request string, status int) {
	b.Helper()
	var all sync.WaitGroup
	for range loadClients {
		all.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			for range loadRequests / loadClients {
				if _, err := io.WriteString(c, request); err != nil {
					b.Error(err)
					return
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil || res.StatusCode != status {
					b.Errorf("%v, %v", res, err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	all.Wait()
}

func benchStore(b *testing.B, db pgtest.Database) *pgstore.Store {
	b.Helper()
	keys, err := pgstore.CreateKeyring(filepath.Join(b.TempDir(), "keyring.json"))
	if err != nil {
		b.Fatal(err)
	}
	store, err := pgstore.Open(b.Context(), pgstore.Options{DSN: db.AppDSN, Keys: keys, AllowUnsafe: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	err = store.Sync(b.Context(), "bench", []pgstore.TenantConfig{{Tenant: "acme"}}, []pgstore.ConnectionConfig{
		{Tenant: "acme", Connection: "acme-okta", Provider: "okta", Mode: holds.ModeWatch},
	})
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// processorCost is what this process and the database's, for this one, have used.
func processorCost(b *testing.B, db pgtest.Database) time.Duration {
	b.Helper()
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		b.Fatal(err)
	}
	total := time.Duration(self.Utime.Nano() + self.Stime.Nano())
	for _, pid := range backends(b, db) {
		raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			b.Skip("no /proc to read the database's processor time from")
		}
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+2:]))
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		total += time.Duration(user+system) * 10 * time.Millisecond // a clock tick, on every Linux that Go runs on
	}
	return total
}

// backends are the processes that serve the database.
func backends(b *testing.B, db pgtest.Database) (pids []int) {
	b.Helper()
	c, err := pq.NewConnector(db.SuperDSN)
	if err != nil {
		b.Fatal(err)
	}
	super := sql.OpenDB(c)
	defer super.Close()
	rows, err := super.QueryContext(b.Context(), `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`, db.Name)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return pids
}
