package quarter

import "time"

// role is a directory role by its template.
type role struct{ id, name string }

func topRole() role { return role{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"} }

func lesserRoles() []role {
	return []role{
		{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator"},
		{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"},
		{"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"},
		{"3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator"},
		{"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator"},
	}
}

func (r role) target() target { return object("Role", "rd-"+r.id[:8], r.name) }

func (r role) details() []keyed {
	return []keyed{{"RoleDefinitionOriginId", r.id}, {"RoleDefinitionOriginType", "BuiltInRole"}, {"TemplateId", r.id}, {"Justification", "as planned"}}
}

// pimTargets are in the order of a live record: the account is the third.
func (w *world) pimTargets(r role, p *person) []target {
	return []target{r.target(), {ID: w.guid(), Type: "Request"}, account(p), object("Directory", tenant, company), {ID: w.guid(), Type: "Other"}}
}

// roles: taken up for a few hours, granted past that, made eligible.
func (w *world) roles() {
	for range w.times("roles taken up", activations) {
		w.activates(w.people[w.IntN(administrators)], one(w.chance, lesserRoles()), w.moment())
	}
	for range w.times("top role taken up", topActivation) {
		w.activates(w.admin(), topRole(), w.moment())
	}
	for range w.times("roles granted past PIM", outsidePIM) {
		t := w.moment()
		w.entra(t, w.admin()).grants(w.somebody(t), one(w.chance, lesserRoles()))
	}
	for range w.times("eligibilities", eligibilities) {
		t, p, r := w.moment(), w.people[w.IntN(administrators)], one(w.chance, lesserRoles())
		d := w.entra(t, w.admin())
		d.does(privileged, "RoleManagement", "Add eligible member to role in PIM requested (timebound)", "as planned", w.pimTargets(r, p), r.details()...)
		d.does(privileged, "RoleManagement", "Add eligible member to role in PIM completed (timebound)", "as planned", w.pimTargets(r, p), r.details()...)
	}
	for range w.times("Okta administrators", oktaRoles) {
		t := w.moment()
		p := w.somebody(t)
		w.okta(t, w.admin(), "/api/internal/administrators/"+p.okta).grantsRole(p, "READ_ONLY_ADMIN", "Read-only Administrator")
	}
}

func (s *scene) grantsRole(p *person, kind, name string) string {
	r := thing("ROLE", kind, name)
	return s.does("user.account.privilege.grant", "Grant user privilege", []entity{user(p), r, thing("ROLE_ASSIGNED", s.w.oktaID("ra1"), name)}, debug("privilegeGranted", name))
}

// activates is the whole of an activation: asked, granted, the directory's twin by
// MS-PIM, and its end some hours later.
func (w *world) activates(p *person, r role, t time.Time) {
	d := w.entra(t, p)
	d.does(privileged, "RoleManagement", "Add member to role requested (PIM activation)", "as planned", w.pimTargets(r, p), r.details()...)
	d.doesBy(pim(), directory, "RoleManagement", "Add member to role", "", []target{account(p, r.granted()...), r.target()})
	d.does(privileged, "RoleManagement", "Add member to role completed (PIM activation)", "as planned", w.pimTargets(r, p), r.details()...)
	end := w.entraBy(t.Add(4*time.Hour), pim())
	end.does(directory, "RoleManagement", "Remove member from role", "", []target{account(p, r.taken()...), r.target()})
	end.does(privileged, "RoleManagement", "Remove member from role (PIM activation expired)", "", w.pimTargets(r, p), r.details()...)
}

func (r role) granted() []modified {
	return []modified{changed("Role.ObjectID", nil, "rd-"+r.id[:8]), changed("Role.DisplayName", nil, r.name), changed("Role.TemplateId", nil, r.id)}
}

func (r role) taken() []modified {
	return []modified{changed("Role.ObjectID", "rd-"+r.id[:8], nil), changed("Role.DisplayName", r.name, nil), changed("Role.TemplateId", r.id, nil)}
}

// grants is an assignment that asks nobody: the directory's record, and PIM's
// remark about it.
func (d *deed) grants(p *person, r role) string {
	id := d.does(directory, "RoleManagement", "Add member to role", "", []target{account(p, r.granted()...), r.target()})
	d.doesBy(pim(), privileged, "RoleManagement", "Add member to role outside of PIM (permanent)", "", d.w.pimTargets(r, p), r.details()...)
	return id
}
