package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// tooWide is the spread of a denominator, in per cent, above which no quotient is
// believed.
const tooWide = 25

// series are the values of rounds.
type series []float64

func (s series) median() float64 { return s.quantile(0.5) }

// quantile is the value that so much of the series is not above.
func (s series) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// spread is how far the least and the most are apart, in per cent of the median.
func (s series) spread() float64 {
	if len(s) == 0 || s.median() == 0 {
		return math.NaN()
	}
	return (slices.Max(s) - slices.Min(s)) / s.median() * 100
}

func (s series) String() string { return fmt.Sprintf("%s ±%.0f %%", number(s.median()), s.spread()) }

// aim is what a figure should be: at least or at most so much.
type aim struct {
	value float64
	least bool
	unit  string
}

func atLeast(v float64, unit string) aim { return aim{v, true, unit} }
func atMost(v float64, unit string) aim  { return aim{v, false, unit} }

func (a aim) String() string {
	if a.value == 0 {
		return "–"
	}
	sign := "≤"
	if a.least {
		sign = "≥"
	}
	return strings.TrimSpace(sign + " " + number(a.value) + " " + a.unit)
}

// short is what a figure lacks of its aim, in words.
func (a aim) short(v float64) string {
	switch {
	case a.value == 0:
		return ""
	case math.IsNaN(v):
		return "not measured"
	case a.least && v < a.value:
		return fmt.Sprintf("%.0f %% below", (1-v/a.value)*100)
	case !a.least && v > a.value:
		return fmt.Sprintf("%.0f %% above", (v/a.value-1)*100)
	}
	return "none"
}

// row is a line of the table.
type row struct {
	measure, aim, measured, detail, short string
}

// plain is a row of one figure.
func plain(measure string, a aim, v float64, detail string) row {
	return row{measure, a.String(), strings.TrimSpace(number(v) + " " + a.unit), detail, a.short(v)}
}

// quotient is a row of two series that took turns.
func quotient(measure string, a aim, over, under series, unit string) row {
	detail := fmt.Sprintf("%s ÷ %s %s", over, under, unit)
	if s := under.spread(); s > tooWide || math.IsNaN(s) {
		return row{measure, a.String(), "refused", detail, fmt.Sprintf("the denominator's spread is %.0f %%", s)}
	}
	return plain(measure, a, over.median()/under.median(), detail)
}

// number writes a figure with as many digits as mean something.
func number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
