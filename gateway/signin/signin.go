package signin

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

//go:embed templates
var files embed.FS

// The lives of what we give out.
const (
	// LinkLife is how long a link works; whoever makes it stores this end.
	LinkLife = 10 * time.Minute
	// SessionLife is how long a session lasts at most, used or not.
	SessionLife = 8 * time.Hour
)

// Store keeps links and sessions by the SHA-256 of their tokens.
type Store interface {
	// UseLink uses a link up in one statement and says whose it is. A link that
	// is unknown, used or expired is not found, and all three take the same work.
	UseLink(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) (holds.PersonID, error)
	CreateSession(ctx context.Context, s holds.Session) error
	// Session is not found when the session is unknown, ended or over.
	Session(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) (holds.Session, error)
	// EndSession ends a session; one that is over, or never was, is no error.
	EndSession(ctx context.Context, tenant holds.TenantID, token [32]byte, now time.Time) error
}

// Options is everything sign-in is made of. All fields but Secure are required.
type Options struct {
	Store Store
	// Reviewer tells whether a person may review for a tenant at this moment. It
	// is asked at every sign-in and at every request.
	Reviewer func(holds.TenantID, holds.PersonID) bool
	// Now is the business clock.
	Now func() time.Time
	// Secure says that browsers reach the console over TLS.
	Secure bool
}

// SignIn lets reviewers in. It is safe for concurrent use.
type SignIn struct {
	Options
	pages *page.Set
}

// New makes a sign-in.
func New(o Options) (*SignIn, error) {
	if o.Store == nil || o.Reviewer == nil || o.Now == nil {
		return nil, errors.New("signin: the store, the list of reviewers and the clock are required")
	}
	pages, err := page.Load(files, []page.File{page.Base()}, nil, []string{"templates/top.html"},
		"link", "spent", "unsigned", "goodbye", "problem")
	if err != nil {
		return nil, err
	}
	return &SignIn{Options: o, pages: pages}, nil
}

// Mount adds the routes: the page of a link, and signing out.
func (s *SignIn) Mount(e *echo.Echo) {
	around := []echo.MiddlewareFunc{gateway.Pages(s.problem), page.Guard()}
	e.GET("/signin/:tenant/:token", s.show, around...)
	e.HEAD("/signin/:tenant/:token", s.show, around...)
	e.POST("/signin/:tenant/:token", s.enter, around...)
	e.POST("/signout", s.leave, around...)
	page.Mount(e, page.Base(), page.Icon())
}

// view is what the pages of sign-in are made of.
type view struct{ Path string }

// show shows the page of a link and looks at nothing: whether the link is good
// is asked only when its button is pressed.
func (s *SignIn) show(c echo.Context) error {
	return s.render(c, http.StatusOK, "link", view{Path: c.Request().URL.Path})
}

// enter uses the link up and opens a session.
func (s *SignIn) enter(c echo.Context) error {
	ctx, now := c.Request().Context(), s.Now()
	tenant, digest, ok := readToken(c.Param("tenant"), c.Param("token"))
	if !ok {
		return s.render(c, http.StatusNotFound, "spent", view{})
	}
	person, err := s.Store.UseLink(ctx, tenant, digest, now)
	if holds.KindOf(err) == holds.NotFound {
		return s.render(c, http.StatusNotFound, "spent", view{})
	}
	if err != nil {
		return err
	}
	if !s.Reviewer(tenant, person) {
		return gateway.Refuse(gateway.TypeForbidden, "You are not a reviewer, so this link signs you in to nothing. The configuration names the reviewers of an organisation.")
	}
	if err := s.end(c); err != nil {
		return err
	}
	token, digest := NewToken()
	session := holds.Session{Token: digest, Tenant: tenant, Person: person, Created: now, Expires: now.Add(SessionLife)}
	if err := s.Store.CreateSession(ctx, session); err != nil {
		return err
	}
	c.SetCookie(s.cookie(string(tenant)+"."+token, int(SessionLife/time.Second)))
	return c.Redirect(http.StatusSeeOther, "/")
}

// leave ends the session and takes the cookie away.
func (s *SignIn) leave(c echo.Context) error {
	if err := s.end(c); err != nil {
		return err
	}
	c.SetCookie(s.cookie("", -1))
	return s.render(c, http.StatusOK, "goodbye", view{})
}

// end ends the session of the request's cookie, if it has one.
func (s *SignIn) end(c echo.Context) error {
	tenant, digest, ok := s.carried(c)
	if !ok {
		return nil
	}
	return s.Store.EndSession(c.Request().Context(), tenant, digest, s.Now())
}

func (s *SignIn) render(c echo.Context, status int, name string, data any) error {
	return s.pages.Show(c, status, name, data)
}

func (s *SignIn) problem(c echo.Context, d gateway.Details) error {
	return s.render(c, d.Status, "problem", d)
}
