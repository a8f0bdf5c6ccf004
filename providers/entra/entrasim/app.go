package entrasim

func (a *Application) wire() map[string]any {
	return a.Credentials.wire(map[string]any{
		"id": a.ID, "appId": a.AppID, "displayName": a.Name, "createdDateTime": stamp(a.Created), "signInAudience": "AzureADMyOrg",
		"identifierUris": []string{}, "publisherDomain": nil, "requiredResourceAccess": []any{}, "deletedDateTime": nil,
	})
}

// federate makes an application trust another issuer's tokens.
func (s *Sim) federate(c *cause, a *Application, f FederatedCredential) {
	render := func() []any {
		out := []any{}
		for _, f := range a.Federated {
			out = append(out, map[string]any{
				"Name": f.Name, "Issuer": f.Issuer, "Subject": f.Subject, "Id": f.ID, "Description": f.Name, "Audiences": []string{f.Audience},
				"ClaimsMatchingExpressionValue": nil, "ClaimsMatchingExpressionLanguageVersion": 0, "EncodingVersion": 2, "TrustedIssuer": nil,
			})
		}
		return out
	}
	before := render()
	f.ID = newGUID()
	a.Federated = append(a.Federated, f)
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: "Update application", operation: "Update",
		targets: []Target{appTarget(a, changed("FederatedIdentityCredentials", before, render()), included("FederatedIdentityCredentials"))},
	})
}

func (s *Sim) listApps(c *call) (answer, *Error) {
	l := collection{context: "applications", kind: "microsoft.graph.application", filters: []string{"id", "appId", "displayName"}}
	for i := range s.org.Apps {
		l.items = append(l.items, s.org.Apps[i].wire())
	}
	return c.list(l)
}

// appOf finds the application of the path by its object id.
func (s *Sim) appOf(c *call) (*Application, *Error) {
	id := c.r.PathValue("app")
	if !isGUID(id) {
		return nil, errObjectID(id)
	}
	a := find(s.org.Apps, func(a *Application) bool { return a.ID == id })
	if a == nil {
		return nil, errNotFound(id)
	}
	c.subject = a.ID
	return a, nil
}

func (s *Sim) getApp(c *call) (answer, *Error) {
	a, err := s.appOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("applications", "microsoft.graph.application", a.wire(), nil)
}
