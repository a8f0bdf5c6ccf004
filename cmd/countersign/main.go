// Command countersign holds identity changes until they rest on verified
// identity. Run `countersign --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is stamped by the build.
var version = "dev"

func main() { os.Exit(execute(context.Background(), os.Args[1:])) }

// execute runs the program until it is done or told to stop, and returns its
// exit code.
func execute(ctx context.Context, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, endings()...)
	defer stop()
	// A reader that went away (a pipe into head) is an error of the write, so
	// that what was started is stopped and removed; the program must not die.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err := run(ctx, args, streams{os.Stdin, os.Stdout, os.Stderr})
	if err == nil {
		return 0
	}
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	if !readerGone(err) {
		fmt.Fprintln(os.Stderr, "countersign:", err)
	}
	return 1
}

// readerGone tells whether nobody reads our output any more, which whoever
// closed it knows.
func readerGone(err error) bool {
	var write *fs.PathError
	return errors.As(err, &write) && write.Path == os.Stdout.Name() && errors.Is(write, syscall.EPIPE)
}

// endings are the signals that mean: stop. A terminal that is closed is one of
// them, unless whoever started us said that it is not (nohup).
func endings() []os.Signal {
	out := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		out = append(out, syscall.SIGHUP)
	}
	return out
}

// streams are the program's three.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// exitCode ends the program with a code and no further words.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit %d", int(c)) }

// commands is the command line. Each field's help is what a tired person reads.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Run the service."`
	Demo        demoCommand        `cmd:"" help:"Try it: a small company, a simulated Okta and Entra and two attacks, all on this machine."`
	CheckConfig checkConfigCommand `cmd:"" help:"Say what is wrong with a configuration, without starting anything."`
	Doctor      doctorCommand      `cmd:"" help:"Say what is wrong with a running installation, since when, and what to do. Exit status: 0 nothing, 1 something, 2 it could not look."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database's tables up to this version."`
	Keys        struct {
		Create keysCreateCommand `cmd:"" help:"Make the directory of keys an installation needs, once."`
	} `cmd:"" help:"Keys that seal personal data, sign links and sign the audit log."`
	People struct {
		Example peopleExampleCommand `cmd:"" help:"Print an example of the CSV file of people."`
		Check   peopleCheckCommand   `cmd:"" help:"Say what is wrong with a CSV file of people, line by line."`
	} `cmd:"" help:"The people whose accounts are guarded, and how to reach them."`
	Holds struct {
		List holdsListCommand `cmd:"" help:"List the open holds, most urgent first."`
		Show holdsShowCommand `cmd:"" help:"Show one hold with its timeline."`
	} `cmd:"" help:"Look at holds. Deciding needs the console and two people."`
	Events struct {
		List eventsListCommand `cmd:"" help:"List what arrived and what the policy said of it: in watch mode, what would be held."`
	} `cmd:"" help:"What the identity platforms reported."`
	Replay replayCommand `cmd:"" help:"Judge exports of your own logs: what would have been held. Needs nothing else."`
	Audit  struct {
		Verify auditVerifyCommand `cmd:"" help:"Check the whole audit log; name the first bad entry."`
	} `cmd:"" help:"The audit log."`
	Restore   restoreCommand `cmd:"" help:"After a backup was restored: look every open hold up at its provider, write down what was lost, and let the service act again."`
	Reviewers struct {
		Link reviewersLinkCommand `cmd:"" help:"Print a sign-in link for a reviewer: works once, for ten minutes."`
	} `cmd:"" help:"The people who check identity and decide."`
	Stop    stopCommand    `cmd:"" help:"Stop all containment (for an hour) or all release (until two people resume it). One person is enough."`
	Resume  resumeCommand  `cmd:"" help:"Let what was stopped go on. Two people are needed, one of them at least in the console."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// run parses the command line and runs one command.
func run(ctx context.Context, args []string, std streams) error {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("countersign"),
		kong.Description("Holds the identity changes that could hand an account to somebody else, until a person has verified who asked."),
		kong.UsageOnError(),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		return err
	}
	return parseAndRun(parser, args, std)
}

// parseAndRun turns kong's exits (after --help) into a return.
func parseAndRun(parser *kong.Kong, args []string, std streams) (err error) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			if err = nil; code != 0 {
				err = code
			}
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(std.err, "countersign:", err)
		fmt.Fprintln(std.err, "Run `countersign --help` for what there is.")
		return exitCode(2)
	}
	return kctx.Run()
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "countersign", version)
	return err
}

// configFlag is the configuration file most commands need.
type configFlag struct {
	Config string `help:"The configuration file." default:"countersign.yaml" env:"COUNTERSIGN_CONFIG" placeholder:"FILE" short:"c"`
}

func (f configFlag) load() (*Config, error) { return LoadConfig(f.Config) }
