package quarter

import "time"

// applications: secrets that are rotated, permissions that are given, settings
// that are changed.
func (w *world) applications() {
	for range w.times("application secrets rotated", secrets) {
		w.entra(w.moment(), w.admin()).addsSecret(w.guid(), "Warehouse connector")
	}
	for range w.times("consents for everybody", adminConsents) {
		scope := "User.Read Calendars.Read"
		if w.often(signInOnly) {
			scope = "openid profile User.Read"
		}
		w.entra(w.moment(), w.admin()).consents(nil, scope, "Room planner")
	}
	for range w.some("harmless consents", harmlessConsents) {
		t := w.moment()
		p := w.somebody(t)
		w.entra(t, p).consents(p, "openid profile User.Read offline_access", "Whiteboard")
	}
	for range w.times("Okta tokens and clients", tokens) {
		s := w.okta(w.moment(), w.admin(), "/api/v1/api-tokens")
		if w.often(0.5) {
			s.does("system.api_token.create", "Create API token", []entity{thing("Token", w.oktaID("00T"), "Inventory")})
			continue
		}
		s.does("app.oauth2.client.lifecycle.create", "Create OAuth2 client", []entity{thing("PublicClientApp", w.oktaID("0oa"), "Inventory")})
	}
	for range w.times("Okta applications changed", appChanges) {
		s := w.okta(w.moment(), w.admin(), "/api/v1/apps")
		s.does("application.lifecycle.update", "Update application", []entity{thing("AppInstance", w.oktaID("0oa"), "Expenses")})
	}
	for range w.some("applications assigned", 100) {
		t := w.moment()
		w.okta(t, w.desk(), "/api/v1/apps").does("application.user_membership.add", "Add user to application membership",
			[]entity{thing("AppInstance", w.oktaID("0oa"), "Expenses"), user(w.somebody(t))})
	}
}

// addsSecret is a new client secret of an application; the activity's name has an
// en dash and a space at its end.
func (d *deed) addsSecret(app, name string) string {
	key := "[KeyIdentifier=" + d.w.guid() + ",KeyType=Password,KeyUsage=Verify,DisplayName=" + d.at.Format(time.DateOnly) + "]"
	return d.does(directory, "ApplicationManagement", "Update application – Certificates and secrets management ", "", []target{
		object("Application", app, name, changed("KeyDescription", []string{}, []string{key}), included("KeyDescription")),
	})
}

// consents writes both records of a consent: by a person for themselves, or by an
// administrator for everybody where p is nil.
func (d *deed) consents(p *person, scope, name string) string {
	client, grant, kind, principal, admin := d.w.guid(), d.w.digits(letters, 43), "AllPrincipals", "", "True"
	if p != nil {
		kind, principal, admin = "Principal", p.entra, "False"
	}
	graph := "ba5e1d0c-2f4e-4d8f-9e7a-6c3b8a9f0d05"
	d.does(directory, "ApplicationManagement", "Add delegated permission grant", "", []target{
		object("ServicePrincipal", graph, "Microsoft Graph", changed("DelegatedPermissionGrant.Scope", "", scope), changed("DelegatedPermissionGrant.ConsentType", "", kind),
			changed("ServicePrincipal.ObjectID", nil, client)),
		object("ServicePrincipal", client, name),
	})
	permissions := "[] => [[Id: " + grant + ", ClientId: " + client + ", PrincipalId: " + principal + ", ResourceId: " + graph +
		", ConsentType: " + kind + ", Scope: " + scope + ", CreatedDateTime: , LastModifiedDateTime ]]; "
	return d.does(directory, "ApplicationManagement", "Consent to application", "", []target{
		object("ServicePrincipal", client, name, changed("ConsentContext.IsAdminConsent", nil, admin), changed("ConsentContext.OnBehalfOfAll", nil, admin),
			changed("ConsentAction.Permissions", nil, permissions)),
	})
}
