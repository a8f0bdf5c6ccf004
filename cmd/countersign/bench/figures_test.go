package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestMediansAndSpreads(t *testing.T) {
	for _, tc := range []struct {
		s              series
		median, spread float64
	}{
		{series{3, 1, 2}, 2, 100}, {series{10, 10, 10, 10, 11}, 10, 10}, {series{5}, 5, 0}, {series{4, 2}, 2, 100},
	} {
		if m, s := tc.s.median(), tc.s.spread(); m != tc.median || s != tc.spread {
			t.Errorf("%v: %v ±%v", []float64(tc.s), m, s)
		}
	}
	hundred := series{}
	for n := 100; n > 0; n-- {
		hundred = append(hundred, float64(n))
	}
	if p := hundred.quantile(0.99); p != 99 {
		t.Errorf("p99 of 1 to 100 is %v", p)
	}
	if !math.IsNaN(series{}.median()) || !math.IsNaN(series{}.spread()) {
		t.Error("nothing has a median")
	}
}

// A quotient is not printed when something else had the machine.
func TestAQuotientOfANoisyDenominatorIsRefused(t *testing.T) {
	aims := atLeast(0.7, "")
	if r := quotient("m", aims, series{80, 80}, series{100, 125}, "per s"); r.measured != "0.80" || r.short != "none" {
		t.Errorf("within the spread: %+v", r)
	}
	if r := quotient("m", aims, series{80, 80}, series{100, 126}, "per s"); r.measured != "refused" || r.short != "the denominator's spread is 26 %" {
		t.Errorf("beyond it: %+v", r)
	}
	if r := quotient("m", aims, series{80, 200}, series{100, 100}, "per s"); r.measured != "0.80" {
		t.Errorf("the numerator may be as it is: %+v", r)
	}
	if r := quotient("m", aims, series{80}, nil, "per s"); r.measured != "refused" {
		t.Errorf("nothing to divide by: %+v", r)
	}
}

func TestShortfalls(t *testing.T) {
	for _, tc := range []struct {
		aim         aim
		value       float64
		shown, want string
	}{
		{atLeast(1, ""), 0.5, "≥ 1.00", "50 % below"},
		{atLeast(1, ""), 1, "≥ 1.00", "none"},
		{atMost(300, "ms"), 450, "≤ 300 ms", "50 % above"},
		{atMost(300, "ms"), 300, "≤ 300 ms", "none"},
		{aim{unit: "ms"}, 7, "–", ""},
		{atMost(300, "ms"), math.NaN(), "≤ 300 ms", "not measured"},
	} {
		if shown, got := tc.aim.String(), tc.aim.short(tc.value); got != tc.want || shown != tc.shown {
			t.Errorf("%v of %s: %q, %q", tc.value, shown, got, tc.want)
		}
	}
}

func TestTables(t *testing.T) {
	rows := []row{plain("Start", atMost(300, "ms"), 450, "five|rounds"), {measure: "Broken", measured: "failed: it did", short: "not measured"}}
	var text, markdown strings.Builder
	if err := printText(&text, "fsync on", short(), rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fsync on", "THE SHORT FORM", "Start    ≤ 300 ms  450 ms          50 % above    five|rounds\n", "Broken"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := printMarkdown(&markdown, "fsync on", full(), rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Measure | Aim |", "|---|---|---|---|---|\n", `| Start | ≤ 300 ms | 450 ms | 50 % above | five\|rounds |`, "5 rounds of 5s"} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("no %q in\n%s", want, markdown.String())
		}
	}
	if strings.Contains(markdown.String(), "SHORT") {
		t.Error("the full form is called short")
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0.7: "0.70", 12.34: "12.3", 4567.8: "4568", -0.5: "-0.50", math.NaN(): "–"} {
		if got := number(v); got != want {
			t.Errorf("%v: %q", v, got)
		}
	}
	if got := thousands(1_000_000) + " " + thousands(999) + " " + thousands(20_001); got != "1,000,000 999 20,001" {
		t.Error(got)
	}
	if millis(1500*time.Microsecond) != 1.5 {
		t.Error("1.5 ms")
	}
}
