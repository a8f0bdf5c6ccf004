package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// bar shows on a terminal how far the reading is, from the second second on; pipes
// stay clean. A nil bar shows nothing.
type bar struct {
	out         *os.File
	read, total int64
	passes      int64
	start, last time.Time
	shown       int
}

// newBar makes the bar, nil where nobody looks or where lines are printed to the
// same terminal.
func newBar(std streams, lines bool, files []file) *bar {
	f, ok := terminal(std.err)
	if _, both := terminal(std.out); !ok || both && lines {
		return nil
	}
	b := &bar{out: f, passes: 1, start: time.Now()}
	for _, f := range files {
		if f.size == 0 && !f.whole {
			b.total = 0 // a pipe does not say how much will come
			break
		}
		b.total += f.size
	}
	return b
}

// terminal tells whether a stream is one.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// twice says that everything will be read twice.
func (b *bar) twice() {
	if b != nil {
		b.passes = 2
	}
}

// count counts what is read of a file.
func (b *bar) count(in io.ReadCloser) io.ReadCloser {
	if b == nil {
		return in
	}
	return counted{in, b}
}

type counted struct {
	io.ReadCloser
	bar *bar
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bar.read += int64(n)
	return n, err
}

// show writes the bar anew, five times a second at most.
func (b *bar) show(records int) {
	if b == nil {
		return
	}
	now := time.Now()
	if now.Sub(b.start) < 2*time.Second || now.Sub(b.last) < 200*time.Millisecond {
		return
	}
	b.last = now
	width, _, err := term.GetSize(int(b.out.Fd()))
	if err != nil {
		width = 80
	}
	line := barLine(b.read, b.total*b.passes, records, now.Sub(b.start), width-1)
	fmt.Fprint(b.out, "\r", line, strings.Repeat(" ", max(b.shown-len(line), 0)))
	b.shown = len(line)
}

// barLine is the bar: how much of the files has been read, and how long the rest
// will take. Without a total there is only what has been read.
func barLine(read, total int64, records int, took time.Duration, width int) string {
	line := fmt.Sprintf("%s read, %s records", bytesOf(read), thousands(records))
	if total > 0 {
		share := min(float64(read)/float64(total), 1)
		left := time.Duration(float64(took) * (1/max(share, 0.001) - 1)).Round(time.Second)
		full := int(share * 20)
		line = fmt.Sprintf("%3.0f%% [%s%s] %s of %s, %s left", share*100, strings.Repeat("#", full), strings.Repeat("-", 20-full), bytesOf(read), bytesOf(total), left)
	}
	return line[:min(len(line), max(width, 0))]
}

// clear takes the bar away.
func (b *bar) clear() {
	if b != nil && b.shown > 0 {
		fmt.Fprint(b.out, "\r", strings.Repeat(" ", b.shown), "\r")
		b.shown = 0
	}
}

// bytesOf is a size as people say it.
func bytesOf(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f kB", float64(n)/1e3)
}

// thousands sets commas into a number.
func thousands[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
