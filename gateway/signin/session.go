package signin

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// whoKey is where Require leaves the session for the handlers behind it.
const whoKey = "signin.session"

// Require lets only signed-in reviewers through; everybody else gets a page
// that says how to sign in.
func (s *SignIn) Require(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		session, err := s.current(c)
		switch {
		case err == nil:
			c.Set(whoKey, session)
			return next(c)
		case holds.KindOf(err) == holds.NotFound:
			return s.unsigned(c)
		}
		return err
	}
}

// Who is the reviewer of a request that came through Require. Without it, it is
// an error, never an empty name that could pass for somebody.
func Who(c echo.Context) (holds.TenantID, holds.PersonID, error) {
	session, ok := c.Get(whoKey).(holds.Session)
	if !ok || session.Tenant == "" || session.Person == "" {
		return "", "", errors.New("signin: a handler that needs a reviewer is not behind Require")
	}
	return session.Tenant, session.Person, nil
}

// current is the session of a request. It is looked up every time: what ended
// it may have happened a moment ago.
func (s *SignIn) current(c echo.Context) (holds.Session, error) {
	none := holds.Refuse(holds.NotFound, "There is no session.")
	tenant, digest, ok := s.carried(c)
	if !ok {
		return holds.Session{}, none
	}
	now := s.Now()
	session, err := s.Store.Session(c.Request().Context(), tenant, digest, now)
	if err != nil {
		return holds.Session{}, err
	}
	over := !now.Before(session.Expires) || !now.Before(session.Created.Add(SessionLife))
	if over || session.Tenant != tenant {
		return holds.Session{}, none
	}
	if !s.Reviewer(session.Tenant, session.Person) {
		return holds.Session{}, gateway.Refuse(gateway.TypeForbidden, "You are no longer a reviewer here. Your session shows and does nothing any more.")
	}
	return session, nil
}

// unsigned is the page for those who are not signed in. SameSite=Strict keeps
// the cookie away from a page that was opened from a mail; its link opens the
// page again from here, with the cookie.
func (s *SignIn) unsigned(c echo.Context) error {
	again := view{}
	if c.Request().Method == http.MethodGet {
		again.Path = c.Request().URL.Path
	}
	return s.render(c, http.StatusUnauthorized, "unsigned", again)
}

// carried is the token of the request's cookie. Two cookies of our name are
// none: one of them was planted.
func (s *SignIn) carried(c echo.Context) (holds.TenantID, [32]byte, bool) {
	cookies := c.Request().CookiesNamed(s.cookieName())
	if len(cookies) != 1 {
		return "", [32]byte{}, false
	}
	return readCookie(cookies[0].Value)
}

func (s *SignIn) cookieName() string {
	if s.Secure {
		return "__Host-countersign"
	}
	return "countersign"
}

// cookie is the session cookie with a life in seconds; a negative one takes it
// away.
func (s *SignIn) cookie(value string, life int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: life,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
}
