package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// storeFlags open the store beside a running service.
type storeFlags struct {
	configFlag
	Tenant string `help:"The tenant; needed when there are several." placeholder:"ID"`
}

// open opens the store to look at, and tells which tenant is meant.
func (f storeFlags) open(ctx context.Context, std streams) (*Config, *pgstore.Store, holds.TenantID, func(), error) {
	c, err := f.load()
	if err != nil {
		return nil, nil, "", nil, err
	}
	tenant, err := c.oneTenant(f.Tenant)
	if err != nil {
		return nil, nil, "", nil, err
	}
	keys, err := c.openKeys()
	if err != nil {
		return nil, nil, "", nil, err
	}
	d, err := c.attach(ctx)
	if err != nil {
		return nil, nil, "", nil, err
	}
	store, err := pgstore.Open(ctx, pgstore.Options{DSN: d.app, Keys: keys.seal, Logger: newLogger(std.err), MaxConns: 2, AllowUnsafe: seamsOf(ctx).unsafe})
	if err != nil {
		return nil, nil, "", nil, errors.Join(err, d.close(ctx))
	}
	return c, store, tenant, func() {
		if err := errors.Join(store.Close(), d.close(context.WithoutCancel(ctx))); err != nil {
			fmt.Fprintln(std.err, "countersign:", err)
		}
	}, nil
}

func (c *Config) oneTenant(id string) (holds.TenantID, error) {
	if id == "" && len(c.Tenants) == 1 {
		return holds.TenantID(c.Tenants[0].ID), nil
	}
	for _, t := range c.Tenants {
		if t.ID == id {
			return holds.TenantID(id), nil
		}
	}
	if id == "" {
		return "", errors.New("there are several tenants; say which with --tenant")
	}
	return "", fmt.Errorf("there is no tenant %q in the configuration", id)
}

type holdsListCommand struct {
	storeFlags
	Ended bool `help:"List the ended holds instead, newest first."`
	JSON  bool `help:"Print JSON lines." name:"json"`
}

// Run lists holds.
func (c holdsListCommand) Run(ctx context.Context, std streams) error {
	_, store, tenant, done, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	list, err := store.Queue(ctx, tenant, holds.Filter{Ended: c.Ended, Limit: 200})
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLines(std.out, list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(std.out, "No holds.")
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "HOLD\tSTANDING\tSTATE\tTIER\tCHANGE\tACCOUNT\tOPENED\tDUE")
	for _, h := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.Key.Hold, h.Standing, stateWord(h), h.Tier, h.Class,
			oneOf(h.Subject.Login, h.Subject.ID), stamp(h.Opened), stamp(h.Due))
	}
	return w.Flush()
}

func stateWord(h holds.Summary) string {
	if h.Leader != "" {
		return string(h.State) + ", with " + h.Leader.Short()
	}
	if h.Frozen && h.State.Undecided() {
		return string(h.State) + ", not-me"
	}
	return string(h.State)
}

type holdsShowCommand struct {
	storeFlags
	Hold string `arg:"" help:"The hold's id."`
	JSON bool   `help:"Print JSON." name:"json"`
}

// Run shows one hold.
func (c holdsShowCommand) Run(ctx context.Context, std streams) error {
	_, store, tenant, done, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	v, err := store.View(ctx, holds.Key{Tenant: tenant, Hold: holds.HoldID(c.Hold)})
	if holds.KindOf(err) == holds.NotFound {
		return fmt.Errorf("there is no hold %q of tenant %s; `countersign holds list` shows what there is", c.Hold, tenant)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLines(std.out, v.Timeline())
	}
	return showHold(std.out, v)
}

// showHold prints a hold for people.
func showHold(w io.Writer, v holds.View) error {
	h := v.Hold
	fmt.Fprintf(w, "Hold %s\n%s of %s: %s\n", h.ID, h.Class, oneOf(h.Subject.Login, h.Subject.ID), label(h))
	for _, d := range h.Doubts {
		fmt.Fprintf(w, "  ! %s\n", d)
	}
	if h.Leader != "" {
		fmt.Fprintf(w, "  held with hold %s of the same person; check and decide there\n", h.Leader)
	}
	if n := h.Wanting(); n > 0 {
		approvals := "1 approval"
		if n > 1 {
			approvals = fmt.Sprintf("%d approvals", n)
		}
		fmt.Fprintf(w, "  still needs: %s\n", join(append(h.Missing(), approvals)))
	}
	for _, u := range h.Unlinked {
		fmt.Fprintf(w, "  ! %s\n", u)
	}
	showOthers(w, v)
	return printTimeline(w, v)
}

// showOthers prints the person's other holds, each with its own standing.
func showOthers(w io.Writer, v holds.View) {
	for _, s := range v.Siblings {
		how := "decided by itself"
		switch {
		case s.Leader == v.Hold.ID:
			how = "held with this one"
		case s.Key.Hold == v.Hold.Leader:
			how = "this one is held with it"
		}
		fmt.Fprintf(w, "  also held: %s at %s: %s, hold %s, %s\n", oneOf(s.Subject.Login, s.Subject.ID), s.Connection,
			label(holds.Hold{State: s.State, Standing: s.Standing, Containment: s.Containment}), s.Key.Hold, how)
	}
}

// label is where a hold stands, with the honest word while it restrains.
func label(h holds.Hold) string {
	if h.Ended() {
		return string(h.State)
	}
	return string(h.State) + ", " + string(h.Standing)
}

// printTimeline prints the story with milliseconds counted from the receipt.
func printTimeline(w io.Writer, v holds.View) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, m := range v.Timeline() {
		by := ""
		if m.By != "" {
			by = "(" + string(m.By) + ")"
		}
		fmt.Fprintf(t, "  %s\t%+d ms\t%s\t%s %s\n", m.At.UTC().Format("15:04:05.000"), m.At.Sub(v.Hold.Received).Milliseconds(), m.What, m.Detail, by)
	}
	return t.Flush()
}

func jsonLines[T any](w io.Writer, list []T) error {
	enc := json.NewEncoder(w)
	for _, item := range list {
		if err := enc.Encode(item); err != nil {
			return err
		}
	}
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func oneOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func join(parts []string) string {
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += ", "
		}
		out += p
	}
	return out
}
