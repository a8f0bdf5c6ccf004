package entrasim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// usualPerson is what Graph's v1.0 answers without $select: accountEnabled,
// userType and all dates are not among it.
// See https://learn.microsoft.com/graph/api/user-get.
func usualPerson() []string {
	return []string{
		"businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
		"preferredLanguage", "surname", "userPrincipalName",
	}
}

// wire renders a person with every property the simulator knows.
func (p *Person) wire() map[string]any {
	var synced any // Graph answers null, not false, for a cloud account
	if p.Synced {
		synced = true
	}
	list := func(l []string) []string { return append([]string{}, l...) }
	return map[string]any{
		"id": p.ID, "userPrincipalName": p.UPN, "displayName": orNull(p.DisplayName), "givenName": orNull(p.GivenName), "surname": orNull(p.Surname),
		"mail": orNull(p.Mail), "otherMails": list(p.OtherMails), "mobilePhone": orNull(p.MobilePhone), "businessPhones": list(p.BusinessPhones),
		"jobTitle": orNull(p.JobTitle), "department": orNull(p.Department), "employeeType": orNull(p.EmployeeType), "userType": p.UserType,
		"officeLocation": nil, "preferredLanguage": nil, "companyName": nil, "employeeId": nil, "employeeHireDate": nil, "usageLocation": nil,
		"accountEnabled": p.Enabled, "onPremisesSyncEnabled": synced, "onPremisesImmutableId": nil, "externalUserState": p.externalState(),
		"createdDateTime": stamp(p.Created), "signInSessionsValidFromDateTime": stamp(p.SessionsValidFrom),
		"lastPasswordChangeDateTime": stamp(p.LastPasswordChange), "creationType": nil, "deletedDateTime": nil,
		"mailNickname": strings.Split(p.UPN, "@")[0], "proxyAddresses": []string{},
	}
}

func (p *Person) externalState() any {
	if p.UserType == "Guest" {
		return "PendingAcceptance"
	}
	return nil
}

// attribute is a property that PATCH may change: its name in the audit log, how
// it is read, and how set.
type attribute struct {
	audit string
	get   func(*Person) any
	set   func(*Person, json.RawMessage) bool
}

func attributes() map[string]attribute {
	one := func(audit string, field func(*Person) *string) attribute {
		return attribute{audit, func(p *Person) any { return *field(p) }, func(p *Person, v json.RawMessage) bool {
			*field(p) = "" // null empties
			return json.Unmarshal(v, field(p)) == nil
		}}
	}
	many := func(audit string, field func(*Person) *[]string) attribute {
		return attribute{audit, func(p *Person) any { return slices.Clone(*field(p)) }, func(p *Person, v json.RawMessage) bool {
			var list []string
			ok := json.Unmarshal(v, &list) == nil
			*field(p) = list
			return ok
		}}
	}
	return map[string]attribute{
		"accountEnabled": {"AccountEnabled", func(p *Person) any { return p.Enabled }, func(p *Person, v json.RawMessage) bool {
			return string(v) != "null" && json.Unmarshal(v, &p.Enabled) == nil
		}},
		"displayName":       one("DisplayName", func(p *Person) *string { return &p.DisplayName }),
		"givenName":         one("GivenName", func(p *Person) *string { return &p.GivenName }),
		"surname":           one("Surname", func(p *Person) *string { return &p.Surname }),
		"userPrincipalName": one("UserPrincipalName", func(p *Person) *string { return &p.UPN }),
		"mail":              one("Mail", func(p *Person) *string { return &p.Mail }),
		"mobilePhone":       one("MobilePhone", func(p *Person) *string { return &p.MobilePhone }),
		"jobTitle":          one("JobTitle", func(p *Person) *string { return &p.JobTitle }),
		"department":        one("Department", func(p *Person) *string { return &p.Department }),
		"employeeType":      one("EmployeeType", func(p *Person) *string { return &p.EmployeeType }),
		"userType":          one("UserType", func(p *Person) *string { return &p.UserType }),
		"otherMails":        many("OtherMail", func(p *Person) *[]string { return &p.OtherMails }),
		"businessPhones":    many("TelephoneNumber", func(p *Person) *[]string { return &p.BusinessPhones }),
	}
}

// mastered are the properties of a synced account that only the on-premises
// directory may change. otherMails and userType belong to the cloud.
func mastered(property string) bool {
	return !slices.Contains([]string{"otherMails", "userType"}, property)
}

// updatePerson changes properties and writes one record for all of them, and
// one more when the account was enabled or disabled.
// See https://learn.microsoft.com/graph/api/user-update.
func (s *Sim) updatePerson(c *cause, p *Person, set map[string]json.RawMessage) *Error {
	all, next := attributes(), *p
	var modified []Modified
	var names []string
	for _, property := range slices.Sorted(maps.Keys(set)) {
		if strings.HasPrefix(property, "@odata.") {
			continue
		}
		a, ok := all[property]
		if !ok {
			return errBadRequest("Property '" + property + "' does not exist or cannot be updated.")
		}
		if p.Synced && mastered(property) {
			return errMastered()
		}
		if !a.set(&next, set[property]) {
			return errBadRequest("Invalid value specified for property '" + property + "' of resource 'User'.")
		}
		before, after := list(a.get(p)), list(a.get(&next))
		if jsonText(before) != jsonText(after) {
			modified, names = append(modified, changed(a.audit, before, after)), append(names, a.audit)
		}
	}
	if len(names) == 0 {
		return nil
	}
	was := p.Enabled
	*p = next
	modified = append(modified, included(names...), changed("TargetId.UserType", nil, p.UserType))
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Update user", operation: "Update",
		targets: []Target{personTarget(p, modified...)}, details: []Detail{{"UserType", p.UserType}},
	})
	if was != p.Enabled {
		name := "Disable account"
		if p.Enabled {
			name = "Enable account"
		}
		s.emit(c, activity{
			service: coreDirectory, category: "UserManagement", name: name, operation: "Update",
			targets: []Target{personTarget(p, changed("AccountEnabled", []any{was}, []any{p.Enabled}), included("AccountEnabled"), changed("TargetId.UserType", nil, p.UserType))},
		})
	}
	s.touchPerson(c, p)
	return nil
}

// list wraps a value as Core Directory does: every property is many-valued.
func list(v any) any {
	switch v := v.(type) {
	case []string:
		return append([]string{}, v...)
	case string:
		if v == "" {
			return []string{}
		}
		return []string{v}
	}
	return []any{v}
}

// revokeSessions ends the sessions of a person: refresh tokens older than now
// are refused. Access tokens live on, which is not simulated.
func (s *Sim) revokeSessions(c *cause, p *Person) {
	before := p.SessionsValidFrom
	p.SessionsValidFrom, p.Sessions = s.now(), nil
	s.stsRecord(c, p, before, nil)
	s.touchPerson(c, p)
}

func (s *Sim) stsRecord(c *cause, p *Person, before any, by *Initiator) {
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Update StsRefreshTokenValidFrom Timestamp", operation: "Update", by: by,
		targets: []Target{personTarget(p, changed("StsRefreshTokensValidFrom", []any{before}, []any{stamp(p.SessionsValidFrom)}),
			included("StsRefreshTokensValidFrom"), changed("TargetId.UserType", nil, p.UserType))},
	})
}

// touchPerson tells subscriptions that a person changed, unless nothing did.
func (s *Sim) touchPerson(c *cause, p *Person) {
	if c.fails == "" {
		s.notify("users", "Users", "User", p.ID)
	}
}
