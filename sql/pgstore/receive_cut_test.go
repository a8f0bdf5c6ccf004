package pgstore_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/cutproxy"
	"github.com/countersign/countersign/sql/pgstore"
)

var hostOfDSN = regexp.MustCompile(`host='([^']+)'`) //nolint:gochecknoglobals // a constant

// behindProxy is a store whose connections can be cut.
func (w *world) behindProxy() (*cutproxy.Proxy, *pgstore.Store) {
	w.Helper()
	host := hostOfDSN.FindStringSubmatch(w.opts.DSN)
	if host == nil {
		w.Fatal("the connection string names no host")
	}
	proxy, err := cutproxy.Listen("unix", filepath.Join(host[1], ".s.PGSQL.5432"))
	w.must(err)
	w.Cleanup(proxy.Close)
	ip, port, err := net.SplitHostPort(proxy.Addr())
	w.must(err)
	opts := w.opts
	opts.DSN = hostOfDSN.ReplaceAllString(opts.DSN, "host="+ip) + " port=" + port
	store, err := pgstore.Open(w.Context(), opts)
	w.must(err)
	w.Cleanup(func() { _ = store.Close() }) // its connections were cut
	return proxy, store
}

// TestH3CommitsThatWereNotConfirmed: all who shared such a commit get an error of
// the kind that providers send again after. Sent again, nothing is lost, and no
// event is judged twice.
func TestH3CommitsThatWereNotConfirmed(t *testing.T) {
	for name, moment := range map[string]cutproxy.Moment{
		"lost before it was made":   cutproxy.Request,
		"made, and the answer lost": cutproxy.Answer,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			proxy, store := w.behindProxy()
			proxy.Arm(cutproxy.Cut{Pattern: "COMMIT\x00", Moment: moment, Times: 3})
			const n = 60
			var lost atomic.Int32
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() {
					for store.Receive(context.Background(), delivery(fmt.Sprint(i))) != nil {
						lost.Add(1)
					}
				})
			}
			all.Wait()
			if lost.Load() < 3 {
				t.Fatalf("%d results were errors, and three commits were cut", lost.Load())
			}
			bodies := w.decideAll()
			for i := range n {
				if bodies[fmt.Sprint(i)] == 0 {
					t.Errorf("delivery %d was acknowledged and is lost", i)
				}
			}
			if rows := w.count("deliveries"); moment == cutproxy.Request && rows != n || moment == cutproxy.Answer && rows != n+int(lost.Load()) {
				t.Errorf("%d rows of %d deliveries, %d of which were sent again", rows, n, lost.Load())
			}
			if events, held := w.count("events"), w.count("holds"); events != n || held != n {
				t.Errorf("%d events and %d holds, want %d of each", events, held, n)
			}
		})
	}
}

// decideAll decides everything, each body being the name of its one event, and
// counts the deliveries by body.
func (w *world) decideAll() map[string]int {
	w.Helper()
	bodies := map[string]int{}
	for {
		worked, err := w.Decide(w.Context(), at(2), func(d holds.Delivery) ([]holds.Event, error) {
			bodies[string(d.Body)]++
			return []holds.Event{event("evt-"+string(d.Body), "00u"+string(d.Body))}, nil
		}, openOrJoin)
		w.must(err)
		if !worked {
			return bodies
		}
	}
}

// TestH3AServerThatIsAwayIsUnavailable: every result is an error of the kind that
// can be tried again, and deliveries are taken when the server is back.
func TestH3AServerThatIsAwayIsUnavailable(t *testing.T) {
	w := newWorld(t)
	proxy, store := w.behindProxy()
	proxy.Refuse()
	for i := range 5 {
		w.kind(holds.Unavailable, store.Receive(t.Context(), delivery(fmt.Sprint(i))))
	}
	proxy.Mend()
	w.must(store.Receive(t.Context(), delivery("back")))
}
