package main

import (
	"os"
	"strings"
	"testing"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// What check-config says of a good installation, and of files full of mistakes:
// all of them at once, each with its key.
func TestCheckConfig(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	golden(t, "check-config-good.txt", w.good("check-config"))

	t.Run("full of mistakes", func(t *testing.T) {
		l := *w.layout
		w.layout.Public, w.layout.PublicURL = "0.0.0.0:443", "http://countersign.example.com/x"
		w.layout.Console = "0.0.0.0:8080"
		w.layout.MailPort, w.layout.MailExtra = "70000", "\n  tls: sometimes\n  username: me"
		w.layout.Duty, w.layout.Reviewers = []string{"nobody"}, []string{"ruth"}
		w.layout.BreakGlass, w.layout.OwnAccounts = []string{oktasim.BreakGlass, oktasim.BreakGlass}, nil
		w.layout.Connections = []layoutConnection{{ID: "Okta 1", URL: "acme.okta.com"}, {ID: "Okta 1", URL: "http://acme.okta.com"}}
		w.layout.swap("restraint_group: 00gCountersignHold00", "restraint_group: restraint")
		w.layout.swap("installation: test", "installation: ''")
		w.layout.rewrite(w)
		_, errs, code := w.command("check-config")
		if code != 1 {
			t.Errorf("exit %d", code)
		}
		golden(t, "check-config-bad.txt", strings.ReplaceAll(errs, w.dir, "DIR"))
		*w.layout = l
		w.layout.rewrite(w)
	})
	t.Run("files that are not there", func(t *testing.T) {
		for _, name := range []string{"nordwind-okta.secret", "mail.pem"} {
			w.must(os.Remove(w.file(name)))
		}
		w.write("nordwind-okta.token", "")
		w.write("people.csv", w.layout.People+"p-9,,,,,,,,,\n")
		_, errs, code := w.command("check-config")
		if code != 1 {
			t.Errorf("exit %d", code)
		}
		golden(t, "check-config-files.txt", strings.ReplaceAll(errs, w.dir, "DIR"))
	})
}

// Each of these is refused by serve as by check-config, with the line or key.
func TestConfigRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	for name, c := range map[string]struct {
		old, with string
		words     []string
	}{
		"an unknown key":             {"organisation: Nordwind", "organisaton: Nordwind", []string{"organisaton", "20:5"}},
		"an unknown key in okta":     {"poll_every: 300ms", "poll_evry: 300ms", []string{"poll_evry"}},
		"a key twice":                {"installation: test", "installation: test\ninstallation: other", []string{"installation"}},
		"a wrong duration":           {"poll_every: 300ms", "poll_every: often", []string{"often"}},
		"not YAML":                   {"tenants:", "tenants: [", []string{"countersign.yaml"}},
		"a second document":          {"tenants:", "---\ntenants:", []string{"second document"}},
		"a tag where a list belongs": {"reviewers: [ruth, omar, sanne]", "reviewers: !a b", []string{"countersign.yaml"}},
		"contain without emergency":  {"break_glass: [00uBreakGlassOne0000, 00uBreakGlassTwo0000]", "break_glass: [00uBreakGlassOne0000]", []string{"break_glass", "two"}},
		"emergency accounts by name": {"break_glass: [00uBreakGlassOne0000,", "break_glass: [break.glass@nordwind.example,", []string{"break_glass", "20 letters"}},
		"the console for everybody":  {"console:\n  listen: \"127.0.0.1:0\"", "console:\n  listen: \":8080\"", []string{"console.listen", "loopback"}},
		"an intake closed at once":   {"console:\n", "intake:\n  max_waiting: 5\nconsole:\n", []string{"intake.max_waiting", "100"}},
		"an intake never closed":     {"console:\n", "intake:\n  max_waiting_per_connection: 5000000\nconsole:\n", []string{"intake.max_waiting_per_connection", "1000000"}},
		"an unknown mode":            {"mode: contain", "mode: block", []string{"mode", "block"}},
		"one reviewer":               {"reviewers: [ruth, omar, sanne]", "reviewers: [ruth]", []string{"reviewers", "two"}},
		"mail in clear to elsewhere": {"host: \"127.0.0.1\"", "host: mail.example\n  tls: none", []string{"mail.tls", "loopback"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := *w.layout
			defer func() { *w.layout = before }()
			w.layout.swap(c.old, c.with)
			w.layout.rewrite(w)
			for _, command := range []string{"check-config", "serve"} {
				_, errs, code := w.command(command)
				if code != 1 {
					t.Errorf("%s: exit %d", command, code)
				}
				for _, want := range c.words {
					if !strings.Contains(errs, want) {
						t.Errorf("%s does not say %q but: %s", command, want, errs)
					}
				}
			}
		})
	}
}
