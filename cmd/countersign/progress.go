package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress counts on a terminal, from the second second on; pipes stay clean.
func progress(w io.Writer) func(int64) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	start := time.Now()
	return func(n int64) {
		if time.Since(start) > 2*time.Second {
			fmt.Fprintf(w, "\r%d entries checked", n)
		}
	}
}
