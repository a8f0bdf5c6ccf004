package oktasim

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"
)

// principal is who makes an API call: a person through an SSWS token, or a
// service app through an access token.
type principal struct {
	person  *Person
	app     *ServiceApp
	tokenID string
	scopes  []string
}

// name is the token or app id, for the journal.
func (p principal) name() string {
	if p.app != nil {
		return p.app.ID
	}
	return p.tokenID
}

// bearer is an access token of a service app.
type bearer struct {
	app     string
	scopes  []string
	expires time.Time
}

// need is what a call demands: a scope of service apps, and what the caller's
// roles must allow.
type need struct {
	scope string   // such as okta.users; ".read" or ".manage" is added
	write bool     // a change
	roles []string // roles that may; super administrators always may
	self  bool     // in stories: everybody may do it to themselves
}

// authenticate reads the Authorization header.
func (s *Sim) authenticate(r *http.Request) (principal, *Error) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "SSWS"):
		for _, t := range s.org.Tokens {
			if t.Value != "" && subtle.ConstantTimeCompare([]byte(t.Value), []byte(value)) == 1 {
				return s.tokenOwner(t)
			}
		}
	case strings.EqualFold(scheme, "Bearer"):
		b, ok := s.bearers[value]
		i := slices.IndexFunc(s.org.Apps, func(a ServiceApp) bool { return a.ID == b.app })
		if ok && i >= 0 && b.expires.After(s.now()) {
			return principal{app: &s.org.Apps[i], scopes: b.scopes}, nil
		}
		err := errToken()
		err.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token", error_description="The access token is invalid."`}}
		return principal{}, err
	}
	return principal{}, errToken()
}

// tokenOwner is the person behind an API token; a token of somebody who cannot
// sign in does not work.
func (s *Sim) tokenOwner(t APIToken) (principal, *Error) {
	p := s.person(t.Owner)
	if p == nil || p.Status != Active {
		return principal{}, errToken()
	}
	return principal{person: p, tokenID: t.ID}, nil
}

// rolesOfCaller lists the caller's role types.
func (s *Sim) rolesOfCaller(by principal) []string {
	if by.app != nil {
		return by.app.Roles
	}
	return s.rolesOf(by.person)
}

// authorize checks scope and role. Every administrator may read what their
// console shows; a change needs one of the roles named.
func (s *Sim) authorize(c *call, n need) *Error {
	if c.by.app != nil && n.scope != "" {
		want := []string{n.scope + ".manage"}
		if !n.write {
			want = append(want, n.scope+".read")
		}
		if !slices.ContainsFunc(c.by.scopes, func(x string) bool { return slices.Contains(want, x) }) {
			err := errForbidden()
			err.header = http.Header{"Www-Authenticate": {`Bearer error="insufficient_scope", ` +
				`error_description="The access token provided does not contain the required scopes.", scope="` + want[len(want)-1] + `"`}}
			return err
		}
	}
	return s.mayDo(s.rolesOfCaller(c.by), n)
}

// mayDo checks roles alone; stories use it too.
func (s *Sim) mayDo(roles []string, n need) *Error {
	switch {
	case slices.Contains(roles, "SUPER_ADMIN"):
		return nil
	case !n.write && len(n.roles) == 0 && len(roles) > 0:
		return nil
	case slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(n.roles, r) }):
		return nil
	}
	return errForbidden()
}

// mayTouch refuses a lesser administrator acting on an administrator. Okta's
// exact rule is unverified: here help desk and user administrators may act on
// nobody with a role, organisation administrators on nobody who is super.
func (s *Sim) mayTouch(roles []string, p *Person) *Error {
	theirs := s.rolesOf(p)
	switch {
	case slices.Contains(roles, "SUPER_ADMIN") || len(theirs) == 0:
		return nil
	case slices.Contains(roles, "ORG_ADMIN") && !slices.Contains(theirs, "SUPER_ADMIN"):
		return nil
	}
	return errForbidden()
}
