package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode/utf8"
)

func columns() []string { return []string{"Measure", "Aim", "Measured", "Shortfall", "From"} }

func (r row) cells() []string { return []string{r.measure, r.aim, r.measured, r.short, r.detail} }

// conditions say under which the figures were taken.
func conditions(settings string, s sizes) string {
	text := fmt.Sprintf("%d processors (%s/%s), load from the same machine; %d rounds of %s a side. Postgres: %s.",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, s.rounds, s.span, settings)
	if s.short {
		text += " THE SHORT FORM: the figures mean nothing."
	}
	return text
}

func printText(out io.Writer, settings string, s sizes, rows []row) error {
	lines := [][]string{columns()}
	for _, r := range rows {
		lines = append(lines, r.cells())
	}
	widths := make([]int, len(columns()))
	for _, l := range lines {
		for i, c := range l {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	b.WriteString(conditions(settings, s) + "\n\n")
	for _, l := range lines {
		var text strings.Builder
		for i, c := range l {
			text.WriteString(c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func printMarkdown(out io.Writer, settings string, s sizes, rows []row) error {
	var b strings.Builder
	b.WriteString("| " + strings.Join(columns(), " | ") + " |\n" + strings.Repeat("|---", len(columns())) + "|\n")
	for _, r := range rows {
		cells := r.cells()
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	b.WriteString("\n" + conditions(settings, s) + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}
