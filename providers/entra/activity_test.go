package entra

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestActivityAsksForBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now().Add(-time.Hour).Truncate(time.Second)
		endless := false
		c, s := newScripted(t, func(w http.ResponseWriter, r *http.Request) {
			filter := r.URL.Query().Get("$filter")
			value := []map[string]any{{"id": "both"}, {"id": "did"}}
			if strings.Contains(filter, "targetResources") {
				value[1]["id"] = "was done to"
			}
			out := map[string]any{"value": value}
			if endless {
				out["@odata.nextLink"] = worldGraph + r.URL.Path + "?$skiptoken=x"
			}
			answer(w, 200, out)
		}, nil)
		got, complete, err := c.Activity(t.Context(), testAccount, since)
		if err != nil || !complete || len(got) != 2 || string(got[0]) != `{"value":[{"id":"both"},{"id":"did"}]}` || string(got[1]) != `{"value":[{"id":"was done to"}]}` {
			t.Errorf("%s, %v, %v", got, complete, err)
		}
		for i, want := range []string{"initiatedBy/user/id eq '" + testAccount + "'", "targetResources/any(t:t/id eq '" + testAccount + "')"} {
			u, _ := url.Parse(strings.TrimPrefix(s.called()[i], "GET "))
			if f := u.Query().Get("$filter"); f != "activityDateTime ge "+since.UTC().Format(time.RFC3339)+" and "+want {
				t.Errorf("asked %q", f)
			}
		}
		endless = true
		if _, complete, err := c.Activity(t.Context(), testAccount, since); complete || err != nil || len(s.called()) != 2+2*activityPages {
			t.Errorf("an endless log: complete %v, %v, %d calls", complete, err, len(s.called()))
		}
	})
}
