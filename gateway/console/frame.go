package console

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// frame is what every page of the console has around it.
type frame struct {
	Title        string
	Organisation page.Name
	Reviewer     person
	// Here is the entry of the navigation that the page belongs to.
	Here string
	Now  time.Time
	// Stops is what people have stopped; every page says so.
	Stops []stopped

	tenant holds.TenantID
	by     holds.PersonID
}

// newFrame says who is looking.
func (s *Console) newFrame(c echo.Context, title, here string) (frame, error) {
	tenant, by, err := s.Who(c)
	if err != nil {
		return frame{}, err
	}
	f := frame{
		Title: title, Organisation: page.Named(s.Organisation(tenant)), Here: here, Now: s.Now(), tenant: tenant, by: by,
	}
	ctx := c.Request().Context()
	if f.Reviewer, err = s.named(ctx, tenant, by); err != nil {
		return f, err
	}
	f.Stops, err = s.stops(ctx, f)
	return f, err
}

// person is a human as the pages name them.
type person struct {
	Name page.Name
	ID   string
}

// Known tells whether there is anybody to name.
func (p person) Known() bool { return p.ID != "" }

// account is an account with its immutable id.
type account struct {
	Name, Login page.Name
	ID          string
}

func accountOf(a holds.Account) account {
	return account{Name: page.Named(a.Name), Login: page.Named(a.Login), ID: page.Line(a.ID, 120)}
}

// Best is what people call the account.
func (a account) Best() page.Name {
	switch {
	case a.Name.Text != "":
		return a.Name
	case a.Login.Text != "":
		return a.Login
	}
	return page.Name{Text: "an account that could not be told"}
}

// party is who made a change.
type party struct {
	account
	Kind       string
	Credential string
	Own        bool
}

func partyOf(p holds.Party) party {
	return party{
		account: account{Name: page.Named(p.Name), Login: page.Named(p.Login), ID: page.Line(p.ID, 120)},
		Kind:    partyKind(p.Kind), Credential: page.Line(p.Credential, 120), Own: p.Own,
	}
}

// Best is what people call the actor.
func (p party) Best() page.Name {
	if p.Name.Text == "" && p.Login.Text == "" {
		return page.Name{Text: p.Kind}
	}
	return p.account.Best()
}
