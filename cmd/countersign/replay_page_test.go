package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/replay"
)

// TestReplaySummary: the page that a security team decides by.
func TestReplaySummary(t *testing.T) {
	t.Setenv("COLUMNS", "")
	out, errs, code := replayOf(t, "", append([]string{"--provider=okta", "--people=40"}, oktaExport()...)...)
	if code != 0 || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	exactly(t, "summary.txt", out)
	again, _, _ := replayOf(t, "", append([]string{"--provider=okta", "--people=40", "--summary"}, oktaExport()...)...)
	if again != out {
		t.Error("--summary is not what is printed without it")
	}
	t.Setenv("COLUMNS", "44")
	narrow, _, _ := replayOf(t, "", append([]string{"--provider=okta"}, append(oktaExport(), strange("okta-broken.jsonl")...)...)...)
	exactly(t, "narrow.txt", narrow)
	for line := range strings.Lines(narrow) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 44 && len(strings.Fields(line)) > 2 {
			t.Errorf("%d wide: %s", n, line)
		}
	}
}

// TestReplayPageForBrowsers: --html writes the same figures, as a page that fetches
// and runs nothing, whatever stands in a log.
func TestReplayPageForBrowsers(t *testing.T) {
	t.Setenv("COLUMNS", "")
	file := filepath.Join(t.TempDir(), "page.html")
	out, errs, code := replayOf(t, "", append([]string{"--provider=okta", "--json", "--people=40", "--html", file}, oktaExport()...)...)
	if code != 0 || errs != "" || !strings.HasPrefix(out, `{"index":0,`) {
		t.Fatalf("exit %d, %s", code, errs)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	exactly(t, "page.html", string(raw))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the page: %v", info.Mode())
	}
	text, _, _ := replayOf(t, "", append([]string{"--provider=okta", "--people=40"}, oktaExport()...)...)
	sameFigures(t, string(raw), text)
}

// sameFigures compares what a page and a text say.
func sameFigures(t *testing.T, page, text string) {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Join(strings.Fields(text), " ")
	rows := doc.Find("table").First().Find("tr")
	if rows.Length() < 7 {
		t.Fatalf("%d figures", rows.Length())
	}
	rows.Each(func(_ int, row *goquery.Selection) {
		for _, cell := range []string{row.Find("th").Text(), row.Find("td").First().Text()} {
			if !strings.Contains(text, cell) {
				t.Errorf("the text lacks %q", cell)
			}
		}
	})
	doc.Find("h2").Each(func(_ int, h *goquery.Selection) {
		if !strings.Contains(text, h.Text()) {
			t.Errorf("the text lacks %q", h.Text())
		}
	})
}

// hostile is a page with what an intruder might put into a log.
func hostile() replayPage {
	return replayPage{
		Title: "What would have been held", About: "3 records.", Figures: figures(replay.Report{}),
		Charts: []chart{{"Holds by rule", []replay.Count{{Name: `"><script>alert(1)</script>`, N: 3}, {Name: "a rule with a name that is longer than the page is wide", N: 1200}, {Name: "none", N: 0}}}},
		Examples: []replay.Example{{
			Occurred: time.Date(2026, 9, 7, 9, 0, 0, 0, time.UTC), Class: holds.MFAChange, Type: "user.mfa", Rule: "mfa", Tier: holds.TierHigh,
			Account: `<img src=x onerror=alert(1)>`, Actor: `javascript:alert(1)`,
		}},
		Notes: []string{"Not read: </li><style>*{display:none}</style>"},
	}
}

// TestReplayPageRunsNothing: the Content-Security-Policy names the digest of the
// one style there is and forbids the rest; what a log says stays text.
func TestReplayPageRunsNothing(t *testing.T) {
	var b strings.Builder
	if err := hostile().html(&b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("script, img, link, iframe, object, form, a, [style], [onerror], [onload], [src], [href]").Length(); n > 0 {
		t.Errorf("%d elements could fetch or run something", n)
	}
	styles := doc.Find("style")
	sum := sha256.Sum256([]byte(styles.First().Text()))
	policy, _ := doc.Find(`meta[http-equiv="Content-Security-Policy"]`).Attr("content")
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; styles.Length() != 1 || !strings.Contains(policy, want) || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy %q does not name the style's digest %s", policy, want)
	}
	if bars := doc.Find("rect"); bars.Length() != 3 || bars.Eq(0).AttrOr("width", "") != "2" || bars.Eq(1).AttrOr("width", "") != "300" || bars.Eq(2).AttrOr("width", "") != "0" {
		t.Errorf("bars: %v", bars.Length())
	}
}

// TestReplayWidths: a page fits any terminal, with headings that stand out only
// where they may.
func TestReplayWidths(t *testing.T) {
	for _, width := range []int{30, 44, 60, 80, 120} {
		var b strings.Builder
		if err := hostile().write(&b, look{width: width, bold: true}); err != nil {
			t.Fatal(err)
		}
		if strings.Count(b.String(), "\x1b[1m") < 4 {
			t.Error("headings do not stand out")
		}
		for line := range strings.Lines(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(b.String())) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d of %d wide: %s", n, width, line)
			}
		}
	}
	var b strings.Builder
	if err := hostile().write(&b, look{width: 80}); err != nil || strings.Contains(b.String(), "\x1b") {
		t.Error("a plain page has escapes")
	}
	for columns, want := range map[string]int{"": 80, "44": 44, "7": 30, "500": 120, "none": 80, "-3": 80} {
		t.Setenv("COLUMNS", columns)
		if l := lookOf(&b); l.width != want || l.bold {
			t.Errorf("COLUMNS=%s: %+v", columns, l)
		}
	}
}

// TestReplayCharts: a long log is shown by weeks, months and years, and no hold is
// lost on the way.
func TestReplayCharts(t *testing.T) {
	for days, want := range map[int]string{1: "day", 31: "day", 32: "week", 217: "week", 218: "thirty days", 930: "thirty days", 931: "year", 4000: "year"} {
		p := replay.Report{From: time.Date(2024, 3, 1, 23, 0, 0, 0, time.UTC), Days: days, PerDay: make([]int, days)}
		for i := range p.PerDay {
			p.PerDay[i] = i % 3
			p.Holds += i % 3
		}
		c := overTime(p)
		sum := 0
		for _, b := range c.Bars {
			sum += b.N
		}
		if p.Holds > 0 && (c.Title != "Holds by "+want || sum != p.Holds || len(c.Bars) > mostBars || c.Bars[0].Name != "2024-03-01") {
			t.Errorf("%d days: %s, %d bars with %d of %d holds", days, c.Title, len(c.Bars), sum, p.Holds)
		}
	}
}

// TestReplayBar: the progress on a terminal, by the bytes that were read.
func TestReplayBar(t *testing.T) {
	for _, tc := range []struct {
		read, total int64
		width       int
		want        string
	}{
		{0, 10e9, 79, "  0% [--------------------] 0 kB of 10.0 GB, 16m39s left"},
		{2.5e9, 10e9, 79, " 25% [#####---------------] 2.5 GB of 10.0 GB, 3s left"},
		{10e9, 10e9, 79, "100% [####################] 10.0 GB of 10.0 GB, 0s left"},
		{12e9, 10e9, 79, "100% [####################] 12.0 GB of 10.0 GB, 0s left"},
		{2.5e9, 10e9, 10, " 25% [####"},
		{1.5e6, 0, 79, "1.5 MB read, 1,234,567 records"},
	} {
		if got := barLine(tc.read, tc.total, 1_234_567, time.Second, tc.width); got != tc.want {
			t.Errorf("%d of %d: %q, want %q", tc.read, tc.total, got, tc.want)
		}
	}
	if b := newBar(streams{out: &strings.Builder{}, err: &strings.Builder{}}, false, nil); b != nil {
		t.Error("a pipe gets a bar")
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	if got := fmt.Sprint(plural(1, "day"), plural(2000, "day")); got != "1 day2,000 days" {
		t.Error(got)
	}
}
