package entrasim

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	tokenPath     = "/oauth2/v2.0/token"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	tokenLife     = time.Hour
)

// bearer is an access token of an application. To its holder it is opaque.
type bearer struct {
	app     string // appId
	expires time.Time
}

// postToken is client_credentials with a client secret (in the body or in an
// Authorization header) or with a signed assertion.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func (s *Sim) postToken(c *call) (answer, *Error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return s.refuseToken(400, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."), nil
	}
	if tenant := c.r.PathValue("tenant"); !strings.EqualFold(tenant, s.org.TenantID) && !s.ownsDomain(tenant) {
		return s.refuseToken(400, "invalid_request", 90002, "Tenant '"+tenant+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."), nil
	}
	if form.Get("grant_type") != "client_credentials" {
		return s.refuseToken(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '"+form.Get("grant_type")+"'."), nil
	}
	id, secret, basic := c.r.BasicAuth()
	if !basic {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	app := find(s.org.Apps, func(a *Application) bool { return a.AppID != "" && strings.EqualFold(a.AppID, id) })
	if app == nil || s.principal(app.AppID) == nil {
		return s.refuseToken(400, "unauthorized_client", 700016, "Application with identifier '"+id+"' was not found in the directory '"+s.org.Name+"'."), nil
	}
	c.subject = app.AppID
	if !strings.HasSuffix(form.Get("scope"), "/.default") {
		return s.refuseToken(400, "invalid_scope", 1002012, "The provided value for scope "+form.Get("scope")+" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."), nil
	}
	if form.Get("client_assertion") != "" {
		if refused := s.checkAssertion(c, app, form); refused != nil {
			return *refused, nil
		}
	} else if refused := s.checkSecret(app, secret); refused != nil {
		return *refused, nil
	}
	token := "eyJ0eXAiOiJKV1Qi." + newSecret(400) + "." + newSecret(80)
	s.bearers[token] = bearer{app: app.AppID, expires: s.now().Add(tokenLife)}
	return answer{status: http.StatusOK, body: map[string]any{
		"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()) - 1, "ext_expires_in": int(tokenLife.Seconds()) - 1, "access_token": token,
	}}, nil
}

func (s *Sim) ownsDomain(name string) bool {
	return find(s.org.Domains, func(d *Domain) bool { return strings.EqualFold(d.Name, name) }) != nil
}

func (s *Sim) checkSecret(app *Application, secret string) *answer {
	if secret == "" {
		no := s.refuseToken(401, "invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
		return &no
	}
	for _, k := range append(slices.Clone(app.Secrets), s.principal(app.AppID).Secrets...) {
		if subtle.ConstantTimeCompare([]byte(k.Value), []byte(secret)) != 1 {
			continue
		}
		if !k.End.After(s.now()) {
			no := s.refuseToken(401, "invalid_client", 7000222, "The provided client secret keys for app '"+app.AppID+"' are expired.")
			return &no
		}
		return nil
	}
	no := s.refuseToken(401, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"+app.AppID+"'.")
	return &no
}

// refuseToken is the error body of the token endpoint.
func (s *Sim) refuseToken(status int, code string, number int, text string) answer {
	at, trace, correlation := s.now().Format("2006-01-02 15:04:05Z"), newGUID(), newGUID()
	return answer{status: status, body: map[string]any{
		"error":             code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", number, text, trace, correlation, at),
		"error_codes":       []int{number},
		"timestamp":         at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", number),
	}}
}

// RevokeTokens ends all access tokens that were issued so far.
func (s *Sim) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bearers = map[string]bearer{}
}

// AccessToken issues a token for an application without asking for its
// credential, for tests that are about something else.
func (s *Sim) AccessToken(appID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "eyJ0eXAiOiJKV1Qi." + newSecret(400) + "." + newSecret(80)
	s.bearers[token] = bearer{app: appID, expires: s.now().Add(tokenLife)}
	return token
}
