package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// I7, J5: after a day of everything, no secret, no way to reach a person and
// nothing of a raw body is in the service's log, or in the clear anywhere in the
// database; and none of the installation's own secrets is in a page, in the
// answer to a refused call, or in a mail. What machines are told has none of either,
// and names no account and no person.
func TestI7NoSecretInLogOrDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const theirs = "attacker-mailbox@mail.example"
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	w.told(w.sim().ChangesRecoveryEmail(oktasim.OrgAdmin, oktasim.Payroll, theirs))
	v := w.hold(oktasim.Engineer, "the hold", func(v holds.View) bool { return isContained(v) && !v.Hold.ToldAt.IsZero() })
	w.hold(oktasim.Payroll, "the other hold", isContained)
	w.settled()
	ruth, omar := w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo)
	w.released(v, ruth, omar)
	letters := append(w.lettersTo(oktasim.Engineer, 1), w.lettersTo(oktasim.Payroll, 1)...)
	owner := w.owner()
	for _, l := range letters {
		owner.says(l, "AAAA-AAAA", "not_me")
	}
	owner.says(letters[len(letters)-1], letters[len(letters)-1].code, "not_me")
	_, refusal := w.knock(w.hookURL(w.orgs[0]), envelope(w.orgs[0]), header("Authorization", w.orgs[0].secret+"-not-quite"))
	raw := "canary-" + rand.Text()
	w.deliver(w.orgs[0], envelope(w.orgs[0], reshaped(w.crafted(func(e *oktasim.Event) { asUser(e, oktasim.Payroll, "", "") }), func(m map[string]any) {
		m["debugContext"] = map[string]any{"debugData": map[string]string{"note": raw}}
		m["unheardOf"] = raw
	})))
	w.knock(w.hookURL(w.orgs[0])+"-"+raw, envelope(w.orgs[0]), header("Authorization", w.orgs[0].secret)) // a connection that there is not
	w.must(w.sim().Fail(oktasim.Fault{Path: "/api/v1/**", Times: 5, When: oktasim.FailBefore, How: oktasim.FailStatus, Status: 401}))
	w.svc().keeper.Health(t.Context())
	w.settled()

	secrets := map[string]string{
		"the hook's secret": w.orgs[0].secret, "the API token": w.sim().Token(oktasim.ServiceToken), "an address in doubt": theirs,
		"a duty address": "duty@nordwind.example", "the database's password": passwordOf(w.db.AppDSN),
	}
	key, err := os.ReadFile(filepath.Join(w.dir, "keys", linkFile))
	w.must(err)
	secrets["the links' key"] = strings.TrimSpace(string(key))
	for _, l := range letters {
		secrets["a code "+l.code] = l.code
		secrets["a code without its dash "+l.code] = strings.ReplaceAll(l.code, "-", "")
		secrets["a link "+l.path] = strings.TrimPrefix(l.path, "/o/")
		secrets["an owner's address "+l.to] = l.to
	}
	for _, b := range []*browser{ruth, omar} {
		for _, c := range b.http.Jar.Cookies(mustURL(w, b.base)) {
			_, token, _ := strings.Cut(c.Value, ".")
			secrets["a session "+token] = token
		}
	}
	for _, p := range w.sim().Company().People {
		if phone := p.Profile.Get("mobilePhone"); phone != "" {
			secrets["a number "+phone] = phone
		}
	}
	own := map[string]string{"a field of a raw body": raw}
	for what, secret := range secrets {
		if !strings.HasPrefix(what, "a number") && !strings.HasPrefix(what, "an ") && !strings.HasPrefix(what, "a duty") &&
			!strings.HasPrefix(what, "a code") && !strings.HasPrefix(what, "a link") {
			own[what] = secret
		}
	}
	secrets["a field of a raw body"] = raw
	if len(own) < 7 {
		t.Fatalf("only %d secrets of our own to look for", len(own))
	}
	said := map[string]string{"the answer to a refused call": refusal}
	for _, p := range []*page{
		ruth.get("/"), ruth.hold(v.Hold.ID), ruth.get("/holds/nothing"), ruth.get("/nothing"), owner.get(letters[0].path), owner.get("/o/nothing"),
		owner.get("/hooks/okta/" + string(connection)),
	} {
		html, err := p.Html()
		w.must(err)
		said["the page "+p.path] = html
	}
	for _, m := range w.mail.Mails() {
		said["the mail "+m.Subject] += m.Text + m.HTML + m.Raw
	}
	for where, text := range said {
		if text == "" {
			t.Errorf("%s is empty, so this proves nothing", where)
		}
		for what, secret := range own {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s: …%s…", what, where, around(text, secret))
			}
		}
	}
	var metrics string
	w.until("the figures of what happened", func() (bool, string) { // what the database knows is kept for a while
		_, metrics = w.asked(w.svc().monitor.server.Addr(), "/metrics")
		return metricOf(metrics, `countersign_deliveries_total{answer="unauthenticated",connection="nordwind-okta",source="hook"}`) >= 1 &&
			metricOf(metrics, `countersign_look_ok`) == 1, metrics
	})
	for _, p := range w.sim().Company().People {
		for what, of := range map[string]string{"the account of ": p.ID, "the sign-in name of ": p.Profile.Get("login")} {
			if strings.Contains(metrics, of) {
				t.Errorf("J5, J7: %s%s is in the figures: …%s…", what, of, around(metrics, of))
			}
		}
	}
	dump := w.dump()
	for what, secret := range secrets {
		if len(secret) < 8 {
			t.Fatalf("%s is %q: nothing to look for", what, secret)
		}
		if strings.Contains(metrics, secret) {
			t.Errorf("J5: %s is in the figures: …%s…", what, around(metrics, secret))
		}
		if log := w.log.String(); strings.Contains(log, secret) {
			t.Errorf("%s is in the log: …%s…", what, around(log, secret))
		}
		if strings.Contains(dump, secret) {
			t.Errorf("%s is in the database in clear: …%s…", what, around(dump, secret))
		}
	}
	if !strings.Contains(dump, oktasim.Engineer) {
		t.Error("the dump does not even have the account, so this proves nothing")
	}
}

// dump is every row of every table as text. What is sealed shows as
// hexadecimal digits.
func (w *world) dump() string {
	w.Helper()
	var b strings.Builder
	for _, table := range w.column(`SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`) {
		for _, row := range w.column("SELECT t::text FROM " + table + " t") {
			b.WriteString(table + " " + row + "\n")
		}
	}
	return b.String()
}

func around(text, found string) string {
	i := strings.Index(text, found)
	return text[max(0, i-120):min(len(text), i+len(found)+40)]
}
