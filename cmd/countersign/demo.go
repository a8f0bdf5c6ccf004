package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/sql/pgstore"
)

type demoCommand struct {
	Once bool `help:"Do not wait for anybody: decide all holds, print both stories, verify the audit log and end."`
	JSON bool `help:"With --once: print the stories as JSON lines." name:"json"`
}

// Run plays the demonstration.
func (c demoCommand) Run(ctx context.Context, std streams) (err error) {
	if c.JSON && !c.Once {
		say(std.err, "countersign: --json goes with --once")
		return exitCode(2)
	}
	if !c.JSON {
		say(std.out, "Starting a private Postgres, a small company's simulated Okta and Entra, a mail server and Countersign …")
	}
	w, err := newDemoWorld(ctx, std)
	if err != nil {
		return stoppedEarly(ctx, err)
	}
	defer func() { err = errors.Join(stoppedEarly(ctx, err), w.stop()) }()
	if err := w.known(ctx); err != nil {
		return err
	}
	if c.Once {
		return c.once(ctx, std, w)
	}
	return c.interactive(ctx, std, w)
}

// stoppedEarly replaces what went wrong because somebody stopped us.
func stoppedEarly(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped before the end")
	}
	return err
}

// interactive plays the attacks and leaves the rest to the newcomer.
func (c demoCommand) interactive(ctx context.Context, std streams, w *demoWorld) error {
	lost, err := w.lostPhone(ctx)
	if err != nil {
		return err
	}
	taken, late, err := w.chain(ctx)
	if err != nil {
		return err
	}
	verifier, approver, err := w.reviewerLinks(ctx)
	if err != nil {
		return err
	}
	say(std.out, `
Two things have just happened at Nordwind Instruments:

  1. Somebody who says they are %s called the help desk about a lost phone, and the
     help desk reset all their factors at Okta. Countersign holds the account: %s;
     and with it the same person's account at Entra: %s.
  2. Somebody who is not %s did the same, enrolled a phone within the second and, signed
     in with it, made the account Global Administrator at Entra, past PIM. Countersign
     holds both accounts: %s at Okta, %s at Entra.

%s

Decide as two people. No single person can release a hold.

  Ruth checks identity:   %s
  Omar approves:          %s   (use a private window for the second)
  The owners' mails:      %s   (open one and follow its link)

A reviewer's link works once, for ten minutes; another one, from another terminal:

  %s reviewers link ruth -c %s      (or omar)

Everything runs on this machine and is removed when you press Ctrl-C.`,
		lost.owner(), lost.views[0].Hold.Standing, lost.views[1].Hold.Standing, taken.owner(), taken.views[0].Hold.Standing, taken.views[1].Hold.Standing,
		late, verifier, approver, local(w.sim.ready.Mail.URL), os.Args[0], w.file(demoFile))
	select {
	case <-ctx.Done():
		say(std.out, "\nStopping.")
		return nil
	case <-w.ended:
		if ctx.Err() != nil { // we ended it
			say(std.out, "\nStopping.")
			return nil
		}
		return errors.New("the service stopped")
	case <-w.sim.ended:
		if ctx.Err() != nil {
			say(std.out, "\nStopping.")
			return nil
		}
		return errors.New("the simulated identity platforms have ended")
	}
}

// once decides everything as two people would, in the console.
func (c demoCommand) once(ctx context.Context, std streams, w *demoWorld) error {
	released, err := w.releaseStory(ctx)
	if err != nil {
		return err
	}
	reverted, late, err := w.revertStory(ctx)
	if err != nil {
		return err
	}
	tell := story.print
	if c.JSON {
		tell = story.json
	}
	if err := errors.Join(tell(released, std.out), tell(reverted, std.out)); err != nil {
		return err
	}
	report, err := w.verifyAudit(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = jsonLines(std.out, []map[string]any{
			{"audit_delay_ms": time.Duration(late).Milliseconds(), "real_tenant": "2 to 15 minutes"},
			{"audit": report.String(), "good": report.OK()},
		})
	} else {
		say(std.out, "\n%s\n\nAudit log: %s", late, report)
	}
	if err == nil && !report.OK() {
		err = exitCode(3)
	}
	return err
}

// local writes an address on this machine as people know it.
func local(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }

// reviewerLinks makes a sign-in link for each of the two reviewers.
func (w *demoWorld) reviewerLinks(ctx context.Context) (string, string, error) {
	var out []string
	for _, r := range w.withDuty("reviewer") {
		link, err := w.signInLink(ctx, holds.PersonID(r.PersonID()))
		if err != nil {
			return "", "", err
		}
		out = append(out, link)
	}
	if len(out) < 2 {
		return "", "", errors.New("the simulated company has fewer than two reviewers")
	}
	return out[0], out[1], nil
}

func (w *demoWorld) signInLink(ctx context.Context, p holds.PersonID) (string, error) {
	token, digest := signin.NewToken()
	store := w.service.store
	if err := store.CreateLink(ctx, demoTenant, p, digest, store.Now().Add(linkMinutes*time.Minute), holds.BySystem("demo")); err != nil {
		return "", err
	}
	return w.service.consoleURL() + signin.Path(demoTenant, token), nil
}

// verifyAudit publishes a last checkpoint and holds the whole log against all
// that were published.
func (w *demoWorld) verifyAudit(ctx context.Context) (audit.Report, error) {
	if err := w.service.anchor.Once(ctx); err != nil {
		return audit.Report{}, err
	}
	dir, err := anchor.Open(w.file("checkpoints"), w.service.keys.verifier)
	if err != nil {
		return audit.Report{}, err
	}
	checkpoints, err := dir.All(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	return pgstore.VerifyAudit(ctx, w.service.db.app, audit.Options{Checkpoints: checkpoints})
}
