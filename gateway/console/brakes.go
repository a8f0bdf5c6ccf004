package console

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// Brakes is what people have stopped for a tenant. Stop refuses nothing to a
// reviewer; Resume ends a stop with the second person's word.
type Brakes interface {
	Stops(ctx context.Context, tenant holds.TenantID, now time.Time) ([]holds.Stop, error)
	Stop(ctx context.Context, s holds.Stop) error
	Resume(ctx context.Context, tenant holds.TenantID, stop string, r holds.Resume) (holds.Stop, error)
}

// stopped is a brake that is pulled, as every page shows it.
type stopped struct {
	ID, What  string
	By        person
	Reason    string
	At, Until time.Time
	Resumed   []person
	// Said is whether whoever looks has given their word already.
	Said bool
}

// stops is what is stopped, with names.
func (s *Console) stops(ctx context.Context, f frame) ([]stopped, error) {
	list, err := s.Brakes.Stops(ctx, f.tenant, f.Now)
	var out []stopped
	for _, x := range list {
		o := stopped{ID: x.ID, What: string(x.Brake), Reason: page.Lines(x.Reason), At: x.At, Until: x.Until}
		if o.By, err = s.named(ctx, f.tenant, x.By); err != nil {
			return nil, err
		}
		for _, r := range x.Resumes {
			p, err := s.named(ctx, f.tenant, r.By)
			if err != nil {
				return nil, err
			}
			o.Resumed, o.Said = append(o.Resumed, p), o.Said || r.By == f.by
		}
		out = append(out, o)
	}
	return out, err
}

// named is a person of the directory; whom it does not have is known by id.
func (s *Console) named(ctx context.Context, tenant holds.TenantID, id holds.PersonID) (person, error) {
	out := person{ID: page.Line(string(id), 120)}
	p, err := s.Reader.Person(ctx, tenant, id)
	if holds.KindOf(err) == holds.NotFound && err != nil {
		return out, nil
	}
	out.Name = page.Named(p.Name)
	return out, err
}

// brakesPage is the page of the brakes.
type brakesPage struct {
	frame
	Brakes []brake
	Wrong  string
	Typed  string
}

// brake is one brake and how it stands; Stopped is nil while it is free.
type brake struct {
	Name, Does, Ends string
	Stopped          *stopped
}

func (s *Console) brakes(c echo.Context) error {
	p, err := s.brakesPage(c)
	if err != nil {
		return err
	}
	return s.pages.Show(c, http.StatusOK, "brakes", p)
}

func (s *Console) brakesPage(c echo.Context) (brakesPage, error) {
	f, err := s.newFrame(c, "Brakes", "brakes")
	p := brakesPage{frame: f, Brakes: []brake{
		{
			Name: string(holds.BrakeContainment),
			Does: "Countersign restrains no more accounts and undoes no more changes. Holds are opened, owners are told and people decide as always; what waits is observed.",
			Ends: "It lapses after an hour.",
		},
		{
			Name: string(holds.BrakeRelease),
			Does: "Countersign gives no more accounts back. What was approved stays approved and restrained.",
			Ends: "It does not lapse.",
		},
	}}
	for i, b := range p.Brakes {
		for _, x := range f.Stops {
			if x.What == b.Name {
				p.Brakes[i].Stopped = &x
			}
		}
	}
	return p, err
}

// stop pulls a brake. One person is enough.
func (s *Console) stop(c echo.Context) error {
	return s.brakeForm(c, func(tenant holds.TenantID, by holds.PersonID, form page.Form, reason string) error {
		which, err := form.Field("brake")
		if err != nil {
			return err
		}
		x, err := holds.NewStop(s.NewID(), tenant, holds.Brake(which), by, holds.DoorConsole, reason, s.Now())
		if err != nil {
			return err
		}
		return s.Brakes.Stop(c.Request().Context(), x)
	})
}

// resume takes one person's word that what was stopped may go on.
func (s *Console) resume(c echo.Context) error {
	return s.brakeForm(c, func(tenant holds.TenantID, by holds.PersonID, form page.Form, reason string) error {
		which, err := form.Field("stop")
		if err != nil {
			return err
		}
		_, err = s.Brakes.Resume(c.Request().Context(), tenant, which, holds.Resume{
			By: by, Door: holds.DoorConsole, Reason: reason, At: s.Now(),
		})
		return err
	})
}

// longestReason is how many letters the reason of a stop has at most.
const longestReason = 240

// brakeForm reads what both forms have, and shows the page again with what is
// wrong.
func (s *Console) brakeForm(c echo.Context, do func(holds.TenantID, holds.PersonID, page.Form, string) error) error {
	tenant, by, err := s.Who(c)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(c)
	if err != nil {
		return err
	}
	reason, err := form.Text("reason", "The reason", longestReason)
	if err == nil {
		err = do(tenant, by, form, reason)
	}
	switch holds.KindOf(err) {
	case holds.Invalid, holds.Forbidden, holds.Conflict:
		p, perr := s.brakesPage(c)
		if perr != nil {
			return perr
		}
		p.Wrong, p.Typed = detail(err), reason
		return s.pages.Show(c, gateway.Describe(err).Status, "brakes", p)
	case holds.Internal, holds.NotFound, holds.Unavailable:
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/brakes")
}
