package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// measure is one thing that is measured; it has one or more rows.
type measure struct {
	name string
	run  func(context.Context, *bench) ([]row, error)
}

// measures are in the order of their cost.
func measures() []measure {
	return []measure{
		{"footprint", footprint},
		{"intake", intake},
		{"ack", acknowledgement},
		{"contain", containment},
		{"pipeline", pipeline},
		{"scale", scale},
	}
}

// bench is one run of the program.
type bench struct {
	sizes
	programs string // where countersign and idpsim lie
	dir      string
	server   *server
	progress io.Writer
	worlds   int
}

// sizes say how much is measured.
type sizes struct {
	short    bool
	rounds   int
	span     time.Duration // of one side of one round
	clients  []int         // of the intake
	rates    []int         // events a second
	tenants  int           // that the events are spread over
	storm    int           // events of the pipeline
	few      int           // holds to begin with
	many     int           // holds to end with
	churn    int           // jobs that come and go
	snapshot time.Duration // how old the open snapshot becomes
}

func full() sizes {
	return sizes{
		rounds: 5, span: 5 * time.Second, clients: []int{1, 8, 32, 128}, rates: []int{1, 50, 200}, tenants: organisations, storm: 150,
		few: 1_000, many: 1_000_000, churn: 100_000, snapshot: 5 * time.Minute,
	}
}

// short is a form of about two minutes that shows that everything runs. Its figures
// mean nothing.
func short() sizes {
	return sizes{
		short: true, rounds: 1, span: 500 * time.Millisecond, clients: []int{1, 8}, rates: []int{5}, tenants: 4, storm: 4, few: 100, many: 1_000, churn: 1_000,
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	if len(args) > 0 && args[0] == plainCommand {
		return plainService(ctx, args[1:])
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(progress)
	only := f.String("only", "", "measure these `names` alone, with commas between: "+strings.Join(names(), ", "))
	brief := f.Bool("short", false, "see in two minutes that everything runs; the figures then mean nothing")
	markdown := f.Bool("markdown", false, "print the table for the README")
	programs := f.String("programs", "", "the `directory` of countersign and idpsim (default: this program's own)")
	if err := f.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	b := &bench{sizes: full(), programs: *programs, progress: progress}
	if *brief {
		b.sizes = short()
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
		return err
	}
	var rows []row
	for i, m := range chosen {
		b.say("%d/%d %s", i+1, len(chosen), m.name)
		more, err := m.run(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			more = append(more, row{measure: m.name, measured: "failed: " + firstLine(err), short: "not measured"})
			b.say("%s failed: %v", m.name, err)
		}
		rows = append(rows, more...)
	}
	settings, err := b.server.durability(ctx)
	if err != nil {
		return err
	}
	if *markdown {
		return printMarkdown(out, settings, b.sizes, rows)
	}
	return printText(out, settings, b.sizes, rows)
}

func names() []string {
	var out []string
	for _, m := range measures() {
		out = append(out, m.name)
	}
	return out
}

func choose(only string) ([]measure, error) {
	if only == "" {
		return measures(), nil
	}
	var out []measure
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(measures(), func(m measure) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no measure %q; there are %s", name, strings.Join(names(), ", "))
		}
		out = append(out, measures()[i])
	}
	return out, nil
}

// say tells whoever waits how far it is.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
