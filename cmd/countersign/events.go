package main

import (
	"context"
	"fmt"
	"math"
	"text/tabwriter"

	"github.com/countersign/countersign/holds"
)

type eventsListCommand struct {
	storeFlags
	Limit int  `help:"How many at most; 1000 are looked through." default:"50"`
	All   bool `help:"Also those that cannot hand an account to anybody."`
	JSON  bool `help:"Print JSON lines." name:"json"`
}

// Run lists what arrived and what the policy said of it. In watch mode this is
// where people see what would be held.
func (c eventsListCommand) Run(ctx context.Context, std streams) error {
	if c.Limit < 1 {
		fmt.Fprintln(std.err, "countersign: --limit must be at least 1")
		return exitCode(2)
	}
	_, store, tenant, done, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	all, err := store.Events(ctx, tenant, math.MaxInt)
	if err != nil {
		return err
	}
	list := all[:0]
	for _, r := range all {
		if len(list) < c.Limit && (c.All || r.Verdict != holds.Ignore) {
			list = append(list, r)
		}
	}
	if c.JSON {
		return jsonLines(std.out, list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(std.out, "No events.")
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "OCCURRED\tCHANGE\tACCOUNTS\tBY\tVERDICT\tRULE\tWHY")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", stamp(r.Event.Occurred), r.Event.Class, r.Event.Verb, accounts(r.Event.Subjects),
			oneOf(r.Event.Actor.Login, r.Event.Actor.ID), r.Verdict, r.Rule, r.Reason)
	}
	return w.Flush()
}

func accounts(list []holds.Account) string {
	var out []string
	for _, a := range list {
		out = append(out, oneOf(a.Login, a.ID))
	}
	return oneOf(join(out), "-")
}
