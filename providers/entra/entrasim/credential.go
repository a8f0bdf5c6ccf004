package entrasim

import (
	"crypto/sha1" //nolint:gosec // Graph names certificates by it
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// owner is an application or a service principal as the holder of credentials.
type owner struct {
	*Credentials
	target func(...Modified) Target
	name   string // of the record that tells of a change
}

func (a *Application) owner() owner {
	// The name has an en dash and ends in a space.
	return owner{&a.Credentials, func(m ...Modified) Target { return appTarget(a, m...) }, "Update application – Certificates and secrets management "}
}

func (p *ServicePrincipal) owner() owner {
	return owner{&p.Credentials, func(m ...Modified) Target { return principalTarget(p, m...) }, "Update service principal"}
}

// wire renders the credentials; a value is told only when it is made.
func (x *Credentials) wire(out map[string]any) map[string]any {
	secrets, keys := []any{}, []any{}
	for _, k := range x.Secrets {
		secrets = append(secrets, k.wire())
	}
	for _, k := range x.Keys {
		var thumb any
		if block, _ := pem.Decode([]byte(k.Certificate)); block != nil {
			sum := sha1.Sum(block.Bytes) //nolint:gosec // as above
			thumb = base64.StdEncoding.EncodeToString(sum[:])
		}
		keys = append(keys, map[string]any{
			"keyId": k.ID, "displayName": k.Name, "type": "AsymmetricX509Cert", "usage": "Verify", "key": nil, "customKeyIdentifier": thumb,
			"startDateTime": stamp(k.Start), "endDateTime": stamp(k.End),
		})
	}
	out["passwordCredentials"], out["keyCredentials"] = secrets, keys
	return out
}

func (k Secret) wire() map[string]any {
	return map[string]any{
		"keyId": k.ID, "displayName": orNull(k.Name), "hint": k.Value[:min(3, len(k.Value))], "secretText": nil, "customKeyIdentifier": nil,
		"startDateTime": stamp(k.Start), "endDateTime": stamp(k.End),
	}
}

// descriptions are the credentials as the directory's record tells them.
func (x *Credentials) descriptions() []string {
	out := []string{}
	for _, k := range x.Secrets {
		out = append(out, fmt.Sprintf("[KeyIdentifier=%s,KeyType=Password,KeyUsage=Verify,DisplayName=%s]", k.ID, k.Name))
	}
	for _, k := range x.Keys {
		out = append(out, fmt.Sprintf("[KeyIdentifier=%s,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=%s]", k.ID, k.Name))
	}
	return out
}

// credentialRecord tells of changed credentials. Adding one to a service
// principal has a name of its own, as has removing it.
func (s *Sim) credentialRecord(c *cause, o owner, before []string) {
	after, name := o.descriptions(), o.name
	if name == "Update service principal" {
		name = "Add service principal credentials"
		if len(after) < len(before) {
			name = "Remove service principal credentials"
		}
	}
	s.emit(c, activity{
		service: coreDirectory, category: "ApplicationManagement", name: name, operation: "Update",
		targets: []Target{o.target(changed("KeyDescription", before, after), included("KeyDescription"))},
	})
}

func (s *Sim) addSecret(c *cause, o owner, name string, end time.Time) Secret {
	before := o.descriptions()
	k := Secret{ID: newGUID(), Name: name, Value: newSecret(40), Start: s.now(), End: end}
	o.Secrets = append(o.Secrets, k)
	s.credentialRecord(c, o, before)
	return k
}

func (s *Sim) removeSecret(c *cause, o owner, id string) *Error {
	if !slices.ContainsFunc(o.Secrets, func(k Secret) bool { return strings.EqualFold(k.ID, id) }) {
		return errBadRequest("No password credential found with keyId '" + id + "'.")
	}
	before := o.descriptions()
	o.Secrets = slices.DeleteFunc(o.Secrets, func(k Secret) bool { return strings.EqualFold(k.ID, id) })
	s.credentialRecord(c, o, before)
	return nil
}

// keepKeys makes the certificates those named. One that was not there would
// need its certificate, which is not simulated.
func (s *Sim) keepKeys(c *cause, o owner, ids []string) *Error {
	before, kept := o.descriptions(), []Key{}
	for _, id := range ids {
		k := find(o.Keys, func(k *Key) bool { return strings.EqualFold(k.ID, id) })
		if k == nil {
			return errBadRequest("New key credential must have the key set.")
		}
		kept = append(kept, *k)
	}
	if len(kept) == len(o.Keys) {
		return nil
	}
	o.Keys = kept
	s.credentialRecord(c, o, before)
	return nil
}

// ownerOf finds the application or service principal of the path.
func (s *Sim) ownerOf(c *call) (owner, *Error) {
	if c.r.PathValue("principal") != "" {
		p, err := s.principalOf(c)
		if err != nil {
			return owner{}, err
		}
		return p.owner(), nil
	}
	a, err := s.appOf(c)
	if err != nil {
		return owner{}, err
	}
	return a.owner(), nil
}

func (s *Sim) postAddPassword(c *call) (answer, *Error) {
	o, err := s.ownerOf(c)
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
	k := s.addSecret(c.cause, o, body.Credential.Name, body.Credential.End)
	out := k.wire()
	out["secretText"], out["@odata.context"] = k.Value, c.root+"/$metadata#microsoft.graph.passwordCredential"
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) postRemovePassword(c *call) (answer, *Error) {
	o, id, err := s.credentialAsked(c, false)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.removeSecret(c.cause, o, id)
}

// postRemoveKey demands a proof: a token signed with a key of the application.
// It is not verified here, only that there is one.
func (s *Sim) postRemoveKey(c *call) (answer, *Error) {
	o, id, err := s.credentialAsked(c, true)
	if err != nil {
		return answer{}, err
	}
	var left []string
	for _, k := range o.Keys {
		if !strings.EqualFold(k.ID, id) {
			left = append(left, k.ID)
		}
	}
	if len(left) == len(o.Keys) {
		return answer{}, errBadRequest("No credentials found with keyId '" + id + "'.")
	}
	return answer{status: http.StatusNoContent}, s.keepKeys(c.cause, o, left)
}

func (s *Sim) credentialAsked(c *call, proof bool) (owner, string, *Error) {
	o, err := s.ownerOf(c)
	if err != nil {
		return o, "", err
	}
	var body struct {
		ID    string `json:"keyId"`
		Proof string `json:"proof"`
	}
	if err := c.decode(&body); err != nil {
		return o, "", err
	}
	if proof && body.Proof == "" {
		return o, "", graphError(http.StatusUnauthorized, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")
	}
	return o, body.ID, nil
}

// patchCredentials writes the list of certificates back; nothing else of an
// application can be changed here.
func (s *Sim) patchCredentials(c *call) (answer, *Error) {
	o, err := s.ownerOf(c)
	if err != nil {
		return answer{}, err
	}
	var body map[string]any
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	keys, ok := body["keyCredentials"].([]any)
	if !ok || len(body) != 1 {
		return answer{}, errBadRequest("Only keyCredentials can be updated here.")
	}
	var ids []string
	for _, k := range keys {
		m, _ := k.(map[string]any)
		id, _ := m["keyId"].(string)
		ids = append(ids, id)
	}
	return answer{status: http.StatusNoContent}, s.keepKeys(c.cause, o, ids)
}
