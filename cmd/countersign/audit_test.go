package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// after is a world in which a hold was opened, checked, approved and released,
// with a checkpoint of it outside the database.
func after(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, options{slowPoll: true})
	w.told(w.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Engineer))
	v := w.hold(oktasim.Engineer, "the hold", isContained)
	w.settled()
	w.released(v, w.reviewer(oktasim.Reviewer), w.reviewer(oktasim.ReviewerTwo))
	w.settled()
	w.must(w.svc().anchor.Once(t.Context()))
	return w
}

// The log of a whole story verifies, by the command, beside a running service
// and after it has stopped, against all checkpoints and a single one.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	w := after(t)
	entries := w.count("SELECT count(*) FROM audit_leaves")
	out := w.good("audit", "verify")
	if !strings.Contains(out, "intact: "+itoa(entries)+" entries") || strings.Contains(out, " 0 checkpoint") {
		t.Errorf("it says %q of %d entries", out, entries)
	}
	if out := w.good("audit", "verify", "--json"); !strings.Contains(out, `"size":`+itoa(entries)) {
		t.Errorf("as JSON: %s", out)
	}
	w.stop()
	latest := filepath.Join(w.dir, "checkpoints", "latest")
	if out := w.good("audit", "verify", "--checkpoint", latest); !strings.Contains(out, "1 checkpoint") {
		t.Errorf("with one checkpoint: %q", out)
	}
	raw, err := os.ReadFile(latest)
	w.must(err)
	w.write("forged", strings.Replace(string(raw), "\n"+itoa(entries)+"\n", "\n"+itoa(entries-1)+"\n", 1))
	if _, errs, code := w.command("audit", "verify", "--checkpoint", w.file("forged")); code != 1 || !strings.Contains(errs, "forged") {
		t.Errorf("a forged checkpoint: %d %s", code, errs)
	}
	if n := w.count("SELECT count(*) FROM audit_leaves WHERE body LIKE '%@%'"); n != 0 {
		t.Errorf("%d entries hold addresses", n)
	}
}

// One altered entry is named.
func TestAuditNamesTheAlteredEntry(t *testing.T) {
	t.Parallel()
	w := after(t)
	w.exec(`UPDATE audit_leaves SET body = replace(body, 'omar', 'ruth') WHERE seq = (SELECT max(seq) FROM audit_leaves WHERE body LIKE '%omar%')`)
	seq := w.column(`SELECT max(seq)::text FROM audit_leaves WHERE body LIKE '%decision.recorded%'`)
	out, _, code := w.command("audit", "verify")
	if code != 3 || !strings.Contains(out, "NOT intact: entry "+seq[0]+": altered") {
		t.Errorf("exit %d: %s (the entry is %v)", code, out, seq)
	}
}

// A full rewrite by somebody with all rights is consistent in itself; only the
// checkpoint outside the database sees it.
func TestAuditFullRewriteIsSeenByTheCheckpoint(t *testing.T) {
	t.Parallel()
	w := after(t)
	w.stop()
	var entries []audit.Entry
	for _, body := range w.column("SELECT body FROM audit_leaves ORDER BY seq") {
		e, err := audit.ParseEntry([]byte(body))
		w.must(err)
		entries = append(entries, e)
	}
	altered := false
	for i, e := range entries {
		if e.Kind == "decision.recorded" {
			entries[i].Actor, altered = strings.Replace(e.Actor, "omar", "somebody", 1), true
		}
	}
	if !altered {
		t.Fatal("there is no decision to alter")
	}
	leaves, err := audit.Append(0, entries, audit.HashReaderFunc(func(indexes []int64) ([]audit.Hash, error) {
		return nil, fmt.Errorf("asked for %v of an empty log", indexes)
	}))
	w.must(err)
	w.exec("TRUNCATE audit_leaves, audit_hashes")
	for _, l := range leaves {
		w.exec("INSERT INTO audit_leaves (seq, tenant_id, body) VALUES ($1, $2, $3)", l.Seq, l.Entry.Tenant, string(l.Body))
		for _, h := range l.Hashes {
			w.exec("INSERT INTO audit_hashes (index, hash) VALUES ($1, $2)", h.Index, h.Hash[:])
		}
	}
	out, _, code := w.command("audit", "verify")
	if code != 3 || !strings.Contains(out, string(audit.FaultRewritten)) {
		t.Errorf("exit %d: %s", code, out)
	}
	w.layout.swap("checkpoints: checkpoints", "checkpoints: none")
	w.layout.rewrite(w)
	w.must(os.Mkdir(w.file("none"), 0o700))
	if out, _, code = w.command("audit", "verify"); code != 0 || !strings.Contains(out, "without a checkpoint") {
		t.Errorf("the rewrite is not consistent in itself, so this proves nothing: exit %d: %s", code, out)
	}
}

// The audit log has one entry for each thing that happened, and names who.
func TestAuditTellsTheStory(t *testing.T) {
	t.Parallel()
	w := after(t)
	counts := map[string]int{}
	for _, body := range w.column("SELECT body FROM audit_leaves ORDER BY seq") {
		e, err := audit.ParseEntry([]byte(body))
		w.must(err)
		counts[e.Kind]++
		if e.Kind == "decision.recorded" && !strings.Contains(e.Actor, string(person(oktasim.ReviewerTwo))) {
			t.Errorf("the approval is %q's", e.Actor)
		}
	}
	v := w.holdsOf(oktasim.Engineer)[0]
	for kind, want := range map[string]int{
		"hold.opened": 1, "evidence.recorded": 2, "decision.recorded": 1, "hold.approved": 1, "restraint.confirmed": 1, "lift.confirmed": 1,
		"intent.recorded": len(v.Intents), "hold.joined": len(v.Hold.Events) - 1,
	} {
		if counts[kind] != want {
			t.Errorf("%s: %d entries, not %d", kind, counts[kind], want)
		}
	}
	if v.Hold.State != holds.Released || counts["notice.planned"] == 0 {
		t.Errorf("%s; %s", stands(v), strconv.Quote(fmt.Sprint(counts)))
	}
}
