package entrasim

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Sim) domain(name string) *Domain {
	return find(s.org.Domains, func(d *Domain) bool { return strings.EqualFold(d.Name, name) })
}

func (d *Domain) authentication() string {
	if len(d.Federation) > 0 {
		return "Federated"
	}
	return "Managed"
}

func (f Federation) wire() map[string]any {
	return map[string]any{
		"@odata.type": "#microsoft.graph.internalDomainFederation", "id": f.ID, "displayName": orNull(f.Name), "issuerUri": orNull(f.Issuer),
		"passiveSignInUri": orNull(f.SignIn), "activeSignInUri": nil, "signOutUri": nil, "metadataExchangeUri": nil, "passwordResetUri": nil,
		"signingCertificate": orNull(f.Certificate), "nextSigningCertificate": nil, "preferredAuthenticationProtocol": "wsFed",
		"promptLoginBehavior": nil, "federatedIdpMfaBehavior": orNull(f.MFA), "isSignedAuthenticationRequestRequired": nil,
		"signingCertificateUpdateStatus": nil,
	}
}

// domainRecord writes one of the directory's records about a domain.
func (s *Sim) domainRecord(c *cause, name string, d *Domain, modified ...Modified) {
	s.emit(c, activity{
		service: coreDirectory, category: "DirectoryManagement", name: name, operation: "Update",
		targets: []Target{{ID: some(namedGUID(s.org.TenantID, d.Name)), DisplayName: some(d.Name), Type: "Domain", ModifiedProperties: modified}},
	})
}

// setFederation makes an issuer the authority for a domain's sign-ins: how
// somebody who controls it becomes anybody in that domain.
func (s *Sim) setFederation(c *cause, d *Domain, f Federation) {
	was, before := d.authentication(), ""
	if len(d.Federation) > 0 {
		before = d.Federation[0].Issuer
	}
	f.ID = newGUID()
	d.Federation = []Federation{f}
	if was != d.authentication() {
		s.domainRecord(c, "Set domain authentication", d, changed("LiveType", []string{was}, []string{d.authentication()}), included("LiveType"))
	}
	s.domainRecord(c, "Set federation settings on domain", d,
		changed("IssuerUri", []string{before}, []string{f.Issuer}), changed("PassiveSignInUri", []string{""}, []string{f.SignIn}), included("IssuerUri", "PassiveSignInUri"))
}

// dropFederation makes a domain managed again.
func (s *Sim) dropFederation(c *cause, d *Domain, id string) *Error {
	i := slices.IndexFunc(d.Federation, func(f Federation) bool { return f.ID == id })
	if i < 0 {
		return errNotFound(id)
	}
	was := d.authentication()
	d.Federation = slices.Delete(d.Federation, i, i+1)
	s.domainRecord(c, "Set domain authentication", d, changed("LiveType", []string{was}, []string{d.authentication()}), included("LiveType"))
	return nil
}

// domainOf finds the domain of the path, and makes it the call's subject.
func (s *Sim) domainOf(c *call) (*Domain, *Error) {
	d := s.domain(c.r.PathValue("domain"))
	if d == nil {
		return nil, errNotFound(c.r.PathValue("domain"))
	}
	c.subject = d.Name
	return d, nil
}

func (s *Sim) listDomains(c *call) (answer, *Error) {
	l := collection{context: "domains", kind: "microsoft.graph.domain"}
	for i := range s.org.Domains {
		d := &s.org.Domains[i]
		l.items = append(l.items, map[string]any{
			"id": d.Name, "isDefault": d.Default, "isVerified": true, "isRoot": true, "isInitial": false, "isAdminManaged": true,
			"authenticationType": d.authentication(), "supportedServices": []string{"Email"},
		})
	}
	return c.list(l)
}

func (s *Sim) listFederation(c *call) (answer, *Error) {
	d, err := s.domainOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "domains('" + d.Name + "')/federationConfiguration", kind: "microsoft.graph.internalDomainFederation"}
	for _, f := range d.Federation {
		l.items = append(l.items, f.wire())
	}
	return c.list(l)
}

func (s *Sim) getFederation(c *call) (answer, *Error) {
	d, err := s.domainOf(c)
	if err != nil {
		return answer{}, err
	}
	id := c.r.PathValue("federation")
	f := find(d.Federation, func(f *Federation) bool { return f.ID == id })
	if f == nil {
		return answer{}, errNotFound(id)
	}
	return c.one("domains('"+d.Name+"')/federationConfiguration", "microsoft.graph.internalDomainFederation", f.wire(), nil)
}

func (s *Sim) deleteFederation(c *call) (answer, *Error) {
	d, err := s.domainOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.dropFederation(c.cause, d, c.r.PathValue("federation"))
}

func (s *Sim) listOrganization(c *call) (answer, *Error) {
	domains := []any{}
	for _, d := range s.org.Domains {
		domains = append(domains, map[string]any{"name": d.Name, "isDefault": d.Default, "isInitial": false, "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline"})
	}
	return c.list(collection{context: "organization", kind: "microsoft.graph.organization", items: []map[string]any{{
		"id": s.org.TenantID, "displayName": s.org.Name, "verifiedDomains": domains, "tenantType": "AAD", "onPremisesSyncEnabled": true,
		"countryLetterCode": "NL", "createdDateTime": stamp(seedDate()), "assignedPlans": []any{},
	}}})
}
