package oktasim

import "net/http"

func (s *Sim) idp(id string) *IDP {
	for i := range s.org.IDPs {
		if s.org.IDPs[i].ID == id {
			return &s.org.IDPs[i]
		}
	}
	return nil
}

// addIDP makes an identity provider, which is active at once.
func (s *Sim) addIDP(c *cause, name, issuer string) *IDP {
	s.org.IDPs = append(s.org.IDPs, IDP{
		ID: newID("0oa"), Name: name, Issuer: issuer, Status: "ACTIVE", Created: s.now(), LastUpdated: s.now(),
	})
	p := &s.org.IDPs[len(s.org.IDPs)-1]
	s.emit(c, "system.idp.lifecycle.create", []Entity{idpEntity(p)})
	return p
}

// switchIDP activates or deactivates an identity provider. Doing it again changes
// nothing and writes nothing (unverified).
func (s *Sim) switchIDP(c *cause, p *IDP, on bool) {
	status, kind := "INACTIVE", "system.idp.lifecycle.deactivate"
	if on {
		status, kind = "ACTIVE", "system.idp.lifecycle.activate"
	}
	if p.Status != status {
		p.Status, p.LastUpdated = status, s.now()
		s.emit(c, kind, []Entity{idpEntity(p)})
	}
}

// idpEntity names an identity provider in events; its type there is unverified.
func idpEntity(p *IDP) Entity {
	return Entity{ID: p.ID, Type: "IdentityProvider", AlternateID: "unknown", DisplayName: p.Name}
}

func (s *Sim) idpOf(c *call) (*IDP, *Error) {
	id := c.r.PathValue("idp")
	p := s.idp(id)
	if p == nil {
		return nil, errNotFound(id, "IdpAppInstance")
	}
	c.subject = p.ID
	return p, nil
}

func (s *Sim) getIDP(c *call) (answer, *Error) {
	p, err := s.idpOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: idpWire(p, c.base)}, nil
}

// postIDPLifecycle answers with the identity provider as it is then.
func (s *Sim) postIDPLifecycle(c *call) (answer, *Error) {
	p, err := s.idpOf(c)
	if err != nil {
		return answer{}, err
	}
	switch c.r.PathValue("step") {
	case "activate":
		s.switchIDP(c.cause, p, true)
	case "deactivate":
		s.switchIDP(c.cause, p, false)
	default:
		return answer{}, errNoPath()
	}
	return answer{status: http.StatusOK, body: idpWire(p, c.base)}, nil
}

func idpWire(p *IDP, base string) map[string]any {
	place := func(path string) map[string]any {
		return map[string]any{"url": p.Issuer + path, "binding": "HTTP-REDIRECT"}
	}
	return map[string]any{
		"id": p.ID, "type": "OIDC", "name": p.Name, "status": p.Status, "issuerMode": "ORG_URL",
		"created": stamp(p.Created), "lastUpdated": stamp(p.LastUpdated),
		"protocol": map[string]any{
			"type": "OIDC", "scopes": []string{"openid", "profile", "email"}, "issuer": map[string]any{"url": p.Issuer},
			"endpoints": map[string]any{"authorization": place("/authorize"), "token": place("/token"), "jwks": place("/keys")},
		},
		"policy": map[string]any{
			"provisioning": map[string]any{"action": "AUTO", "profileMaster": false, "groups": map[string]any{"action": "NONE"}},
			"accountLink":  map[string]any{"action": "AUTO"},
			"subject":      map[string]any{"userNameTemplate": map[string]any{"template": "idpuser.email"}, "matchType": "USERNAME"},
			"maxClockSkew": 0,
		},
		"_links": map[string]any{"clientRedirectUri": href(base+"/oauth2/v1/authorize/callback", "POST")},
	}
}
