package entrasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// userFilters are the properties by which people can be found here.
func userFilters() []string {
	return []string{
		"id", "userPrincipalName", "displayName", "mail", "accountEnabled", "userType", "department", "jobTitle", "givenName", "surname",
		"onPremisesSyncEnabled", "createdDateTime", "employeeType",
	}
}

func (s *Sim) listUsers(c *call) (answer, *Error) {
	l := collection{context: "users", kind: "microsoft.graph.user", filters: userFilters(), usual: usualPerson()}
	for i := range s.org.People {
		m, err := s.personWire(c, &s.org.People[i])
		if err != nil {
			return answer{}, err
		}
		l.items = append(l.items, m)
	}
	return c.list(l)
}

// personWire renders a person, with the manager when $expand asks for it.
func (s *Sim) personWire(c *call, p *Person) (map[string]any, *Error) {
	m := p.wire()
	expand := c.r.URL.Query().Get("$expand")
	if expand == "" {
		return m, nil
	}
	if name, _, _ := strings.Cut(expand, "("); name != "manager" {
		return nil, errQuery("Parsing OData Select and Expand failed: '" + expand + "' cannot be expanded here.")
	}
	if boss := s.person(p.Manager); boss != nil {
		m["+manager"] = s.object(boss.ID) // a plus keeps it whatever $select names
	}
	return m, nil
}

// userOf finds the person of the path, by id or userPrincipalName.
func (s *Sim) userOf(c *call) (*Person, *Error) {
	id := c.r.PathValue("user")
	p := s.person(id)
	if p == nil {
		return nil, errNotFound(id)
	}
	c.subject = p.ID
	return p, nil
}

func (s *Sim) getUser(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	m, err := s.personWire(c, p)
	if err != nil {
		return answer{}, err
	}
	usual := usualPerson()
	if c.beta() {
		usual = nil
	}
	return c.one("users", "microsoft.graph.user", m, usual)
}

// sensitive are the properties which, on an administrator, only an application
// with a directory role of its own may change.
// See https://learn.microsoft.com/graph/api/resources/users#who-can-perform-sensitive-actions.
func sensitive() []string {
	return []string{"accountEnabled", "businessPhones", "mobilePhone", "otherMails", "userPrincipalName", "passwordProfile", "mail"}
}

// patchUser changes properties. The permission depends on which; a narrow one
// does for its own property alone.
func (s *Sim) patchUser(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	var set map[string]json.RawMessage
	if err := c.decode(&set); err != nil {
		return answer{}, err
	}
	narrow := map[string]string{
		"accountEnabled": "User.EnableDisableAccount.All", "passwordProfile": "User-PasswordProfile.ReadWrite.All",
		"otherMails": "User-Mail.ReadWrite.All", "mobilePhone": "User-Phone.ReadWrite.All", "businessPhones": "User-Phone.ReadWrite.All",
	}
	for property := range set {
		if strings.HasPrefix(property, "@odata.") {
			continue
		}
		if err := c.needs("User.ReadWrite.All", "Directory.ReadWrite.All", narrow[property]); err != nil {
			return answer{}, err
		}
		if slices.Contains(sensitive(), property) && !s.mayTouch(s.rolesOf(c.by.ID), p) {
			return answer{}, errDenied()
		}
	}
	if profile, ok := set["passwordProfile"]; ok {
		delete(set, "passwordProfile")
		if err := s.patchPassword(c, p, profile); err != nil {
			return answer{}, err
		}
	}
	return answer{status: http.StatusNoContent}, s.updatePerson(c.cause, p, set)
}

func (s *Sim) patchPassword(c *call, p *Person, raw json.RawMessage) *Error {
	var body struct {
		Force    bool   `json:"forceChangePasswordNextSignIn"`
		Password string `json:"password"`
	}
	if json.Unmarshal(raw, &body) != nil || body.Password == "" {
		return errBadRequest("Invalid value specified for property 'passwordProfile' of resource 'User'.")
	}
	if p.Synced {
		return errMastered()
	}
	if len(body.Password) < 8 {
		return errBadRequest("The specified password does not comply with password complexity requirements.")
	}
	s.resetPassword(c.cause, p, body.Force)
	return nil
}

func (s *Sim) postRevoke(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	s.revokeSessions(c.cause, p)
	return answer{status: http.StatusOK, body: map[string]any{"@odata.context": c.root + "/$metadata#Edm.Boolean", "value": true}}, nil
}

func (s *Sim) getManager(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	boss := s.person(p.Manager)
	if boss == nil {
		return answer{}, errNotFound("manager")
	}
	m := s.object(boss.ID)
	return c.one("directoryObjects", "microsoft.graph.directoryObject", m, append(usualPerson(), "@odata.type"))
}

func (s *Sim) listMemberOf(c *call) (answer, *Error)    { return s.memberships(c, false) }
func (s *Sim) listMemberOfAll(c *call) (answer, *Error) { return s.memberships(c, true) }

// memberships are the groups of a person and the directory roles they hold.
func (s *Sim) memberships(c *call, transitive bool) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "directoryObjects", kind: "microsoft.graph.directoryObject", loose: true, filters: []string{"id", "displayName"}}
	holders := []string{p.ID}
	for _, g := range s.groupsOf(p.ID, transitive) {
		l.items = append(l.items, s.object(g.ID))
		holders = append(holders, g.ID)
	}
	if !transitive {
		holders = holders[:1]
	}
	for i := range s.org.Assignments {
		a := &s.org.Assignments[i]
		if r := s.role(a.Role); a.active(s.now()) && slices.Contains(holders, a.Principal) && r != nil {
			l.items = append(l.items, map[string]any{
				"@odata.type": "#microsoft.graph.directoryRole", "id": r.ObjectID, "displayName": r.Name, "description": r.Name,
				"roleTemplateId": r.ID, "deletedDateTime": nil,
			})
		}
	}
	return c.list(l)
}

func (s *Sim) listUserDevices(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "directoryObjects", kind: "microsoft.graph.directoryObject", loose: true}
	for i := range s.org.Devices {
		if d := &s.org.Devices[i]; d.Owner == p.ID {
			l.items = append(l.items, s.object(d.ID))
		}
	}
	return c.list(l)
}

func (s *Sim) listUserConsents(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "oauth2PermissionGrants", kind: "microsoft.graph.oAuth2PermissionGrant"}
	for i := range s.org.Consents {
		if g := &s.org.Consents[i]; g.Principal == p.ID {
			l.items = append(l.items, g.wire())
		}
	}
	return c.list(l)
}
