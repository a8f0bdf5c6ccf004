package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/cmd/countersign/testdata/quarter"
	"github.com/countersign/countersign/holds/policy"
	"github.com/countersign/countersign/holds/replay"
)

// promise is the eighth of what Countersign promises: at most so many holds for a
// hundred people and week, over both providers together.
const promise = 3.0

// The shipped policy, without any setting, on a quarter of a company of three
// hundred people, read by `countersign replay` from exports of its logs: every
// takeover is held where it is decided, no joiner's first enrolment is, and there are
// no more holds than promised. The promise is about a quarter: in the week in which
// everybody moves to another authenticator there are more, since some of them do it
// from where nobody saw them before; most are told and not held.
func TestQuarter(t *testing.T) {
	t.Parallel()
	keepsPromise(t, 1)
}

func keepsPromise(t *testing.T, seed uint64) {
	t.Helper()
	q := quarter.Generate(quarter.Options{Seed: seed, Noise: 1})
	r := replayQuarter(t, q, policy.Settings{})
	r.takeovers(t, q)
	r.joiners(t, q)
	if got := r.perHundredWeek(q); got > promise {
		t.Errorf("%.2f holds for a hundred people and week", got)
	}
	r.migration(t, q)
	if t.Failed() {
		t.Fatalf("seed %d: %s", seed, r.figures(q))
	}
}

// An organisation that does not export Entra's sign-ins loses nothing in safety,
// and pays for it with holds, since its log does not tell where people work. Some of
// them it saves by naming its offices.
func TestQuarterWithoutSignIns(t *testing.T) {
	t.Parallel()
	q := quarter.Generate(quarter.Options{Seed: 1, Noise: 1})
	q.System, q.SignIns = nil, nil
	without := replayQuarter(t, q, policy.Settings{})
	settings, err := policy.ReadSettings(strings.NewReader("networks: [198.51.100.0/24]"), "offices")
	if err != nil {
		t.Fatal(err)
	}
	named := replayQuarter(t, q, settings)
	for _, r := range []quarterReplay{without, named} {
		r.takeovers(t, q)
	}
	if named.holds >= without.holds || without.perHundredWeek(q) > promise {
		t.Errorf("%d holds without sign-ins, %d with the offices named\n%s", without.holds, named.holds, without.figures(q))
	}
}

// The same seed gives the same quarter, and another one another.
func TestQuarterIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	written := func(seed uint64) string {
		var b bytes.Buffer
		q := quarter.Generate(quarter.Options{Seed: seed, Weeks: 2, People: 40, Noise: 1})
		for _, to := range []func(io.Writer) error{q.Okta, q.Entra} {
			if err := to(&b); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	if first := written(7); first != written(7) || first == written(8) {
		t.Error("a seed does not decide what is written")
	}
}

// quarterReplay is what the policy makes of a quarter.
type quarterReplay struct {
	verdicts map[string]replay.Verdict // by id of the record
	reports  map[string]replay.Report
	weeks    []int
	holds    int
}

// replayQuarter runs the command on files of both providers' logs.
func replayQuarter(t *testing.T, q quarter.Quarter, s policy.Settings) quarterReplay {
	t.Helper()
	out := quarterReplay{verdicts: map[string]replay.Verdict{}, reports: map[string]replay.Report{}, weeks: make([]int, int(q.To.Sub(q.From).Hours()/24/7))}
	for provider, from := range map[string]struct {
		write   func(io.Writer) error
		records []quarter.Record
	}{"okta": {q.Okta, q.System}, "entra": {q.Entra, q.AllEntra()}} {
		report := out.provider(t, provider, from.write, from.records, s, q.People)
		out.reports[provider] = report
		out.holds += report.Holds
		for day, n := range report.PerDay {
			if week := (int(report.From.Sub(q.From).Hours()/24) + day) / 7; week >= 0 && week < len(out.weeks) {
				out.weeks[week] += n
			}
		}
	}
	return out
}

func (r quarterReplay) provider(t *testing.T, name string, write func(io.Writer) error, records []quarter.Record, s policy.Settings, people int) replay.Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".jsonl")
	f, err := os.Create(path)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var printed, errs bytes.Buffer
	c := replayCommand{Provider: name, JSON: true, Files: []string{path}}
	run := replaying{command: c, std: streams{out: &printed, err: &errs}, decoder: c.decoder(), now: time.Now().UTC(), judge: policy.NewStarter(s)}
	if err := run.run(t.Context()); err != nil || run.malformed > 0 || run.unreadable > 0 {
		t.Fatalf("%v: %s", err, errs.String())
	}
	lines := bufio.NewScanner(&printed)
	for i := 0; lines.Scan(); i++ {
		var v replay.Verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil || v.ID != records[i].ID {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		r.verdicts[v.ID] = v
	}
	return run.replay.Report(people)
}

func (r quarterReplay) perHundredWeek(q quarter.Quarter) float64 {
	return float64(r.holds) / (float64(q.People) / 100) / float64(len(r.weeks))
}

func (r quarterReplay) takeovers(t *testing.T, q quarter.Quarter) {
	t.Helper()
	if len(q.Truth.Takeovers) < 10 {
		t.Errorf("there are %d takeovers", len(q.Truth.Takeovers))
	}
	for _, x := range q.Truth.Takeovers {
		if r.reports[x.Provider].Records == 0 {
			continue // this log was left out
		}
		if v := r.verdicts[x.Decisive]; !v.Held {
			t.Errorf("%s (%s) is let through: %s", x.Name, x.Source, v.Reason)
		}
	}
}

func (r quarterReplay) joiners(t *testing.T, q quarter.Quarter) {
	t.Helper()
	if len(q.Truth.Joiners) == 0 {
		t.Error("nobody joined")
	}
	for _, id := range q.Truth.Joiners {
		if v := r.verdicts[id]; v.Held || !strings.Contains(v.Reason, "joiner") {
			t.Errorf("a joiner's first enrolment: held %v, %s", v.Held, v.Reason)
		}
	}
}

// migration: of those who move to another authenticator themselves, at most one in
// ten is held.
func (r quarterReplay) migration(t *testing.T, q quarter.Quarter) {
	t.Helper()
	week := int(q.Truth.Migration.Sub(q.From).Hours() / 24 / 7)
	moved := q.Truth.Expected["moved to Okta Verify"]
	if moved < q.People/2 || r.weeks[week] > moved/10 {
		t.Errorf("%d moved, and the week has %d holds", moved, r.weeks[week])
	}
}

// figures are printed when something is wrong.
func (r quarterReplay) figures(q quarter.Quarter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d holds, %.2f for a hundred people and week; by week %v\n", r.holds, r.perHundredWeek(q), r.weeks)
	for _, provider := range []string{"okta", "entra"} {
		p := r.reports[provider]
		fmt.Fprintf(&b, "%s: %d records, %d changes, %d of them held and %d told; %d holds, on 19 of 20 days at most %d\n", provider, p.Records, p.Changes, p.Held, p.Told, p.Holds, p.P95)
		for _, c := range p.Rules {
			fmt.Fprintf(&b, "  %-20s %d\n", c.Name, c.N)
		}
	}
	fmt.Fprintln(&b, q.Truth.Expected)
	return b.String()
}
