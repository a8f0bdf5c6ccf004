package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/notify/directory"
	"github.com/countersign/countersign/sql/pgstore"
)

// readPeople reads a tenant's CSV file. Bad rows are reported and left out, so
// that one typing mistake does not leave everybody else untold.
func (c *Config) readPeople(t Tenant, now time.Time) ([]holds.Person, []directory.Problem, error) {
	f, err := os.Open(c.path(t.People))
	if err != nil {
		return nil, nil, fmt.Errorf("people of tenant %s: %w", t.ID, err)
	}
	defer f.Close()
	if err := notForAll(f.Name()); err != nil {
		return nil, nil, fmt.Errorf("people of tenant %s: %w", t.ID, err)
	}
	people, problems, err := directory.ParseCSV(f, now)
	if err != nil {
		return nil, nil, fmt.Errorf("people of tenant %s, %s: %w", t.ID, f.Name(), err)
	}
	for i := range people {
		people[i].Tenant = holds.TenantID(t.ID)
	}
	return people, problems, nil
}

// importPeople brings the directory in line with the files. Every reviewer must
// be a person in it.
func (s *service) importPeople(ctx context.Context) error {
	for _, t := range s.config.Tenants {
		people, problems, err := s.config.readPeople(t, s.store.Now())
		if err != nil {
			return err
		}
		for _, p := range problems {
			s.log.Warn("a row of the people file was left out", "tenant", t.ID, "problem", p.String())
		}
		if err := reviewersKnown(t, people); err != nil {
			return err
		}
		if err := importOne(ctx, s.store, t, people); err != nil {
			return fmt.Errorf("people of tenant %s: %w", t.ID, err)
		}
	}
	return nil
}

func importOne(ctx context.Context, store *pgstore.Store, t Tenant, people []holds.Person) error {
	_, _, _, err := store.ImportPeople(ctx, holds.TenantID(t.ID), holds.BySystem("configuration"), people)
	return err
}

func reviewersKnown(t Tenant, people []holds.Person) error {
	known := map[holds.PersonID]bool{}
	for _, p := range people {
		known[p.ID] = true
	}
	for _, r := range t.Reviewers {
		if !known[holds.PersonID(r)] {
			return fmt.Errorf("tenants: the reviewer %q of tenant %s is not in its people file", r, t.ID)
		}
	}
	return nil
}

type peopleExampleCommand struct{}

// Run prints a file to start from.
func (peopleExampleCommand) Run(std streams) error {
	return directory.WriteCSV(std.out, []holds.Person{
		{
			ID: "p-17", Name: "Anna Berg", Belonging: holds.Employee, Department: "Finance", Manager: "p-02",
			Accounts: []holds.PersonAccount{{Connection: "acme-okta", Account: "00u1a2b3c4d5e6f7g8h9"}},
			Points: []holds.ContactPoint{
				{Kind: holds.EmailPoint, Value: "anna@home.example", Recorded: time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC)},
				{Kind: holds.EmailPoint, Value: "anna.berg@acme.example", Recorded: time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC), Within: "acme-okta"},
				{Kind: holds.PhonePoint, Value: "+442079460018", Recorded: time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC)},
			},
		},
		{ID: "p-02", Name: "Mona Lind", Belonging: holds.Employee, Department: "Finance"},
	})
}

type peopleCheckCommand struct {
	File string `arg:"" help:"The CSV file." type:"existingfile"`
}

// Run reports every problem with its line.
func (p peopleCheckCommand) Run(std streams) error {
	f, err := os.Open(p.File)
	if err != nil {
		return err
	}
	defer f.Close()
	people, problems, err := directory.ParseCSV(f, time.Now())
	if err != nil {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(std.out, problem)
	}
	fmt.Fprintf(std.out, "%d people, %d problems.\n", len(people), len(problems))
	if len(problems) > 0 {
		return exitCode(1)
	}
	return nil
}
