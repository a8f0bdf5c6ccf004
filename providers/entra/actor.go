package entra

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// pimApp is the application id of Privileged Identity Management, the same in
// every tenant. Records hardly ever tell it.
const pimApp = "01fc33a7-78ba-4d2f-a4b7-768e336e890e"

// passwordService is the account that carries out a self-service password reset.
// Its domain is Microsoft's, so nobody else can have it.
//
// See https://learn.microsoft.com/troubleshoot/azure/entra/entra-id/governance/unknown-actors-in-audit-reports.
const passwordService = "fim_password_service@support.onmicrosoft.com"

// platformServices are names under which Microsoft's own services carry out what
// somebody asked for elsewhere; the record of that stands beside theirs.
func platformServices() []string {
	return []string{
		"MS-PIM", "Azure AD PIM", "Azure MFA StrongAuthenticationService", "Azure Credential Configuration Endpoint Service",
		"Device Registration Service", "Microsoft Approval Management", "Microsoft Substrate Management",
	}
}

// who says who made the change. An application is told by the id of its service
// principal; its appId is hardly ever there.
func (x *Decoder) who(r *record) holds.Party {
	u, a := r.actor.user, r.actor.app
	if u.badID || a.badID {
		r.doubt("The actor's id is not one that can be used; the actor cannot be told.")
	}
	switch {
	case r.actor.hasUser && u.login == "" && isPlatform(u.name): // an account of a person has a login
		return x.byName(r, holds.Party{Kind: holds.PartyPlatform, ID: u.id, Name: u.name}, u)
	case r.actor.hasUser && (u.id != "" || u.login != ""):
		if r.actor.hasApp && a.id != "" {
			r.doubt("The record names both an account and an application as the actor; the account is shown.")
		}
		return x.account(r, u)
	case r.actor.hasApp && (a.id != "" || a.appID != "" || a.name != ""):
		return x.application(r, a)
	}
	return holds.Party{Kind: holds.PartyUnknown, Login: u.login, Name: u.name}
}

func (x *Decoder) account(r *record, u entry) holds.Party {
	p := holds.Party{Kind: holds.PartyPerson, ID: u.id, Login: u.login, Name: u.name, Own: x.isOwn(u.id)}
	switch {
	case strings.EqualFold(u.login, passwordService) && u.zero:
		p.Kind = holds.PartyPlatform
	case strings.EqualFold(u.login, passwordService):
		r.doubt("The actor has the login of Microsoft's password service, but an id of its own; it is taken for a person.")
	case isSystem(u.login):
		p.Kind = holds.PartySystem
	case u.zero && u.login == "":
		p.Kind = holds.PartyUnknown
	case u.home != "":
		r.doubt("The actor's account belongs to another tenant (" + u.home + ").")
	}
	return p
}

func (x *Decoder) application(r *record, a entry) holds.Party {
	p := holds.Party{Kind: holds.PartyApp, ID: a.id, Name: a.name, Credential: a.appID, Own: x.isOwn(a.id) || x.isOwn(a.appID)}
	if p.ID == "" {
		p.ID = a.appID
	}
	if p.Credential == "" {
		p.Credential = a.id
	}
	known := x.platform.get()
	pimName := strings.EqualFold(a.name, "MS-PIM")
	switch {
	case p.Own:
	case a.appID == pimApp || a.id != "" && slices.Contains(known, a.id):
		p.Kind = holds.PartyPlatform
	case isPlatform(a.name) && a.id != "" && (slices.Contains(x.pretend.get(), a.id) || x.wasFound(a.name)), pimName && (len(known) > 0 && a.id != "" || a.appID != ""):
		r.doubt("An application calls itself " + quoted(a.name) + ", as a service of Microsoft's does, but is another one (" + quoted(p.ID) + ").")
	case isPlatform(a.name):
		p.Kind = holds.PartyPlatform
		return x.byName(r, p, a)
	}
	return p
}

// byName notes what the recognition of a platform's service rests on.
func (x *Decoder) byName(r *record, p holds.Party, e entry) holds.Party {
	r.doubt("The actor was recognised as a service of Microsoft's by its name alone (" + quoted(e.name) + "), which anybody can give an application.")
	return p
}

// wasFound tells whether a service's own principal in the tenant is known.
func (x *Decoder) wasFound(name string) bool {
	return slices.ContainsFunc(*x.found.Load(), func(s string) bool { return strings.EqualFold(s, name) })
}

func isPlatform(name string) bool {
	return slices.ContainsFunc(platformServices(), func(s string) bool { return strings.EqualFold(s, name) })
}

// isSystem tells of the accounts that Exchange's own services act under. They
// have a backslash, which no login of a person has.
func isSystem(login string) bool {
	l := strings.ToLower(login)
	return strings.HasPrefix(l, `nt authority\`) || strings.HasPrefix(l, `nt service\`)
}

func (x *Decoder) isOwn(id string) bool { return id != "" && slices.Contains(x.own.get(), id) }

// unifiedActor reads the actor of a unified audit record: the Actor list of
// Entra's records, or UserId for every other workload.
//
// See https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema.
func (r *record) unifiedActor(list []pair, user, key string) {
	ids := identities(list)
	user = providers.Plain(user, most)
	switch {
	case strings.EqualFold(ids.kind, "ServicePrincipal"):
		r.actor.app, r.actor.hasApp = entry{id: ids.id, name: ids.name, badID: ids.badID}, true
		return
	case ids.kind == "" && ids.login == "" && ids.name != "" && isPlatform(ids.name):
		r.actor.app, r.actor.hasApp = entry{name: ids.name}, true
		return
	}
	if id, ok := strings.CutPrefix(user, "ServicePrincipal_"); ok {
		r.actor.app, r.actor.hasApp = entry{id: objectID(id), name: ids.name}, true
		return
	}
	e := entry{id: ids.id, login: ids.login, badID: ids.badID, zero: ids.zero}
	if e.login == "" && user != "" && guid(user) == "" {
		e.login = user
	}
	if e.id == "" && !e.zero {
		e.id = guid(key)
	}
	if e.id == "" {
		e.id = guid(user)
	}
	if e.id == "" && !e.zero && strings.Contains(e.login, "@") {
		e.id = byLogin(e.login)
	}
	r.actor.user, r.actor.hasUser = e, e.id != "" || e.login != ""
}

// byLogin stands in for the id of an account that a record names by its login
// alone. Nothing is done to such an account: it is no id of the platform's.
func byLogin(login string) string { return providers.Identifier(strings.ToLower(login)) }

// identities are what a unified record's list of ids says of one thing.
type identity struct {
	kind, id, login, name string
	badID, zero           bool
}

// identities reads a list of ids of one thing, each with its type: 1 is a name, 5
// a login, and one of the others is its kind and object id ("User_…").
func identities(list []pair) identity {
	var out identity
	for _, p := range list {
		kind, id := p.kindOf()
		switch {
		case kind != "":
			out.kind, out.id, out.zero = kind, objectID(id), guid(id) == nobody
			out.badID = out.id == "" && !out.zero
		case p.name == "1" && out.name == "":
			out.name = providers.Plain(p.value, most)
		case p.name == "5" && out.login == "":
			out.login = providers.Plain(p.value, most)
		}
	}
	for _, p := range list {
		if out.id == "" && out.kind == "" && (p.name == "0" || p.name == "2") {
			out.id = objectID(guid(p.value))
		}
	}
	return out
}

// kindOf parts "User_…" into kind and id; both are "" for anything else. Names and
// logins are nobody's id, whatever they begin with.
func (p pair) kindOf() (kind, id string) {
	kind, id, ok := strings.Cut(p.value, "_")
	if !ok || !isKind(kind) || p.name == "1" || p.name == "5" {
		return "", ""
	}
	return kind, id
}

// isKind tells of the kinds of directory objects that a unified record writes
// before an id.
func isKind(s string) bool {
	switch s {
	case "User", "ServicePrincipal", "Application", "Group", "Device", "Role", "Policy", "Domain", "Contact", "Directory", "RoleDefinition", "AdministrativeUnit":
		return true
	}
	return false
}
