package okta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// hooked is an organisation with our hook registered for the given events.
func hooked(t *testing.T, events []string) (*org, *Client) {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"verification":"` + r.Header.Get("X-Okta-Verification-Challenge") + `"}`))
	}))
	t.Cleanup(target.Close)
	o := newOrg(t, oktasim.Options{}, nil)
	id, err := o.RegisterHook(oktasim.HookTarget{URL: target.URL + "/hooks/okta/main", Header: "Authorization", Secret: "sixteen letters!", Events: events})
	if err != nil {
		t.Fatal(err)
	}
	opt := o.Client.opt
	opt.HookID, opt.HookURL = id, target.URL+"/hooks/okta/main"
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return o, c
}

// D2: a hook that is switched off, gone, pointed elsewhere or no longer subscribed
// to what matters is found by reading its own configuration.
func TestD2TheHooksOwnConfiguration(t *testing.T) {
	for name, tc := range map[string]struct {
		without string
		change  func(t *testing.T, o *org, c *Client)
		want    string
	}{
		"all is well": {"", nil, ""},
		"switched off": {"", func(t *testing.T, o *org, c *Client) {
			told, err := o.DeactivatesHook(oktasim.ITLead, c.opt.HookID)
			story(t, told, err)
		}, "switched off"},
		"gone":                      {"", func(_ *testing.T, _ *org, c *Client) { c.opt.HookID = "whoNeverHeardOf00000" }, "no longer has"},
		"pointed elsewhere":         {"", func(_ *testing.T, _ *org, c *Client) { c.opt.HookURL = "https://ours.example/hooks/okta/main" }, "another address"},
		"an event taken out":        {"user.mfa.factor.reset_all", nil, "not subscribed to user.mfa.factor.reset_all"},
		"which is ours is not told": {"user.mfa.factor.reset_all", func(_ *testing.T, _ *org, c *Client) { c.opt.HookID = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, c := hooked(t, slices.DeleteFunc(hookEvents(), func(e string) bool { return e == tc.without }))
			if tc.change != nil {
				tc.change(t, o, c)
			}
			got, err := c.Listening(t.Context())
			if err != nil || (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
	_, c := hooked(t, hookEvents())
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.Listening(gone); err == nil || holds.KindOf(err) == holds.Forbidden {
		t.Errorf("an outage tells nothing of the hook: %v", err)
	}
}

// D7: what the README asks people to subscribe to is what is looked for, each type
// can be delivered by a hook, and the poller reads all of them, too.
func TestD7HookEventsAreThoseOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range hookEvents() {
		if !strings.Contains(string(readme), e) {
			t.Errorf("the README does not name %s", e)
		}
		if !hasPrefix(e, prefixes()) {
			t.Errorf("the poller does not read %s", e)
		}
	}
}
