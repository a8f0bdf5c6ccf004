package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/policy"
	"github.com/countersign/countersign/holds/replay"
	"github.com/countersign/countersign/providers/entra"
	"github.com/countersign/countersign/providers/export"
	"github.com/countersign/countersign/providers/okta"
)

type replayCommand struct {
	Provider string   `help:"Whose log it is: okta or entra (also Microsoft 365)." enum:"okta,entra" required:"" placeholder:"NAME"`
	Policy   string   `help:"The organisation's settings of the policy; without, the policy as it is shipped." placeholder:"FILE"`
	JSON     bool     `help:"Print a JSON line for each record." name:"json" xor:"form"`
	Summary  bool     `help:"Print a page of figures. This is the default." xor:"form"`
	HTML     string   `help:"Also write the figures as a page for browsers." name:"html" placeholder:"FILE"`
	People   int      `help:"How many people there are; without, those seen in the log are counted." placeholder:"N"`
	Files    []string `arg:"" name:"file" help:"Exports of the log, compressed by gzip or not: JSON arrays, lines, pages of Graph, diagnostic batches, event hooks, CSV of the unified audit log. \"-\" is standard input."`
}

// decoder reads one record of an export into events.
type decoder interface {
	Record(raw []byte, received time.Time) []holds.Event
}

// Run judges a log as if it had come in live. It needs no configuration, no
// database and no network. Its exit code is 1 when a record could not be read and 2
// when a file could not.
func (c replayCommand) Run(ctx context.Context, std streams) error {
	if wrong := c.wrong(); wrong != "" {
		fmt.Fprintln(std.err, "countersign:", wrong)
		return exitCode(2)
	}
	settings := policy.Settings{}
	if c.Policy != "" {
		var err error
		if settings, err = readSettings(c.Policy); err != nil {
			fmt.Fprintln(std.err, "countersign:", err)
			return exitCode(2)
		}
	}
	page, err := c.openPage()
	if err != nil {
		return err
	}
	r := replaying{command: c, std: std, decoder: c.decoder(), now: time.Now().UTC().Truncate(time.Microsecond), judge: policy.NewStarter(settings)}
	err = r.run(ctx)
	if page != nil {
		if err == nil {
			err = r.html(page)
		}
		err = errors.Join(err, page.Close())
	}
	if err == nil && r.unreadable > 0 {
		return exitCode(2)
	}
	if err == nil && r.malformed > 0 {
		return exitCode(1)
	}
	return err
}

// wrong says what is wrong with the command line.
func (c replayCommand) wrong() string {
	pipes := 0
	for _, f := range c.Files {
		if f == "-" {
			pipes++
		}
	}
	switch {
	case pipes > 1:
		return "standard input (-) can be read only once"
	case c.People < 0:
		return "--people must be a number of people"
	}
	return ""
}

func (c replayCommand) decoder() decoder {
	if c.Provider == "entra" {
		return entra.NewDecoder(entra.DecoderOptions{})
	}
	return okta.NewDecoder(okta.DecoderOptions{})
}

// openPage opens the page for browsers before anything is read, so that an hour's
// work is not lost to a wrong name. It names people: only its owner may read it.
func (c replayCommand) openPage() (*os.File, error) {
	if c.HTML == "" {
		return nil, nil //nolint:nilnil // none is wanted
	}
	return os.OpenFile(c.HTML, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
}

// replaying is one run of the command.
type replaying struct {
	command            replayCommand
	std                streams
	decoder            decoder
	judge              replay.Judge
	now                time.Time // the time of receipt for the decoder
	replay             *replay.Replay
	out                *bufio.Writer
	bar                *bar
	line               []byte
	records, malformed int
	strange            int // records that are JSON, but of no record of this provider
	unreadable         int // files
	// last is the time of the record before; forth and back count the steps from one
	// to the next.
	last        time.Time
	forth, back int
	again       bool     // everything was read twice, since it is not in the order of time
	troubles    []string // the first few records that could not be read, in words
}

// run reads the log and prints what becomes of it.
func (r *replaying) run(ctx context.Context) error {
	r.out = bufio.NewWriterSize(r.std.out, 64<<10)
	files := sourcesOf(r.command.Files, r.std.in)
	o := replay.Options{Judge: r.judge, Unknown: r.now}
	if r.command.JSON {
		o.Emit = r.printLine
	}
	r.bar = newBar(r.std, r.command.JSON, files)
	defer r.bar.clear()
	if r.outOfOrder(files) {
		o.History = replay.NewHistory(true)
		r.again = true
		r.bar.twice()
		if err := r.each(ctx, files, func(rec replay.Record) error { return note(o.History, rec) }, func(error) {}); err != nil {
			return err
		}
	}
	r.replay = replay.New(o)
	if err := r.each(ctx, files, r.add, r.unreadableFile); err != nil {
		return errors.Join(err, r.out.Flush())
	}
	if err := r.replay.Close(); err != nil {
		return err
	}
	r.bar.clear()
	if r.strange > 0 && r.strange == r.records {
		fmt.Fprintf(r.std.err, "countersign: nothing here is a record of %s; is --provider right?\n", titleOf(r.command.Provider))
	}
	if r.backwards() {
		fmt.Fprintln(r.std.err, "countersign: the newest records come first, and a pipe can be read only once: what went before a change is not known when it is judged. Give the log as a file.")
	}
	if !r.command.JSON {
		if err := r.text(r.out); err != nil {
			return err
		}
	}
	return r.out.Flush()
}

// mostTroubles is how many records that could not be read are shown.
const mostTroubles = 3

// add judges a record.
func (r *replaying) add(rec replay.Record) error {
	r.records++
	if rec.Err != nil {
		r.malformed++
		if errors.As(rec.Err, new(strangeError)) {
			r.strange++
		}
		if len(r.troubles) < mostTroubles {
			r.troubles = append(r.troubles, rec.File+": "+rec.Err.Error())
		}
	}
	for _, e := range rec.Events {
		switch step := e.Occurred.Compare(r.last); {
		case e.Occurred.Equal(r.now): // its time is not known
			continue
		case step > 0:
			r.forth++
		case step < 0:
			r.back++
		}
		r.last = e.Occurred
	}
	return r.replay.Add(rec)
}

// backwards tells whether the newest records came first from a pipe, so that what
// went before a change came after it.
func (r *replaying) backwards() bool { return !r.again && r.back > r.forth }

// note gives the history a record before any is judged. What may have been an
// intruder's act is no proof for the network it came from.
func note(h *replay.History, rec replay.Record) error {
	for _, e := range rec.Events {
		h.Note(e, e.Class != holds.None)
	}
	return nil
}

// lookUp is how many records pass between two looks at the clock and the context.
const lookUp = 1024

// each reads all files record by record.
func (r *replaying) each(ctx context.Context, files []file, add func(replay.Record) error, unreadable func(error)) error {
	in := export.NewReader(exports(files, r.bar), export.Options{Trusting: true})
	defer func() { _ = in.Close() }()
	for n := 0; ; n++ {
		if n%lookUp == 0 {
			if ctx.Err() != nil {
				return fmt.Errorf("stopped after %s records", thousands(n))
			}
			r.bar.show(n)
		}
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			unreadable(err)
			continue
		}
		out := r.decode(rec)
		if rec.Err == nil && out.Err != nil && in.Recheck() {
			continue // it may not be what its line looked like
		}
		if err := add(out); err != nil {
			return err
		}
	}
}

// decode reads a record. What the decoder cannot tell from noise is an error: it
// may be JSON, but no record of this provider.
func (r *replaying) decode(rec export.Record) replay.Record {
	out := replay.Record{Index: rec.Index, File: rec.File, Err: rec.Err}
	if rec.Err != nil {
		return out
	}
	events := r.decoder.Record(rec.Raw, r.now)
	if len(events) == 1 && events[0].Type == "" && events[0].Class == holds.Unclassified {
		out.Err = strangeError(fmt.Sprintf("line %d: this is no record of %s: %s", rec.Line, titleOf(r.command.Provider), strings.Join(events[0].Doubts, " ")))
		return out
	}
	out.Events = events
	return out
}

// strangeError is of a record that is JSON, but none of this provider's.
type strangeError string

func (e strangeError) Error() string { return string(e) }

func titleOf(provider string) string {
	if provider == "entra" {
		return "Microsoft Entra"
	}
	return "Okta"
}

// unreadableFile tells of a file that cannot be read; the others are.
func (r *replaying) unreadableFile(err error) {
	r.unreadable++
	r.bar.clear()
	fmt.Fprintln(r.std.err, "countersign:", err)
}
