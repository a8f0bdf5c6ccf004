package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/sql/jobs"
	"github.com/countersign/countersign/sql/pgstore"
)

// looked is when the diagnoses below were made.
var lookedAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// diagnosed judges what is known of two connections, one of each provider.
func diagnosed(edit func(d *diagnosis, okta, entra *holds.ConnectionHealth)) diagnosis {
	before := func(d time.Duration) time.Time { return lookedAt.Add(-d) }
	d := diagnosis{
		At: lookedAt, Version: "test",
		Database: pgstore.Condition{
			Server: "15.8", Schema: 14, Offset: 3 * time.Millisecond,
			Settings: map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"},
		},
	}
	conn := func(id, provider string) holds.ConnectionHealth {
		return holds.ConnectionHealth{
			Tenant: "acme", Connection: holds.ConnectionID(id), Provider: provider, Mode: holds.ModeContain, Configured: before(72 * time.Hour),
			Polled: before(4 * time.Second), CursorMoved: before(time.Minute), Enforcement: holds.Enforcement{At: before(40 * time.Second), InForce: true},
			Telling: holds.Telling{
				At: before(40 * time.Second), Log: before(time.Minute), Hour: holds.TellingCount{Pushed: 3}, Day: holds.TellingCount{Pushed: 38, OnlyLog: 2, OnlyPush: 1},
			},
		}
	}
	okta, entra := conn("acme-okta", "okta"), conn("acme-entra", "entra")
	okta.Push.At = before(40 * time.Second)
	for _, r := range []string{"groups", "users"} {
		entra.Subscriptions = append(entra.Subscriptions, holds.Feed{Resource: r, ID: "7f105c7d", Made: before(24 * time.Hour), Expires: lookedAt.Add(144 * time.Hour)})
	}
	edit(&d, &okta, &entra)
	all := []holds.ConnectionHealth{okta, entra}
	c := Connection{ID: "acme-okta", Provider: providerOkta, Mode: "contain", Hook: Hook{ID: "whoOurs"}}
	e := Connection{ID: "acme-entra", Provider: providerEntra, Mode: "contain", Entra: Entra{LogDays: 7}}
	for _, n := range []Connection{c, e} {
		d.Connections = append(d.Connections, examine("acme", n, all, d.At))
	}
	d.judge()
	return d
}

// TestG16TheDoctorsWords: what a tired person reads when all is well, and when all
// that can be wrong is.
func TestG16TheDoctorsWords(t *testing.T) {
	for name, edit := range map[string]func(d *diagnosis, okta, entra *holds.ConnectionHealth){
		"doctor-well.txt": func(*diagnosis, *holds.ConnectionHealth, *holds.ConnectionHealth) {},
		"doctor-quiet.txt": func(_ *diagnosis, okta, entra *holds.ConnectionHealth) {
			okta.Telling, entra.Telling = holds.Telling{At: okta.Telling.At}, holds.Telling{At: okta.Telling.At}
			entra.Mode = holds.ModeWatch
		},
		"doctor-ill.txt": func(d *diagnosis, okta, entra *holds.ConnectionHealth) {
			d.Database.Settings["fsync"], d.Database.Offset = "off", -1200*time.Millisecond
			d.Inbox = inboxLook{Waiting: 7, Failed: 1, Oldest: lookedAt.Add(-9 * time.Minute)}
			d.Jobs = []jobs.Backlog{{Kind: holds.EffectContain, Waiting: 5, Failing: 2, Oldest: lookedAt.Add(-3 * time.Minute)}, {Kind: holds.EffectSend, GivenUp: 1}}
			okta.Polled, okta.LogTrouble = lookedAt.Add(-6*time.Minute), "Okta answers nothing."
			okta.Push = holds.PushLook{At: lookedAt.Add(-time.Minute), Trouble: "Our event hook whoOurs does not tell us of every change: it is switched off (INACTIVE).", Since: lookedAt.Add(-2 * time.Hour)}
			okta.Telling.Silent, okta.Telling.Changes, okta.Telling.Since = 9, 4, lookedAt.Add(-2*time.Hour)
			okta.Telling.Types = []string{"user.mfa.factor.reset_all"}
			okta.Enforcement.InForce, okta.Enforcement.Problems = false, []string{"The rule is not the first."}
			entra.Subscriptions[0].ID, entra.Subscriptions[0].Trouble = "", "The notification address could not be reached."
			entra.Refused, entra.RefusedAt = 12, lookedAt.Add(-time.Hour)
			entra.RulesTrouble = "Microsoft refuses the client secret."
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosed(edit)
			var out strings.Builder
			if err := d.print(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, name, out.String())
			if d.Well != (d.wrong() == 0) || d.Well != (name != "doctor-ill.txt") {
				t.Errorf("well: %t, %d wrong", d.Well, d.wrong())
			}
			if _, err := json.Marshal(d); err != nil {
				t.Error(err)
			}
		})
	}
}

// doctor runs the doctor and reads what it says to programs.
func (w *world) doctor() (d diagnosis, code int) {
	w.Helper()
	out, errs, code := w.command("doctor", "--json")
	if code == 2 {
		w.Fatalf("the doctor could not look: %s", errs)
	}
	w.must(json.Unmarshal([]byte(out), &d))
	return d, code
}

// wrongs are the kinds of what is wrong, without what every database of the tests has.
func (d diagnosis) wrongs() (out []holds.FindingKind) {
	for _, f := range d.Findings {
		if f.Wrong && f.Kind != databaseUnsafe {
			out = append(out, f.Kind)
		}
	}
	for _, p := range d.Connections {
		for _, f := range p.Findings {
			if f.Wrong {
				out = append(out, f.Kind)
			}
		}
	}
	return out
}

// TestD2D3TheDoctorLooks at a running installation: all is well; then its hook is
// switched off and the deny rule, too, and it says so by its exit status.
func TestD2D3TheDoctorLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{sim: behind(), notYet: true, edit: func(l *layout) {
		public, _, err := freePorts()
		if err != nil {
			t.Fatal(err)
		}
		l.Public, l.PublicURL = public, "http://"+public
	}})
	w.start()
	var err error
	w.orgs[0].hook, err = w.sim().RegisterHook(oktasim.HookTarget{
		URL: w.layout.PublicURL + "/hooks/okta/" + string(connection), Secret: w.orgs[0].secret, Events: okta.HookEvents(),
	})
	w.must(err)
	w.stop()
	w.layout.Hook = "\n          id: " + w.orgs[0].hook
	w.layout.rewrite(w)
	w.start()
	w.baselined()
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.hold(oktasim.Engineer, "a hold", isContained)
	w.looked()
	d, _ := w.doctor()
	if got := d.wrongs(); len(got) > 0 || len(d.Connections) != 1 || d.Connections[0].Hearing != holds.Heard || !d.Connections[0].Restraint.InForce {
		t.Fatalf("%v; %+v", got, d.Connections)
	}
	if h := d.Connections[0].Hook; h == nil || !h.InOrder || d.Connections[0].Telling.Hour == (holds.TellingCount{}) {
		t.Errorf("the hook: %+v, told %+v", h, d.Connections[0].Telling)
	}
	w.told(w.sim().DeactivatesHook(oktasim.ITLead, w.orgs[0].hook))
	w.told(w.sim().DeactivatesRule(oktasim.ITLead, oktasim.SignOnPolicy, oktasim.SignOnRule))
	w.looked()
	d, code := w.doctor()
	if got := d.wrongs(); !slices.Contains(got, holds.PushOff) || !slices.Contains(got, holds.RestraintOff) || code != 1 || d.Connections[0].Hearing != holds.Deaf {
		t.Errorf("exit %d, %v", code, got)
	}
	out, _, code := w.command("doctor")
	if code != 1 || !strings.Contains(out, "switched off") || !strings.Contains(out, "things are wrong.") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestD1TheDoctorBesideNothing: a service that does not run any more, and a database
// that is not there.
func TestD1TheDoctorBesideNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.settled()
	w.stopAll()
	w.exec(`UPDATE connection_health SET polled_at = now() - interval '5 minutes'`)
	d, code := w.doctor()
	if got := d.wrongs(); code != 1 || !slices.Equal(got, []holds.FindingKind{holds.LogUnread}) {
		t.Errorf("exit %d, %v", code, got)
	}
	w.write("database.url", "host=127.0.0.1 port=1 dbname=gone user=countersign_app sslmode=disable connect_timeout=2\n")
	out, errs, code := w.command("doctor")
	if code != 2 || out != "" || !strings.Contains(errs, "could not look") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
