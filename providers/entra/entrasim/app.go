package entrasim

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"time"
)

func (a *Application) wire() map[string]any {
	secrets, keys := []any{}, []any{}
	for _, k := range a.Secrets {
		secrets = append(secrets, k.wire())
	}
	for _, k := range a.Keys {
		var thumb any
		if block, _ := pem.Decode([]byte(k.Certificate)); block != nil {
			sum := sha1.Sum(block.Bytes)
			thumb = base64.StdEncoding.EncodeToString(sum[:])
		}
		keys = append(keys, map[string]any{
			"keyId": k.ID, "displayName": k.Name, "type": "AsymmetricX509Cert", "usage": "Verify", "key": nil, "customKeyIdentifier": thumb,
			"startDateTime": stamp(k.Start), "endDateTime": stamp(k.End),
		})
	}
	return map[string]any{
		"id": a.ID, "appId": a.AppID, "displayName": a.Name, "createdDateTime": stamp(a.Created), "signInAudience": "AzureADMyOrg",
		"passwordCredentials": secrets, "keyCredentials": keys, "identifierUris": []string{}, "publisherDomain": nil,
		"requiredResourceAccess": []any{}, "deletedDateTime": nil,
	}
}

// wire renders a secret; its value is told only when it is made.
func (k Secret) wire() map[string]any {
	return map[string]any{
		"keyId": k.ID, "displayName": text(k.Name), "hint": k.Value[:min(3, len(k.Value))], "secretText": nil, "customKeyIdentifier": nil,
		"startDateTime": stamp(k.Start), "endDateTime": stamp(k.End),
	}
}

// keyDescriptions are the credentials as the directory's record tells them.
func (a *Application) keyDescriptions() []string {
	out := []string{}
	for _, k := range a.Secrets {
		out = append(out, fmt.Sprintf("[KeyIdentifier=%s,KeyType=Password,KeyUsage=Verify,DisplayName=%s]", k.ID, k.Name))
	}
	for _, k := range a.Keys {
		out = append(out, fmt.Sprintf("[KeyIdentifier=%s,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=%s]", k.ID, k.Name))
	}
	return out
}

// credentialRecord tells of changed credentials; its name has an en dash and
// ends in a space.
func (s *Sim) credentialRecord(c *cause, a *Application, before []string) {
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: "Update application – Certificates and secrets management ",
		operation: "Update", targets: []Target{appTarget(a, changed("KeyDescription", before, a.keyDescriptions()), included("KeyDescription"))},
	})
}

func (s *Sim) addSecret(c *cause, a *Application, name string, end time.Time) Secret {
	before := a.keyDescriptions()
	k := Secret{ID: newGUID(), Name: name, Value: newSecret(40), Start: s.now(), End: end}
	a.Secrets = append(a.Secrets, k)
	s.credentialRecord(c, a, before)
	return k
}

func (s *Sim) removeSecret(c *cause, a *Application, id string) *Error {
	if !slices.ContainsFunc(a.Secrets, func(k Secret) bool { return k.ID == id }) {
		return errBadRequest("No password credential found with keyId '" + id + "'.")
	}
	before := a.keyDescriptions()
	a.Secrets = slices.DeleteFunc(a.Secrets, func(k Secret) bool { return k.ID == id })
	s.credentialRecord(c, a, before)
	return nil
}

func (s *Sim) removeKey(c *cause, a *Application, id string) *Error {
	if !slices.ContainsFunc(a.Keys, func(k Key) bool { return k.ID == id }) {
		return errBadRequest("No credentials found with keyId '" + id + "'.")
	}
	before := a.keyDescriptions()
	a.Keys = slices.DeleteFunc(a.Keys, func(k Key) bool { return k.ID == id })
	s.credentialRecord(c, a, before)
	return nil
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

func (s *Sim) postAddPassword(c *call) (answer, *Error) {
	a, err := s.appOf(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Credential struct {
			Name string    `json:"displayName"`
			End  time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.Credential.End.IsZero() {
		body.Credential.End = s.now().AddDate(2, 0, 0)
	}
	k := s.addSecret(c.cause, a, body.Credential.Name, body.Credential.End)
	out := k.wire()
	out["secretText"], out["@odata.context"] = k.Value, c.root+"/$metadata#microsoft.graph.passwordCredential"
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) postRemovePassword(c *call) (answer, *Error) {
	return s.removeCredential(c, (*Sim).removeSecret)
}

// postRemoveKey demands a proof: a token signed with a key of the application.
// It is not verified here, only that there is one.
func (s *Sim) postRemoveKey(c *call) (answer, *Error) {
	var body struct {
		Proof string `json:"proof"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if body.Proof == "" {
		return answer{}, graphError(http.StatusUnauthorized, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")
	}
	return s.removeCredential(c, (*Sim).removeKey)
}

func (s *Sim) removeCredential(c *call, remove func(*Sim, *cause, *Application, string) *Error) (answer, *Error) {
	a, err := s.appOf(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		ID string `json:"keyId"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, remove(s, c.cause, a, body.ID)
}
