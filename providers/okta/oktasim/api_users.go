package oktasim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// target finds the person of the path, by id, login or, for a read, "me", and
// checks that the caller may touch them.
func (s *Sim) target(c *call) (*Person, *Error) {
	name := c.r.PathValue("user")
	p := s.person(name)
	if name == "me" && c.by.person != nil {
		p = c.by.person
	}
	if p == nil {
		return nil, errNotFound(name, "User")
	}
	c.subject = p.ID
	if c.r.Method != http.MethodGet {
		if err := s.mayTouch(s.rolesOfCaller(c.by), p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *Sim) getUser(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: userWire(p, c.base, true)}, nil
}

// postUser is the partial update: attributes the body leaves out stay.
func (s *Sim) postUser(c *call) (answer, *Error) {
	return s.update(c, func(_ *Person, sent map[string]any) map[string]any { return sent })
}

// putUser is the strict update: attributes the body leaves out become null.
func (s *Sim) putUser(c *call) (answer, *Error) {
	return s.update(c, func(p *Person, sent map[string]any) map[string]any {
		for name := range p.Profile {
			if _, ok := sent[name]; !ok && !isOf(name, "login", "email", "firstName", "lastName") {
				sent[name] = nil
			}
		}
		return sent
	})
}

func (s *Sim) update(c *call, complete func(*Person, map[string]any) map[string]any) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Profile map[string]any `json:"profile"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.Profile != nil {
		if err := s.updateProfile(c.cause, p, complete(p, body.Profile)); err != nil {
			return answer{}, err
		}
	}
	return answer{status: http.StatusOK, body: userWire(p, c.base, true)}, nil
}

// postLifecycle runs one lifecycle operation.
func (s *Sim) postLifecycle(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	step := c.r.PathValue("step")
	if s.beyondHelpDesk(c, step) {
		return answer{}, errForbidden()
	}
	ok := answer{status: http.StatusOK, body: map[string]any{}}
	switch step {
	case "activate":
		ok.body = map[string]any{"activationToken": randomText(20), "activationUrl": c.base + "/welcome/" + randomText(20)}
		if c.r.URL.Query().Get("sendEmail") != "false" {
			ok.body = map[string]any{}
		}
		return ok, s.activate(c.cause, p)
	case "suspend":
		return ok, s.suspend(c.cause, p)
	case "unsuspend":
		return ok, s.unsuspend(c.cause, p)
	case "unlock":
		return ok, s.unlock(c.cause, p)
	case "deactivate":
		return ok, s.deactivate(c.cause, p)
	case "reset_factors":
		return ok, s.resetFactors(c.cause, p)
	case "reset_password":
		if c.r.URL.Query().Get("sendEmail") == "false" {
			ok.body = map[string]any{"resetPasswordUrl": c.base + "/signin/reset-password/" + randomText(20)}
		}
		return ok, s.resetPassword(c.cause, p, c.flag("revokeSessions"))
	case "expire_password":
		err := s.expirePassword(c.cause, p, false)
		ok.body = userWire(p, c.base, true)
		return ok, err
	case "expire_password_with_temp_password":
		ok.body = map[string]any{"tempPassword": randomText(12)}
		return ok, s.expirePassword(c.cause, p, c.flag("revokeSessions"))
	}
	return answer{}, errNoPath()
}

// beyondHelpDesk reports a step that a caller with only the help desk role may
// not take: help desk resets, unlocks and clears sessions, and no more.
func (s *Sim) beyondHelpDesk(c *call, step string) bool {
	if !isOf(step, "activate", "suspend", "unsuspend", "deactivate") {
		return false
	}
	return s.mayDo(s.rolesOfCaller(c.by), need{write: true, roles: []string{"ORG_ADMIN", "USER_ADMIN"}}) != nil
}

func (s *Sim) deleteSessions(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	s.clearSessions(c.cause, p, c.flag("oauthTokens"))
	return answer{status: http.StatusNoContent}, nil
}

func (s *Sim) listUserGroups(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	out := []any{}
	for i := range s.org.Groups {
		g := &s.org.Groups[i]
		if g.Type == "BUILT_IN" || slices.Contains(g.Members, p.ID) {
			out = append(out, groupWire(g, c.base))
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// listUsers lists people by search, filter or q, or all but the deprovisioned,
// in pages.
func (s *Sim) listUsers(c *call) (answer, *Error) {
	q := c.r.URL.Query()
	keep := func(p *Person) bool { return p.Status != Deprovisioned }
	expression := q.Get("search")
	if expression == "" {
		expression = q.Get("filter")
	}
	switch {
	case expression != "":
		match, err := parseFilter(expression)
		if err != nil {
			return answer{}, errSearch(err.Error())
		}
		keep = func(p *Person) bool { return match(userWire(p, c.base, false)) }
	case q.Get("q") != "":
		keep = func(p *Person) bool {
			return slices.ContainsFunc([]string{"firstName", "lastName", "email", "login"}, func(k string) bool {
				return strings.HasPrefix(strings.ToLower(p.Profile.Get(k)), strings.ToLower(q.Get("q")))
			})
		}
	}
	var ids []string
	items := map[string]any{}
	for i := range s.org.People {
		if p := &s.org.People[i]; keep(p) {
			ids = append(ids, p.ID)
			items[p.ID] = userWire(p, c.base, false)
		}
	}
	return page(c, ids, items, 200)
}

// page cuts a list after the cursor and adds the self and next links, each in
// a Link header of its own as Okta does.
func page(c *call, ids []string, items map[string]any, standard int) (answer, *Error) {
	q := c.r.URL.Query()
	limit := standard
	if v := q.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return answer{}, errValidation("limit", "limit: must be a positive number")
		}
		limit = min(n, standard)
	}
	start := 0
	if after := q.Get("after"); after != "" {
		i := slices.Index(ids, after)
		if i < 0 {
			return answer{}, errValidation("after", "after: Invalid paging request.")
		}
		start = i + 1
	}
	end := min(start+limit, len(ids))
	out := []any{}
	for _, id := range ids[start:end] {
		out = append(out, items[id])
	}
	h := http.Header{}
	h.Add("Link", "<"+c.base+c.r.URL.RequestURI()+`>; rel="self"`)
	if end < len(ids) {
		q.Set("after", ids[end-1])
		q.Set("limit", strconv.Itoa(limit))
		h.Add("Link", "<"+c.base+c.r.URL.Path+"?"+q.Encode()+`>; rel="next"`)
	}
	return answer{status: http.StatusOK, body: out, header: h}, nil
}

// userWire renders a person; a single person carries the links of what can be
// done in their status.
func userWire(p *Person, base string, full bool) map[string]any {
	self := base + "/api/v1/users/" + p.ID
	links := map[string]any{"self": href(self)}
	if full {
		for _, step := range []struct {
			name, path string
			when       bool
		}{
			{"suspend", "suspend", p.Status == Active},
			{"unsuspend", "unsuspend", p.Status == Suspended},
			{"unlock", "unlock", p.Status == LockedOut},
			{"activate", "activate", p.Status == Staged || p.Status == Deprovisioned},
			{"deactivate", "deactivate", p.Status != Deprovisioned},
			{"resetPassword", "reset_password", p.Status == Active || p.Status == Recovery || p.Status == PasswordExpired || p.Status == LockedOut},
			{"expirePassword", "expire_password", p.Status == Active},
			{"resetFactors", "reset_factors", p.Status != Staged && p.Status != Deprovisioned},
		} {
			if step.when {
				l := href(self + "/lifecycle/" + step.path)
				l["method"] = "POST"
				links[step.name] = l
			}
		}
	}
	profile := map[string]any{"mobilePhone": nil, "secondEmail": nil}
	for k, v := range p.Profile {
		if v != nil || isOf(k, "mobilePhone", "secondEmail") {
			profile[k] = v
		}
	}
	return map[string]any{
		"id": p.ID, "status": string(p.Status), "created": stamp(p.Created), "activated": stamp(p.Activated),
		"statusChanged": stamp(p.StatusChanged), "lastLogin": stamp(p.LastLogin), "lastUpdated": stamp(p.LastUpdated),
		"passwordChanged": stamp(p.PasswordChanged), "type": map[string]any{"id": "otyDefaultUserType00"}, "profile": profile,
		"credentials": map[string]any{"password": map[string]any{}, "provider": map[string]any{"type": "OKTA", "name": "OKTA"}},
		"_links":      links,
	}
}
