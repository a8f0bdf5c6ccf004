package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/sql/pgstore"
)

type demoCommand struct {
	Once bool `help:"Do not wait for anybody: decide both holds, print their timelines, verify the audit log and end."`
	JSON bool `help:"With --once: print the timelines as JSON lines." name:"json"`
}

// Run plays the demonstration.
func (c demoCommand) Run(ctx context.Context, std streams) (err error) {
	if c.JSON && !c.Once {
		return errors.New("--json goes with --once")
	}
	if !c.JSON {
		say(std.out, "Starting a private Postgres, a simulated Okta with a small company, a mail server and Countersign …")
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
	reset, err := w.lostPhone(ctx)
	if err != nil {
		return err
	}
	grant, err := w.grantedRole(ctx)
	if err != nil {
		return err
	}
	verifier, approver, err := w.reviewerLinks(ctx)
	if err != nil {
		return err
	}
	say(std.out, `
Two things have just happened at Nordwind Instruments:

  1. Somebody who says they are %s called the help desk about a lost phone, and
     the help desk reset all their factors. Countersign holds the account: %s.
  2. The IT lead's session, from an unusual place, made the contractor %s a
     super administrator. Countersign holds that account: %s.

Decide as two people. No single person can release a hold.

  Ruth checks identity:   %s
  Omar approves:          %s   (use a private window for the second)
  The owners' mails:      %s   (open one and follow its link)

A reviewer's link works once, for ten minutes; another one, from another terminal:

  %s reviewers link ruth -c %s      (or omar)

Everything runs on this machine and is removed when you press Ctrl-C.`,
		reset.Hold.Subject.Name, reset.Hold.Standing, grant.Hold.Subject.Name, grant.Hold.Standing, verifier, approver, local(w.sim.ready.Mail.URL),
		os.Args[0], filepath.Join(w.dir, demoFile))
	select {
	case <-ctx.Done():
		say(std.out, "\nStopping.")
		return nil
	case err := <-w.running:
		w.running <- nil
		return fmt.Errorf("the service stopped: %w", err)
	case <-w.sim.ended:
		if ctx.Err() != nil { // we ended it
			say(std.out, "\nStopping.")
			return nil
		}
		return errors.New("the simulated identity provider has ended")
	}
}

// once decides both holds as two people would, in the console.
func (c demoCommand) once(ctx context.Context, std streams, w *demoWorld) error {
	released, err := w.releaseStory(ctx)
	if err != nil {
		return err
	}
	reverted, err := w.revertStory(ctx)
	if err != nil {
		return err
	}
	for _, v := range []holds.View{released, reverted} {
		if err := c.print(std, v); err != nil {
			return err
		}
	}
	report, err := w.verifyAudit(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLines(std.out, []map[string]any{{"audit": report.String(), "good": report.OK()}})
	}
	say(std.out, "\nAudit log: %s", report)
	if !report.OK() {
		return exitCode(3)
	}
	return nil
}

func (c demoCommand) print(std streams, v holds.View) error {
	if !c.JSON {
		say(std.out, "")
		return showHold(std.out, v)
	}
	enc := json.NewEncoder(std.out)
	for _, m := range v.Timeline() {
		line := map[string]any{
			"hold": v.Hold.ID, "subject": v.Hold.Subject.Login, "state": v.Hold.State, "at": m.At, "what": m.What,
			"since_received_ms": m.At.Sub(v.Hold.Received).Milliseconds(), "detail": m.Detail,
		}
		if m.By != "" {
			line["by"] = m.By
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
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
	dir, err := anchor.Open(filepath.Join(w.dir, "checkpoints"), w.service.keys.verifier)
	if err != nil {
		return audit.Report{}, err
	}
	checkpoints, err := dir.All(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	return pgstore.VerifyAudit(ctx, w.service.db.app, audit.Options{Checkpoints: checkpoints})
}
