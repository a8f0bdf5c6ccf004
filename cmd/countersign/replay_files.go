package main

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/countersign/countersign/providers/export"
)

// file is an export to read. Size is zero where it is not known; only a whole one,
// on a disk, can be read twice.
type file struct {
	name  string
	open  func() (io.ReadCloser, error)
	size  int64
	whole bool
}

// sourcesOf are the files of the command line. What is wrong with one shows when it
// is opened.
func sourcesOf(names []string, in io.Reader) []file {
	var out []file
	for _, name := range names {
		if name == "-" {
			out = append(out, file{name: name, open: func() (io.ReadCloser, error) { return io.NopCloser(in), nil }})
			continue
		}
		f := file{name: name, open: func() (io.ReadCloser, error) { return os.Open(name) }}
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			f.size, f.whole = info.Size(), true
		}
		out = append(out, f)
	}
	return out
}

// exports are the files as the reader wants them, with what is read of them
// counted.
func exports(files []file, b *bar) []export.Source {
	out := make([]export.Source, 0, len(files))
	for _, f := range files {
		out = append(out, export.Source{Name: f.name, Open: func() (io.ReadCloser, error) {
			in, err := f.open()
			if err != nil {
				return nil, err
			}
			return b.count(in), nil
		}})
	}
	return out
}

// looked is how many records of each file are looked at to tell their order.
const looked = 64

// slack is how far records may be out of order in a log that is in order:
// platforms write some late.
const slack = time.Hour

// outOfOrder tells whether the newest records come first, as consoles export them,
// or the files are not in the order of time. What went before a change then comes
// after it, and the files are read twice. A pipe can be read only once.
func (r *replaying) outOfOrder(files []file) bool {
	var last time.Time
	for _, f := range files {
		if !f.whole {
			return false
		}
	}
	for _, f := range files {
		first, newest, oldest := r.timesOf(f)
		if !first.IsZero() && (first.Before(last.Add(-slack)) || first.Sub(oldest) > slack || first.Equal(newest) && first.After(oldest)) {
			return true
		}
		if newest.After(last) {
			last = newest
		}
	}
	return false
}

// timesOf are the times of the first records of a file: of the first one, of the
// newest and of the oldest.
func (r *replaying) timesOf(f file) (first, newest, oldest time.Time) {
	in := export.NewReader([]export.Source{{Name: f.name, Open: f.open}}, export.Options{})
	defer func() { _ = in.Close() }()
	for range looked {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) || err != nil {
			return first, newest, oldest
		}
		if rec.Err != nil {
			continue
		}
		for _, e := range r.decoder.Record(rec.Raw, r.now) {
			t := e.Occurred
			if t.Equal(r.now) {
				continue // not known
			}
			if first.IsZero() {
				first, newest, oldest = t, t, t
			}
			if t.After(newest) {
				newest = t
			}
			if t.Before(oldest) {
				oldest = t
			}
		}
	}
	return first, newest, oldest
}
