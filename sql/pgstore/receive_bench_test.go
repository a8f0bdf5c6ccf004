package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/localpg"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgstore"
)

// BenchmarkR1Receive compares deliveries that share commits with one insert and
// one commit for each, on a server that flushes to the disk. The two take turns,
// five rounds of them, since nothing else on a shared machine stays the same; the
// figures are medians. More tenants in a batch cost a statement each.
func BenchmarkR1Receive(b *testing.B) {
	s := durable(b, 16)
	for _, bm := range []struct{ clients, tenants int }{{1, 1}, {8, 1}, {32, 1}, {128, 1}, {32, 16}} {
		b.Run(fmt.Sprintf("clients=%d/tenants=%d", bm.clients, bm.tenants), func(b *testing.B) {
			var shared, alone []float64
			for b.Loop() {
				for range 5 {
					alone = append(alone, rate(b, s.ReceiveAlone, bm.clients, bm.tenants))
					shared = append(shared, rate(b, s.Receive, bm.clients, bm.tenants))
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(alone), "alone/s")
			b.ReportMetric(median(shared), "shared/s")
			b.ReportMetric(median(shared)/median(alone), "ratio")
		})
	}
}

// rate is how many deliveries a second are made durable by clients that each
// wait for their answer.
func rate(b *testing.B, receive func(context.Context, holds.Delivery) error, clients, tenants int) float64 {
	b.Helper()
	const span = time.Second
	body := []byte(strings.Repeat("x", 2400)) // as long as Okta's
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for c := range clients {
		all.Go(func() {
			for n := c; time.Since(began) < span; n++ {
				d := delivery("")
				d.Tenant, d.Connection, d.Body = benchTenant(n%tenants), benchConnection(n%tenants), body
				if err := receive(b.Context(), d); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func median(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }

func benchTenant(n int) holds.TenantID { return holds.TenantID(fmt.Sprintf("tenant-%d", n)) }

func benchConnection(n int) holds.ConnectionID {
	return holds.ConnectionID(fmt.Sprintf("connection-%d", n))
}

// durable is a store on a server that keeps what it confirms.
func durable(b *testing.B, tenants int) *pgstore.Store {
	b.Helper()
	root, err := os.MkdirTemp("", "countersign-bench-") // not below the test's own directory, which the server's account cannot reach
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.Chmod(root, 0o711); err != nil { //nolint:gosec // the server's account passes through
		b.Fatal(err)
	}
	server, err := localpg.Start(b.Context(), localpg.Options{Root: filepath.Join(root, "pg")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := migrations.Up(b.Context(), server.DSN(localpg.RoleOwner, localpg.Database)); err != nil {
		b.Fatal(err)
	}
	keys, err := pgstore.CreateKeyring(filepath.Join(b.TempDir(), "keyring.json"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := pgstore.Open(b.Context(), pgstore.Options{DSN: server.DSN(localpg.RoleApp, localpg.Database), Keys: keys, MaxConns: 64})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	var ts []pgstore.TenantConfig
	var cs []pgstore.ConnectionConfig
	for n := range tenants {
		ts = append(ts, pgstore.TenantConfig{Tenant: benchTenant(n)})
		cs = append(cs, pgstore.ConnectionConfig{Tenant: benchTenant(n), Connection: benchConnection(n), Provider: "okta", Mode: holds.ModeWatch})
	}
	if err := s.Sync(b.Context(), "bench", ts, cs); err != nil {
		b.Fatal(err)
	}
	return s
}
