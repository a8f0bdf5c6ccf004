package intake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/gateway/intake"
)

// good is one notification that counts, as text.
func good() string {
	return fmt.Sprintf(`{"subscriptionId":%q,"clientState":%q,"tenantId":%q}`, usersID, usersState, acmeTenant)
}

func TestB1NotificationSizes(t *testing.T) {
	t.Parallel()
	g := openGraph(t, func(o *intake.Options) { o.MaxBody = 512 << 10 })
	const limit = 512 << 10
	pad := func(n int) string {
		body := `{"value":[` + good() + `],"pad":""}`
		return strings.Replace(body, `""`, `"`+strings.Repeat("x", n-len(body))+`"`, 1)
	}
	many := func(n int) string {
		return `{"value":[` + strings.TrimSuffix(strings.Repeat(good()+",", n), ",") + `]}`
	}
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"exactly the limit":        {pad(limit), 202},
		"one byte more":            {pad(limit + 1), 413},
		"a thousand notifications": {many(1000), 202},
		"one more":                 {many(1001), 413},
		"a thousand and forgeries": {`{"value":[` + strings.Repeat("{},", 1000) + good() + `]}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			if r := g.notify(t, "acme-entra", tc.body); r.status != tc.status {
				t.Errorf("got %d, want %d: %.200s", r.status, tc.status, r.body)
			}
		})
	}
	t.Run("100 MiB announced, nothing sent", func(t *testing.T) {
		script := strings.Replace(graphScript("acme-entra", ""), "Content-Length: 0", "Content-Length: 104857600", 1)
		problem(t, g.say(t, script), 413)
	})
	t.Run("announced more than sent", func(t *testing.T) {
		body := `{"value":[` + good() + `]}`
		script := strings.Replace(graphScript("acme-entra", ""), "Content-Length: 0", "Content-Length: 1000", 1)
		before := len(g.store.all())
		if r, err := g.cut(script, []byte(body)); err == nil && r.status != 503 && r.status != 400 || len(g.store.all()) != before {
			t.Errorf("got %d", r.status)
		}
	})
	if n := len(g.store.all()); n != 2 || g.count(intake.TooLarge) != 4 {
		t.Errorf("%d are stored, %d were too large", n, g.count(intake.TooLarge))
	}
}

func TestB2B6NotificationMedia(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	body := `{"value":[` + good() + `]}`
	script := graphScript("acme-entra", body)
	for _, media := range []string{"Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Content-Type: application/cloudevents+json", "X-None: 1"} {
		problem(t, g.say(t, strings.Replace(script, "Content-Type: application/json", media, 1), []byte(body)...), 415)
	}
	for _, coding := range []string{"gzip", "deflate", "br", "identity"} {
		problem(t, g.notify(t, "acme-entra", body, "Content-Encoding: "+coding), 415)
	}
	if r := g.say(t, strings.Replace(script, "application/json", "application/json; charset=utf-8", 1), []byte(body)...); r.status != 202 {
		t.Errorf("Microsoft's own type: got %d", r.status)
	}
	if n := len(g.store.all()); n != 1 || g.feeds.called() != 1 {
		t.Errorf("%d are stored, and %d lookups were made for bodies of the wrong kind", n, g.feeds.called()-1)
	}
}

// TestB3NotificationShapes: a body has one meaning or none.
func TestB3NotificationShapes(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	with := func(member string) string {
		return `{"value":[` + strings.TrimSuffix(good(), "}") + `,` + member + `}]}`
	}
	deep := strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)
	for name, tc := range map[string]struct {
		body   string
		status int
		stored bool
	}{
		"as it should be":           {`{"value":[` + good() + `]}`, 202, true},
		"more at the top":           {`{"@odata.context":"x","value":[` + good() + `],"validationTokens":["a"]}`, 202, true},
		"white space":               {" \r\n\t{ \"value\" : [ " + good() + " ] }\n", 202, true},
		"escaped":                   {`{"\u0076alue":[` + strings.Replace(good(), "clientState", `\u0063lientState`, 1) + `]}`, 202, true},
		"a huge number":             {with(`"x":1e400,"y":` + strings.Repeat("9", 100_000)), 202, true},
		"a NUL, half a surrogate":   {with(`"x":"\u0000\ud800"`), 202, true},
		"not UTF-8":                 {with("\"x\":\"\xff\xfe\""), 202, true},
		"deep in what is not read":  {with(`"resourceData":` + deep), 202, true},
		"doubled in what is unread": {with(`"resourceData":{"id":1,"id":2,"ID":3}`), 202, true},
		"64 members":                {with(strings.TrimSuffix(strings.Repeat(`"x":1,`, 61), ",")), 202, true},
		"65 members":                {with(strings.TrimSuffix(strings.Repeat(`"x":1,`, 62), ",")), 202, false},
		"a member twice":            {with(`"clientState":"x"`), 202, false},
		"a member twice the same":   {with(fmt.Sprintf(`"clientState":%q`, usersState)), 202, false},
		"twice by an escape":        {with(`"\u0063lientState":"x"`), 202, false},
		"twice by case":             {with(`"TENANTID":"x"`), 202, false},
		"twice by the long s":       {with(`"client\u017ftate":"x"`), 202, false},
		"nothing":                   {"", 400, false},
		"null":                      {"null", 400, false},
		"a list":                    {`[` + good() + `]`, 400, false},
		"no list":                   {`{}`, 400, false},
		"an empty list":             {`{"value":[]}`, 400, false},
		"a notification itself":     {good(), 400, false},
		"not a list":                {`{"value":` + good() + `}`, 400, false},
		"null for a list":           {`{"value":null}`, 400, false},
		"two lists":                 {`{"value":[` + good() + `],"value":[` + good() + `]}`, 400, false},
		"two lists by case":         {`{"value":[` + good() + `],"VALUE":[]}`, 400, false},
		"a list in other case":      {`{"Value":[` + good() + `]}`, 400, false},
		"broken off":                {`{"value":[` + good(), 400, false},
		"a comma too many":          {`{"value":[` + good() + `,]}`, 400, false},
		"a comma missing":           {`{"value":[` + good() + good() + `]}`, 400, false},
		"trailing text":             {`{"value":[` + good() + `]} x`, 400, false},
		"two documents":             {`{"value":[` + good() + `]}{"value":[]}`, 400, false},
		"a byte order mark":         {"\ufeff" + `{"value":[` + good() + `]}`, 400, false},
		"a comment":                 {`{"value":[` + good() + `]/*x*/}`, 400, false},
		"single quotes":             {`{'value':[]}`, 400, false},
		"NaN":                       {with(`"x":NaN`), 400, false},
		"deeper than anybody":       {with(`"x":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000)), 400, false},
		"not JSON":                  {`value=1`, 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(g.store.all())
			r := g.notify(t, "acme-entra/"+usersNonce, tc.body)
			if r.status != tc.status {
				t.Fatalf("got %d, want %d: %s", r.status, tc.status, r.body)
			}
			if r.status != 202 {
				problem(t, r, tc.status)
			}
			if stored := len(g.store.all()) > before; stored != tc.stored {
				t.Errorf("stored: %v, want %v", stored, tc.stored)
			}
		})
	}
}

// TestB3CostOfHostileBodies: whatever a mebibyte holds, it is read or refused in
// a few passes over it and a few times its memory: in 50 ms on a machine that is
// not busy, which is why passes are measured and not time.
func TestB3CostOfHostileBodies(t *testing.T) {
	g := openGraph(t, nil)
	const mebibyte = 1 << 20
	fill := func(head, each, tail string) string {
		return head + strings.Repeat(each, (mebibyte-len(head)-len(tail))/len(each)) + tail
	}
	honest := fill("[", "1,", "1]")
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"brackets":              {fill("", "[", ""), 400},
		"brackets in the list":  {fill(`{"value":`, "[", ""), 400},
		"objects":               {fill(`{"value":[`, "{},", "{}]}"), 413},
		"numbers":               {fill(`{"value":[`, "1,", "1]}"), 413},
		"members at the top":    {fill(`{`, `"a":1,`, `"value":[]}`), 400},
		"members of an item":    {fill(`{"value":[{`, `"a":1,`, `"b":1}]}`), 202},
		"lists in an item":      {fill(`{"value":[{"a":[`, `[],`, `[]]}]}`), 202},
		"a number":              {fill(`{"value":[{"a":`, `9`, `}]}`), 202},
		"a name":                {fill(`{"value":[{"`, `a`, `":1}]}`), 202},
		"escapes":               {fill(`{"value":[{"clientState":"`, `\u0041`, `"}]}`), 202},
		"a thousand big states": {`{"value":[` + strings.Repeat(`{"clientState":"`+strings.Repeat("x", 1000)+`"},`, 999) + `{}]}`, 202},
	} {
		t.Run(name, func(t *testing.T) {
			took, pass := time.Hour, time.Hour
			var memory runtime.MemStats
			for range 5 { // the machine has other things to do
				req, w := direct("/hooks/entra/acme-entra", tc.body)
				runtime.ReadMemStats(&memory)
				before, began := memory.TotalAlloc, time.Now()
				g.router.ServeHTTP(w, req)
				took = min(took, time.Since(began))
				if runtime.ReadMemStats(&memory); memory.TotalAlloc-before > 16*mebibyte {
					t.Errorf("it took %d KiB of memory", (memory.TotalAlloc-before)>>10)
				}
				if w.Code != tc.status {
					t.Fatalf("got %d, want %d: %s", w.Code, tc.status, w.Body)
				}
				began = time.Now()
				if !json.Valid([]byte(honest)) {
					t.Fatal("the measure is no JSON")
				}
				pass = min(pass, time.Since(began))
			}
			t.Logf("it took %v, one pass over as much takes %v", took, pass)
			if took > 25*pass {
				t.Error("that is too long")
			}
		})
	}
	if g.store.calls != 0 {
		t.Error("something was stored")
	}
}

func TestB12MethodsOfTheNotificationAddress(t *testing.T) {
	t.Parallel()
	g := openGraph(t, nil)
	for _, path := range []string{"acme-entra", "acme-entra/" + usersNonce} {
		for _, m := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			r := g.say(t, strings.Replace(graphScript(path, ""), "POST", m, 1))
			if r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != "POST" || strings.Contains(r.body, usersNonce) {
				t.Errorf("%s %s: got %d, Allow %q: %s", m, path, r.status, r.header.Get("Allow"), r.body)
			}
		}
	}
	if g.store.calls != 0 {
		t.Error("something was stored")
	}
}
