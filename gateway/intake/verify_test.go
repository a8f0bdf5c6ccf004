package intake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway/intake"
)

func verification(headers ...string) string {
	return "GET /hooks/okta/acme-okta HTTP/1.1\nHost: gate.example\nConnection: close\nUser-Agent: Okta-Integrations\nAccept: application/json\n" +
		strings.Join(append(headers, "", ""), "\n")
}

func TestA12Verification(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	right := "Authorization: " + acmeSecret
	for name, tc := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"right":            {[]string{right, "X-Okta-Verification-Challenge: Yq3-fZ_9"}, 200, `{"verification":"Yq3-fZ_9"}` + "\n"},
		"previous secret":  {[]string{"Authorization: " + acmeOld, "X-Okta-Verification-Challenge: a"}, 200, `{"verification":"a"}` + "\n"},
		"HTML":             {[]string{right, "X-Okta-Verification-Challenge: <script>\"&"}, 200, `{"verification":"\u003cscript\u003e\"\u0026"}` + "\n"},
		"the longest":      {[]string{right, "X-Okta-Verification-Challenge: " + strings.Repeat("a", 512)}, 200, `{"verification":"` + strings.Repeat("a", 512) + `"}` + "\n"},
		"too long":         {[]string{right, "X-Okta-Verification-Challenge: " + strings.Repeat("a", 513)}, 400, ""},
		"absent":           {[]string{right}, 400, ""},
		"empty":            {[]string{right, "X-Okta-Verification-Challenge:"}, 400, ""},
		"twice":            {[]string{right, "X-Okta-Verification-Challenge: a", "X-Okta-Verification-Challenge: b"}, 400, ""},
		"not ASCII":        {[]string{right, "X-Okta-Verification-Challenge: é"}, 400, ""},
		"a tab":            {[]string{right, "X-Okta-Verification-Challenge: a\tb"}, 400, ""},
		"no secret":        {[]string{"X-Okta-Verification-Challenge: canary-x"}, 401, ""},
		"wrong secret":     {[]string{"Authorization: wrong", "X-Okta-Verification-Challenge: canary-x"}, 401, ""},
		"no secret at all": {nil, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := e.say(t, verification(tc.headers...))
			if tc.status != http.StatusOK {
				problem(t, r, tc.status)
				return
			}
			if r.status != 200 || r.body != tc.body || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
				t.Errorf("got %d %q %s, want %s", r.status, r.header.Get("Content-Type"), r.body, tc.body)
			}
			if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
	t.Run("1 MB", func(t *testing.T) {
		r, err := e.try(verification(right, "X-Okta-Verification-Challenge: "+strings.Repeat("a", 1<<20)), nil)
		if err == nil && r.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %d", r.status)
		}
	})
	t.Run("CRLF", func(t *testing.T) {
		r := e.say(t, verification(right, "X-Okta-Verification-Challenge: a", "X-Injected: 1"))
		if r.header.Get("X-Injected") != "" {
			t.Error("a header was reflected")
		}
	})
	if e.store.calls != 0 {
		t.Error("a GET has an effect")
	}
}

func TestA12OnlyWhileVerifying(t *testing.T) {
	t.Parallel()
	expected := false
	e := open(t, func(o *intake.Options) { o.Connections[0].Verifying = func() bool { return expected } })
	script := verification("Authorization: "+acmeSecret, "X-Okta-Verification-Challenge: a")
	problem(t, e.say(t, script), 409)
	expected = true
	if r := e.say(t, script); r.status != 200 {
		t.Errorf("got %d", r.status)
	}
}
