package entra

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds"
)

// G7: a replica whose calls are slow stops before its lease ends: another one has
// the feed then, and would make a second subscription beside the first.
func TestALeaseIsNotOutlived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := &feedRows{rows: map[string]holds.Feed{}}
		const door = "https://hooks.example/hooks/entra/entra-main"
		var strays []map[string]any
		for i := range 12 {
			strays = append(strays, map[string]any{
				"id": fmt.Sprintf("11111111-1111-4111-8111-%012d", i), "resource": "users", "notificationUrl": door + "/left-behind",
				"expirationDateTime": time.Now().Add(24 * time.Hour).Format(time.RFC3339),
			})
		}
		late := 0
		c, _ := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			if f := rows.row("users"); !f.Lease.IsZero() && time.Now().After(f.Lease) {
				late++
			}
			time.Sleep(9 * time.Second)
			switch r.Method {
			case http.MethodGet:
				answer(w, 200, map[string]any{"value": strays})
			case http.MethodDelete:
				for i, s := range strays {
					if strings.HasSuffix(r.URL.Path, s["id"].(string)) {
						strays = append(strays[:i:i], strays[i+1:]...)
						break
					}
				}
				w.WriteHeader(http.StatusNoContent)
			default:
				graphError(w, 503, "ServiceUnavailable", "")
			}
		}, nil)
		f, err := c.NewFeeds(FeedsOptions{Store: rows, NotificationURL: door})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Look(t.Context()); err == nil || late != 0 {
			t.Errorf("%v; %d calls after the lease had ended", err, late)
		}
		if left := rows.row("users"); !left.Lease.IsZero() || left.Trouble == "" || len(strays) == 12 {
			t.Errorf("%+v, %d strays left", left, len(strays))
		}
	})
}
