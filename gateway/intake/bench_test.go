package intake_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// nowhere is a store that costs nothing, so that the edge alone is measured.
type nowhere struct{}

func (nowhere) Receive(context.Context, holds.Delivery) error { return nil }

// BenchmarkIntake compares what a refusal costs with what an acceptance costs
// (B9): compare the lines of one run, without the commit that an acceptance
// also pays for.
func BenchmarkIntake(b *testing.B) {
	in, err := intake.New(intake.Options{Connections: connections(), Store: nowhere{}, Now: noon})
	if err != nil {
		b.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	in.Routes(e)
	body := strings.Replace(event("e-1"), "dana", strings.Repeat("d", 1800), 1) // 2.4 kB, as Okta's are
	for _, bm := range []struct {
		name, connection, credential string
		status                       int
	}{
		{"accept", "acme-okta", acmeSecret, 204},
		{"401/wrong", "acme-okta", acmeSecret[:20], 401},
		{"401/unknown", "nobody", acmeSecret, 401},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			src := strings.NewReader(body)
			req := httptest.NewRequest(http.MethodPost, "/hooks/okta/"+bm.connection, nil)
			req.ContentLength = int64(len(body))
			req.Header.Set("Authorization", bm.credential)
			req.Header.Set("Content-Type", "application/json")
			w := &discard{header: http.Header{}}
			for b.Loop() {
				src.Reset(body)
				req.Body = io.NopCloser(src)
				clear(w.header)
				e.ServeHTTP(w, req)
				if w.status != bm.status {
					b.Fatalf("got %d", w.status)
				}
			}
		})
	}
}

// discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
