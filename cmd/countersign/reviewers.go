package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/gateway/signin"
	"github.com/countersign/countersign/holds"
)

// linkMinutes is how long a sign-in link works.
const linkMinutes = 10

type reviewersLinkCommand struct {
	storeFlags
	Person string `arg:"" help:"The reviewer's id in the people file."`
}

// Run makes a link for one reviewer. Whoever may run this on the machine may
// sign in as any reviewer; the audit log has each link.
func (c reviewersLinkCommand) Run(ctx context.Context, std streams) error {
	cfg, store, tenant, done, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	for _, t := range cfg.Tenants {
		if t.ID == string(tenant) && !slices.Contains(t.Reviewers, c.Person) {
			return fmt.Errorf("%q is not a reviewer of tenant %s; the configuration names %s", c.Person, tenant, join(t.Reviewers))
		}
	}
	token, digest := signin.NewToken()
	expires := store.Now().Add(linkMinutes * time.Minute)
	if err := store.CreateLink(ctx, tenant, holds.PersonID(c.Person), digest, expires, holds.BySystem("command-line")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "http://%s%s\nWorks once, until %s. Give it to %s alone.\n",
		cfg.Console.Listen, signin.Path(tenant, token), stamp(expires), c.Person)
	return err
}
