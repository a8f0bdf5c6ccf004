package oktasim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	tokenPath     = "/oauth2/v1/token"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	tokenLife     = time.Hour
)

// postToken is client_credentials with private_key_jwt, the only way a service
// app gets a token for Okta's own API. The parameters may stand in the body or,
// as Okta's v2 SDK does it, in the query.
// See https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/.
func (s *Sim) postToken(c *call) (answer, *Error) {
	if err := c.r.ParseForm(); err != nil {
		return oauthError(400, "invalid_request", "The request is missing a necessary parameter or the parameter has an invalid value."), nil
	}
	form := c.r.Form
	if form.Get("grant_type") != "client_credentials" {
		return oauthError(400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."), nil
	}
	if form.Get("client_assertion_type") != assertionType {
		return oauthError(401, "invalid_client", "The client_assertion_type is invalid."), nil
	}
	app, why := s.readAssertion(c, form.Get("client_assertion"))
	if why != "" {
		return oauthError(401, "invalid_client", why), nil
	}
	c.subject = app.ID
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		return oauthError(400, "invalid_scope", "The scope parameter is required."), nil
	}
	for _, x := range scopes {
		if !slices.Contains(app.Scopes, x) {
			return oauthError(400, "invalid_scope", "One or more scopes are not configured for the authorization server resource."), nil
		}
	}
	token := "at." + randomText(60)
	s.bearers[token] = bearer{app: app.ID, scopes: scopes, expires: s.now().Add(tokenLife)}
	why2 := s.byCall(c.r, principal{app: app})
	why2.query = "" // the assertion must not reach the log
	s.emit(why2, "app.oauth2.token.grant.access_token", []Entity{{ID: app.ID, Type: "AppInstance", AlternateID: app.Name, DisplayName: app.Name}})
	return answer{status: http.StatusOK, body: map[string]any{
		"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "access_token": token, "scope": strings.Join(scopes, " "),
	}}, nil
}

func oauthError(status int, code, text string) answer {
	return answer{status: status, body: map[string]any{"error": code, "error_description": text}}
}

// readAssertion verifies the client assertion and returns its app, or why not.
func (s *Sim) readAssertion(c *call, jwt string) (*ServiceApp, string) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, "The client_assertion is not a valid JWT."
	}
	var header struct {
		Alg string `json:"alg"`
	}
	var claims struct {
		Iss string  `json:"iss"`
		Sub string  `json:"sub"`
		Aud any     `json:"aud"`
		Exp float64 `json:"exp"`
		Jti string  `json:"jti"`
	}
	if !readPart(parts[0], &header) || !readPart(parts[1], &claims) {
		return nil, "The client_assertion is not a valid JWT."
	}
	i := slices.IndexFunc(s.org.Apps, func(a ServiceApp) bool { return a.ID == claims.Sub })
	if i < 0 || claims.Iss != claims.Sub {
		return nil, "The parsed client id does not name an app: iss and sub must both be the client id."
	}
	app := &s.org.Apps[i]
	if header.Alg != "RS256" || !verifyRS256(app.PublicKey, parts) {
		return nil, "The client_assertion signature is invalid."
	}
	exp := time.Unix(int64(claims.Exp), 0)
	switch {
	case !s.audience(c, claims.Aud):
		return nil, "The audience claim for client_assertion must be the endpoint invoked for the request."
	case !exp.After(s.now()):
		return nil, "The client_assertion token is expired."
	case exp.After(s.now().Add(time.Hour + time.Minute)):
		return nil, "The client_assertion token has an expiration too far into the future."
	case claims.Jti != "" && s.assertID[claims.Jti]:
		return nil, "The client_assertion token has already been used."
	}
	if claims.Jti != "" {
		s.assertID[claims.Jti] = true
	}
	return app, ""
}

// audience accepts the token endpoint of the organisation or of the address
// the caller used.
func (s *Sim) audience(c *call, aud any) bool {
	list := texts(aud)
	if one, ok := aud.(string); ok {
		list = []string{one}
	}
	return slices.ContainsFunc(list, func(a string) bool {
		u, err := url.Parse(a)
		return err == nil && u.Path == tokenPath && (u.Host == c.r.Host || a == s.source()+tokenPath)
	})
}

func readPart(part string, v any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, v) == nil
}

func verifyRS256(publicPEM string, parts []string) bool {
	block, _ := pem.Decode([]byte(publicPEM))
	if block == nil {
		return false
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return false
	}
	key, ok := parsed.(*rsa.PublicKey)
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if !ok || err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
}
