package oktasim

import (
	"net/http"
	"slices"
)

// makeToken gives a person an API token. Its value is shown once, to whoever makes
// it.
func (s *Sim) makeToken(c *cause, p *Person, name string) APIToken {
	t := APIToken{ID: newID("00T"), Name: name, Owner: p.ID, Value: "00" + randomText(40), Created: s.now()}
	s.org.Tokens = append(s.org.Tokens, t)
	s.emit(c, "system.api_token.create", []Entity{tokenEntity(t)})
	return t
}

// revokeToken ends a token for good.
func (s *Sim) revokeToken(c *cause, id string) *Error {
	i := s.tokenAt(id)
	if i < 0 {
		return errNotFound(id, "ApiToken")
	}
	t := s.org.Tokens[i]
	s.org.Tokens = slices.Delete(s.org.Tokens, i, i+1)
	s.emit(c, "system.api_token.revoke", []Entity{tokenEntity(t)})
	return nil
}

func (s *Sim) tokenAt(id string) int {
	return slices.IndexFunc(s.org.Tokens, func(t APIToken) bool { return t.ID == id })
}

func tokenEntity(t APIToken) Entity {
	return Entity{ID: t.ID, Type: "Token", AlternateID: "unknown", DisplayName: t.Name}
}

// listTokens and getToken tell everything of a token but its value. See
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApiToken/.
func (s *Sim) listTokens(c *call) (answer, *Error) {
	out := []any{}
	for _, t := range s.org.Tokens {
		out = append(out, s.tokenWire(t, c.base))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) getToken(c *call) (answer, *Error) {
	id := c.r.PathValue("token")
	i := s.tokenAt(id)
	if i < 0 {
		return answer{}, errNotFound(id, "ApiToken")
	}
	return answer{status: http.StatusOK, body: s.tokenWire(s.org.Tokens[i], c.base)}, nil
}

func (s *Sim) deleteToken(c *call) (answer, *Error) {
	c.subject = c.r.PathValue("token")
	return answer{status: http.StatusNoContent}, s.revokeToken(c.cause, c.subject)
}

func (s *Sim) tokenWire(t APIToken, base string) map[string]any {
	return map[string]any{
		"id": t.ID, "name": t.Name, "userId": t.Owner, "clientName": "Okta API",
		"network": map[string]any{"connection": "ANYWHERE"}, "created": stamp(t.Created), "lastUpdated": stamp(t.Created),
		"expiresAt": stamp(s.now().AddDate(0, 0, 30)),
		"_links": map[string]any{
			"self": href(base+"/api/v1/api-tokens/"+t.ID, "GET", "DELETE"), "user": href(base+"/api/v1/users/"+t.Owner, "GET"),
		},
	}
}
