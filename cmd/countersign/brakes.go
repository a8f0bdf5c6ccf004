package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// brakeFlags are what pulling and freeing a brake ask for.
type brakeFlags struct {
	configFlag
	Brake  string `arg:"" help:"containment (restraining accounts, and undoing changes) or release (giving accounts back)." enum:"containment,release"`
	By     string `help:"Your id in the people file. You must be a reviewer." required:"" placeholder:"PERSON"`
	Reason string `help:"Why, in a sentence. It is shown on every page of the console." required:"" placeholder:"TEXT"`
	Tenant string `help:"One tenant; all of them otherwise." placeholder:"ID"`
}

// tenants are whom a command is about. Who pulls a brake must review for one of
// them: at a service provider, who guards several organisations, that is enough.
func (f brakeFlags) tenants(c *Config) ([]holds.TenantID, error) {
	var out []holds.TenantID
	reviews, known := false, []string{}
	for _, t := range c.Tenants {
		if f.Tenant != "" && f.Tenant != t.ID {
			continue
		}
		out = append(out, holds.TenantID(t.ID))
		reviews = reviews || slices.Contains(t.Reviewers, f.By)
		known = append(known, t.Reviewers...)
	}
	switch {
	case len(out) == 0:
		return nil, fmt.Errorf("there is no tenant %q in the configuration", f.Tenant)
	case !reviews:
		return nil, fmt.Errorf("%q is not a reviewer; the configuration names %s", f.By, join(different(known)))
	}
	return out, nil
}

// each does something for every tenant that is meant. One that fails keeps none of
// the others from it.
func (f brakeFlags) each(ctx context.Context, std streams, do func(*pgstore.Store, holds.TenantID) error) error {
	c, err := f.load()
	if err != nil {
		return err
	}
	tenants, err := f.tenants(c)
	if err != nil {
		return err
	}
	_, store, _, done, err := storeFlags{configFlag: f.configFlag, Tenant: string(tenants[0])}.open(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	var errs []error
	for _, t := range tenants {
		if err := do(store, t); err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", t, err))
		}
	}
	return errors.Join(errs...)
}

type stopCommand struct{ brakeFlags }

// Run stops containment or release at once, on every replica.
func (c stopCommand) Run(ctx context.Context, std streams) error {
	return c.each(ctx, std, func(store *pgstore.Store, tenant holds.TenantID) error {
		s, err := holds.NewStop(newID(), tenant, holds.Brake(c.Brake), holds.PersonID(c.By), holds.DoorShell, c.Reason, store.Now())
		if err != nil {
			return err
		}
		if err := store.Stop(ctx, s); err != nil {
			return err
		}
		return showStop(std.out, s)
	})
}

type resumeCommand struct{ brakeFlags }

// Run gives one person's word that what was stopped may go on. Two are needed, and
// the command line counts as one of them at most, whatever names are given:
// whoever may run it could name anybody. The other resumes in the console.
func (c resumeCommand) Run(ctx context.Context, std streams) error {
	return c.each(ctx, std, func(store *pgstore.Store, tenant holds.TenantID) error {
		stops, err := store.Stops(ctx, tenant, store.Now())
		if err != nil {
			return err
		}
		n := slices.IndexFunc(stops, func(s holds.Stop) bool { return string(s.Brake) == c.Brake })
		if n < 0 {
			_, err := fmt.Fprintf(std.out, "%s: %s is not stopped.\n", tenant, c.Brake)
			return err
		}
		s, err := store.Resume(ctx, tenant, stops[n].ID, holds.Resume{
			By: holds.PersonID(c.By), Door: holds.DoorShell, Reason: c.Reason, At: store.Now(),
		})
		if err != nil {
			return err
		}
		return showStop(std.out, s)
	})
}

// showStop says how a stop stands.
func showStop(w io.Writer, s holds.Stop) error {
	var err error
	switch {
	case !s.Ended.IsZero():
		_, err = fmt.Fprintf(w, "%s: %s goes on.\n", s.Tenant, s.Brake)
	case len(s.Resumes) > 0:
		_, err = fmt.Fprintf(w, "%s: %s is still stopped. %s said that it may go on; another reviewer must say so in the console.\n", s.Tenant, s.Brake, s.Resumes[0].By)
	case s.Until.IsZero():
		_, err = fmt.Fprintf(w, "%s: all %s is stopped until two people resume it; one of them at least in the console.\n", s.Tenant, s.Brake)
	default:
		_, err = fmt.Fprintf(w, "%s: all %s is stopped until %s, or until two people resume it; one of them at least in the console.\n", s.Tenant, s.Brake, stamp(s.Until))
	}
	return err
}
