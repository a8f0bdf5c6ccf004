package console

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

//go:embed templates
var files embed.FS

//go:embed static/console.css
var consoleCSS []byte

// Line is what a reviewer can read out to whoever asks for a change.
const Line = "I can help with this, but I need to complete the identity check through the approved process before I change access."

// Reader reads what the pages show. None of its methods changes anything.
type Reader interface {
	Queue(ctx context.Context, tenant holds.TenantID, f holds.Filter) ([]holds.Summary, error)
	View(ctx context.Context, key holds.Key) (holds.View, error)
	Health(ctx context.Context, tenant holds.TenantID) ([]holds.ConnectionHealth, error)
	Person(ctx context.Context, tenant holds.TenantID, id holds.PersonID) (holds.Person, error)
}

// Keeper takes what reviewers do. It refuses what they may not, and answers a
// version that is not the newest with a conflict.
type Keeper interface {
	Check(ctx context.Context, key holds.Key, by holds.PersonID, version int, e holds.Evidence) (holds.Hold, error)
	Decide(ctx context.Context, key holds.Key, by holds.PersonID, kind holds.DecisionKind, version int, reason string) (holds.Hold, error)
	Note(ctx context.Context, key holds.Key, by holds.By, text string) error
}

// Options is everything a console is made of. All fields are required.
type Options struct {
	Reader Reader
	Keeper Keeper
	Brakes Brakes
	// Inbox counts a tenant's deliveries that wait for their turn and those that
	// failed and wait for people.
	Inbox func(ctx context.Context, tenant holds.TenantID) (waiting, failed int64, err error)
	// Require lets only signed-in reviewers through; Who says which one a request
	// that came through it is.
	Require echo.MiddlewareFunc
	Who     func(echo.Context) (holds.TenantID, holds.PersonID, error)
	// Reviewer tells whether a person may review for a tenant at this moment.
	Reviewer func(holds.TenantID, holds.PersonID) bool
	// Organisation is the name of a tenant.
	Organisation func(holds.TenantID) string
	// Now is the business clock.
	Now func() time.Time
	// NewID makes UUIDs.
	NewID func() string
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	Options
	pages *page.Set
}

// New makes a console.
func New(o Options) (*Console, error) {
	if o.Reader == nil || o.Keeper == nil || o.Brakes == nil || o.NewID == nil || o.Inbox == nil || o.Require == nil || o.Who == nil ||
		o.Reviewer == nil || o.Organisation == nil || o.Now == nil {
		return nil, errors.New("console: every option is required")
	}
	pages, err := page.Load(files, []page.File{page.Base(), sheet()}, nil,
		[]string{"templates/parts.html", "templates/forms.html", "templates/record.html"},
		"queue", "history", "hold", "stale", "brakes", "bare")
	if err != nil {
		return nil, err
	}
	return &Console{Options: o, pages: pages}, nil
}

func sheet() page.File { return page.Sheet(consoleCSS) }

// Mount adds the console's routes.
func (s *Console) Mount(e *echo.Echo) {
	around := []echo.MiddlewareFunc{gateway.Pages(s.Problem), page.Guard(), s.Require, s.reviewers}
	e.GET("/", s.queue, around...)
	e.GET("/holds", s.history, around...)
	e.GET("/holds/:id", s.hold, around...)
	e.POST("/holds/:id/evidence", s.evidence, around...)
	e.POST("/holds/:id/decision", s.decision, around...)
	e.POST("/holds/:id/note", s.note, around...)
	e.GET("/brakes", s.brakes, around...)
	e.POST("/brakes/stop", s.stop, around...)
	e.POST("/brakes/resume", s.resume, around...)
	page.Mount(e, page.Base(), page.Icon(), sheet())
}

// reviewers asks again whether the person of the session is a reviewer: the
// list may have changed since the page was loaded.
func (s *Console) reviewers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		tenant, person, err := s.Who(c)
		if err != nil {
			return err
		}
		if !s.Reviewer(tenant, person) {
			return gateway.Refuse(gateway.TypeForbidden, "You are not a reviewer of this organisation (any more), so nothing was done.")
		}
		return next(c)
	}
}

// Problem shows an error as a page. It is also the page of addresses that no
// route has; give it to gateway.Options.Page of the console's listener.
func (s *Console) Problem(c echo.Context, d gateway.Details) error {
	return s.pages.Show(c, d.Status, "bare", d)
}
