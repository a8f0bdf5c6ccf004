package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // a flag of the tests

// golden compares with a file of testdata, after what differs from run to run
// was replaced.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, r := range []struct{ pattern, with string }{
		{`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`, "HOLD"},
		{`\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z`, "TIME"},
		{`\d\d:\d\d:\d\d\.\d{3}`, "TIME"},
		{`[+-]\d+ ms`, "+N ms"},
		{regexp.QuoteMeta(os.TempDir()) + `/[^\s:]*/`, "DIR/"},
		{`127\.0\.0\.1:\d+`, "ADDRESS"},
		{` +`, " "},
		{`(?m) +$`, ""},
	} {
		got = regexp.MustCompile(r.pattern).ReplaceAllString(got, r.with)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (write it anew with -update):\n%s", file, diff)
	}
}

// What people see of holds on the command line; JSON for programs.
func TestHoldsCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{slowPoll: true})
	if out := w.good("holds", "list"); out != "No holds.\n" {
		t.Errorf("of an empty queue: %q", out)
	}
	w.told(w.sim().GrantsRole(oktasim.ITLead, oktasim.Contractor, "SUPER_ADMIN", oktasim.From("elsewhere")))
	v := w.hold(oktasim.Contractor, "the hold", isContained)
	w.settled()
	golden(t, "holds-list.txt", w.good("holds", "list"))
	golden(t, "holds-show.txt", w.ordered(w.good("holds", "show", string(v.Hold.ID))))
	golden(t, "events-list.txt", w.good("events", "list"))

	var one holds.Summary
	if err := json.Unmarshal([]byte(w.good("holds", "list", "--json")), &one); err != nil || one.Key.Hold != v.Hold.ID || one.Standing != holds.Contained {
		t.Errorf("as JSON: %+v, %v", one, err)
	}
	moments := json.NewDecoder(strings.NewReader(w.good("holds", "show", "--json", string(v.Hold.ID))))
	seen := map[string]bool{}
	for moments.More() {
		var m holds.Moment
		w.must(moments.Decode(&m))
		seen[m.What] = true
	}
	for _, want := range []string{"occurred", "received", "durable", "held", "restrained", "owner told", "duty paged"} {
		if !seen[want] {
			t.Errorf("the timeline has no %q: %v", want, seen)
		}
	}
	if out := w.good("holds", "list", "--ended"); out != "No holds.\n" {
		t.Errorf("ended: %q", out)
	}
	for _, id := range []string{"nonsense", "01a20632-7210-7615-b881-02b9fa42d35b"} {
		if _, errs, code := w.command("holds", "show", id); code != 1 || !strings.Contains(errs, "no hold") {
			t.Errorf("holds show %s: %d %s", id, code, errs)
		}
	}
	if _, errs, code := w.command("holds", "list", "--tenant", "other"); code != 1 || !strings.Contains(errs, `no tenant "other"`) {
		t.Errorf("another tenant: %d %s", code, errs)
	}
}

// ordered sorts the lines of the timeline that may happen in any order, and
// drops their times.
func (w *world) ordered(text string) string {
	lines := strings.Split(text, "\n")
	from := 0
	for i, l := range lines {
		if strings.Contains(l, "held ") && from == 0 {
			from = i + 1
		}
	}
	rest := lines[from : len(lines)-1]
	for i, l := range rest {
		rest[i] = strings.Join(strings.Fields(l)[3:], " ")
	}
	slices.Sort(rest)
	return strings.Join(lines, "\n")
}

// A sign-in link works once, for a reviewer, through the console's own page.
func TestReviewersLink(t *testing.T) {
	t.Parallel()
	address, _, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, options{unaware: true, noHook: true, notYet: true, edit: func(c *layout) { c.Console = address }})
	w.start()
	out := w.good("reviewers", "link", "ruth")
	link, _, _ := strings.Cut(out, "\n")
	path := strings.TrimPrefix(link, "http://"+address)
	if path == link || !strings.Contains(out, "Works once") {
		t.Fatalf("it printed %q", out)
	}
	b := w.browser("http://" + address)
	if p := b.get("/"); p.status != http.StatusUnauthorized {
		t.Errorf("before signing in: %d", p.status)
	}
	if p := b.get(path); p.status != 200 {
		t.Fatalf("%d %s", p.status, p.words())
	}
	if p := b.get(path).form(path).post(); p.status != 200 {
		t.Fatalf("%d %s", p.status, p.words())
	}
	if p := b.get("/"); p.status != 200 {
		t.Errorf("after signing in: %d %s", p.status, p.words())
	}
	again := w.browser("http://" + address)
	if p := again.get(path).form(path).post(); p.status != http.StatusNotFound {
		t.Errorf("the link worked twice: %d %s", p.status, p.words())
	}
	if _, errs, code := w.command("reviewers", "link", "aiko"); code != 1 || !strings.Contains(errs, "not a reviewer") {
		t.Errorf("for somebody else: %d %s", code, errs)
	}
	w.exec("UPDATE signin_links SET expires_at = now() - interval '1 second'")
	late := strings.TrimPrefix(strings.SplitN(w.good("reviewers", "link", "omar"), "\n", 2)[0], "http://"+address)
	w.exec("UPDATE signin_links SET expires_at = now() - interval '1 second'")
	if p := again.get(late).form(late).post(); p.status != http.StatusNotFound {
		t.Errorf("an expired link: %d %s", p.status, p.words())
	}
}

// Commands that need no installation.
func TestSmallCommands(t *testing.T) {
	w := &world{T: t, seams: testSeams()}
	if out, _, code := w.bare("version"); code != 0 || out != "countersign "+version+"\n" {
		t.Errorf("version: %d %q", code, out)
	}
	out, _, code := w.bare("--help")
	if code != 0 {
		t.Errorf("--help: %d", code)
	}
	golden(t, "help.txt", out)
	if none, _, code := w.bare(); code != 0 || none != out {
		t.Errorf("without arguments: %d %s", code, none)
	}
	for _, args := range [][]string{{"--nonsense"}, {"nonsense"}, {"holds"}, {"holds", "show"}, {"serve", "--config"}, {"holds", "list", "--limit"}} {
		if _, errs, code := w.bare(args...); code != 2 || !strings.Contains(errs, "countersign") {
			t.Errorf("%v: exit %d, %s", args, code, errs)
		}
	}
	if _, errs, code := w.bare("serve", "--config", "/nowhere.yaml"); code != 1 || !strings.Contains(errs, "/nowhere.yaml") {
		t.Errorf("a missing configuration: %d %s", code, errs)
	}
	if _, errs, code := w.bare("demo", "--json"); code != 2 || !strings.Contains(errs, "--once") {
		t.Errorf("demo --json: %d %s", code, errs)
	}
}

// Keys are made once and never over others.
func TestKeysCreate(t *testing.T) {
	t.Parallel()
	w := &world{T: t, seams: testSeams()}
	dir := filepath.Join(t.TempDir(), "keys")
	if out, errs, code := w.bare("keys", "create", "--installation", "prod", dir); code != 0 || !strings.Contains(out, "audit.public.key") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	before := map[string]string{}
	files, err := os.ReadDir(dir)
	w.must(err)
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		w.must(err)
		before[f.Name()] = string(raw)
		info, err := f.Info()
		w.must(err)
		if want := os.FileMode(0o600); info.Mode().Perm() != want && f.Name() != auditPublicFile {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	if len(before) != 4 {
		t.Errorf("it made %d files", len(before))
	}
	if _, errs, code := w.bare("keys", "create", "--installation", "prod", dir); code != 1 || errs == "" {
		t.Errorf("over existing keys: %d %s", code, errs)
	}
	for name, was := range before {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		w.must(err)
		if string(raw) != was {
			t.Errorf("%s was replaced", name)
		}
	}
	if _, _, code := w.bare("keys", "create", "--installation", "not a name", filepath.Join(t.TempDir(), "k")); code == 0 {
		t.Error("an installation's name with spaces was taken")
	}
}

// A file of people is checked line by line, and the example is good.
func TestPeopleCommands(t *testing.T) {
	t.Parallel()
	w := &world{T: t, dir: t.TempDir(), seams: testSeams()}
	out, _, code := w.bare("people", "example")
	if code != 0 {
		t.Fatal(code)
	}
	w.write("good.csv", out)
	if out, errs, code := w.bare("people", "check", w.file("good.csv")); code != 0 || out != "2 people, 0 problems.\n" {
		t.Errorf("the example: %d %s%s", code, out, errs)
	}
	w.write("bad.csv", "person,name,belonging,department,manager,account,contact_kind,contact,recorded,inside\n"+
		"p-1,Anna Berg,employee,,,okta:00u1a2b3c4d5e6f7g8h9,email,anna@home.example,2023-04-01,\n"+
		"p-2,,employee,,,,email,not an address,yesterday,\n"+
		"p-1,Somebody Else,,,,,fax,1,2023-04-01,\n")
	out, _, code = w.bare("people", "check", w.file("bad.csv"))
	if code != 1 {
		t.Errorf("bad rows: exit %d", code)
	}
	golden(t, "people-check.txt", out)
	if _, errs, code := w.bare("people", "check", w.file("none.csv")); code != 2 || !strings.Contains(errs, "none.csv") {
		t.Errorf("a missing file: %d %s", code, errs)
	}
}
