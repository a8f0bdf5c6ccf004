package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// look is how a page is written: how wide, and whether headings may stand out.
type look struct {
	width int
	bold  bool
}

// lookOf follows the terminal and what people set: COLUMNS, NO_COLOR
// (https://no-color.org) and TERM=dumb. Elsewhere a page is 80 wide and plain.
func lookOf(w io.Writer) look {
	l := look{width: 80}
	f, ok := terminal(w)
	if ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			l.width = width
		}
		l.bold = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		l.width = n
	}
	l.width = min(max(l.width, 30), 120)
	return l
}

// text prints the summary as a page of text.
func (r *replaying) text(w io.Writer) error { return r.page().write(w, lookOf(r.std.out)) }

func (p replayPage) write(w io.Writer, l look) error {
	b := &strings.Builder{}
	l.heading(b, p.Title)
	l.wrap(b, "", p.About)
	fmt.Fprintln(b)
	l.figures(b, p.Figures)
	for _, c := range p.Charts {
		fmt.Fprintln(b)
		l.heading(b, c.Title)
		l.chart(b, c)
	}
	if len(p.Examples) > 0 {
		fmt.Fprintln(b)
		l.heading(b, "Some of the holds, the highest tier first")
		for _, e := range p.Examples {
			l.wrap(b, "  ", fmt.Sprintf("%s  %s, %s: %s (%s) on %s, by %s", stamp(e.Occurred), e.Tier, e.Rule, e.Class, e.Type, oneOf(e.Account, "nobody that is named"), oneOf(e.Actor, "nobody that is named")))
		}
	}
	fmt.Fprintln(b)
	l.heading(b, "To read this rightly")
	for _, n := range p.Notes {
		l.wrap(b, "- ", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l look) heading(b *strings.Builder, text string) {
	on, off := "", ""
	if l.bold {
		on, off = "\x1b[1m", "\x1b[0m"
	}
	for _, line := range wrapped(text, l.width) {
		fmt.Fprintln(b, on+line+off)
	}
}

// figures is a table of three columns, or of two lines each where it is narrow.
func (l look) figures(b *strings.Builder, list []figure) {
	name, value := 0, 0
	for _, f := range list {
		name, value = max(name, len(f.Name)), max(value, len(f.Value))
	}
	for _, f := range list {
		head := fmt.Sprintf("%-*s  %*s  ", name, f.Name, value, f.Value)
		if room := l.width - len(head); room < 25 {
			fmt.Fprintf(b, "%s: %s\n", f.Name, f.Value)
			l.wrap(b, "    ", f.Note)
			continue
		}
		l.wrap(b, head, f.Note)
	}
}

// chart draws bars as long as the width allows.
func (l look) chart(b *strings.Builder, c chart) {
	name := 0
	for _, bar := range c.Bars {
		name = max(name, utf8.RuneCountInString(bar.Name))
	}
	most := c.most()
	number := len(thousands(most))
	name = min(name, max(l.width-number-10, 8))
	room := min(max(l.width-name-number-6, 4), 50)
	for _, bar := range c.Bars {
		length := bar.N * room / most
		if bar.N > 0 {
			length = max(length, 1)
		}
		line := fmt.Sprintf("  %s  %*s  %s", fixed(bar.Name, name), number, thousands(bar.N), strings.Repeat("#", length))
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
}

// fixed is a text cut or filled to a width.
func fixed(s string, width int) string {
	n := utf8.RuneCountInString(s)
	if n > width {
		return string([]rune(s)[:max(width-1, 0)]) + "~"
	}
	return s + strings.Repeat(" ", width-n)
}

// wrap writes a text in lines behind a head, and as far in as the head is long.
func (l look) wrap(b *strings.Builder, head, text string) {
	for i, line := range wrapped(text, max(l.width-utf8.RuneCountInString(head), 15)) {
		if i > 0 {
			head = strings.Repeat(" ", utf8.RuneCountInString(head))
		}
		fmt.Fprintln(b, strings.TrimRight(head+line, " "))
	}
}

// wrapped breaks a text between its words, and a word only where it is longer than
// a line.
func wrapped(text string, width int) []string {
	var out []string
	var line []rune
	for word := range strings.FieldsSeq(text) {
		w := []rune(word)
		if len(line) > 0 && len(line)+1+len(w) > width {
			out, line = append(out, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for len(w) > width {
			out, w = append(out, string(w[:width])), w[width:]
		}
		line = append(line, w...)
	}
	return append(out, string(line))
}
