//go:build slow

package owner_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway/page/pagetest"
	"github.com/countersign/countersign/holds"
)

// TestBrowser is an owner: they look, mistype, say that it was them, and then
// raise the alarm all the same.
func TestBrowser(t *testing.T) {
	w := newWorld()
	at := serve(t, w) + "/o/"
	p := pagetest.Open(t).Person()
	p.Go(at + "tok-n1")
	p.Shot("owner")
	p.Type("#code", "AAAA-AAAA")
	if status := p.Press("button.bad"); status != http.StatusForbidden {
		t.Errorf("a wrong code: %d", status)
	}
	p.Shot("owner-wrong")
	p.Type("#code", "k7qf2m9d")
	if status := p.Press("button.quiet"); status != http.StatusOK {
		t.Errorf("this was me: %d", status)
	}
	p.Shot("owner-was-me")
	p.Go(at + "tok-n1")
	p.Type("#code", "k7qf 2m9d")
	if status := p.Press("button.bad"); status != http.StatusOK || !w.view.Hold.Frozen() {
		t.Errorf("this was not me: %d", status)
	}
	p.Shot("owner-not-me")
	if got := p.Text("main"); !strings.Contains(got, "The change is frozen.") {
		t.Errorf("afterwards: %s", got)
	}
	p.Go(at + "tok-n1")
	p.Shot("owner-used")
	p.Go(at + "zzz")
	p.Shot("owner-invalid")
	w.change(func(h *holds.Hold) {
		h.Standing, h.Containment, h.NotMe, h.State = holds.Observed, holds.ContainmentFailed, now, holds.Denied
	})
	p.Go(at + "tok-worn")
	p.Shot("owner-worn")
}
