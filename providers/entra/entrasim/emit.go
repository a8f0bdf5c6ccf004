package entrasim

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// The services that write audit records. The beginning of a record's id tells
// which one it was.
const (
	coreDirectory = "Core Directory"
	authMethods   = "Authentication Methods"
	selfService   = "Self-service Password Management"
	pim           = "PIM"
	condAccess    = "Conditional Access"
	deviceService = "Device Registration Service"
	invitedUsers  = "Invited Users"
)

// idPrefix is how a service begins its record ids. Those of the device service
// and of invitations are unverified.
func idPrefix(service string) string {
	switch service {
	case coreDirectory:
		return "Directory"
	case selfService:
		return "SSPR"
	case condAccess:
		return "IPCGraph"
	}
	return service
}

// cause is who makes a change, from where and through what. It collects the
// records the change writes; those of one service share a correlation id.
type cause struct {
	actor   Initiator
	ip      string
	agent   string
	person  *Person // a story's actor, nil otherwise
	shared  string  // correlation id of all services, "" for one each
	ids     map[string]string
	at      time.Time
	fails   string // a story's wish: every record is a failure with this reason
	records []Record
}

// activity says what happened, before it is dated and numbered.
type activity struct {
	service, category, name, operation, reason string
	by                                         *Initiator // nil: the cause's actor
	targets                                    []Target
	details                                    []Detail
	noAgent                                    bool
}

// emit writes one record. The lock must be held.
func (s *Sim) emit(c *cause, a activity) Record {
	if c.at.IsZero() {
		c.at = s.now()
	}
	if c.ids == nil {
		c.ids = map[string]string{}
	}
	if c.ids[a.service] == "" {
		c.ids[a.service] = c.shared
		if c.shared == "" {
			c.ids[a.service] = newGUID()
		}
	}
	r := Record{
		ID: recordID(a.service, c.ids[a.service], c.at), Category: a.category, CorrelationID: c.ids[a.service],
		Result: "success", ResultReason: some(a.reason), ActivityDisplayName: a.name,
		ActivityDateTime: c.at.Format(stampLayout), LoggedByService: a.service, OperationType: a.operation,
		InitiatedBy: c.actor, TargetResources: a.targets, AdditionalDetails: a.details, at: c.at,
	}
	if a.by != nil {
		r.InitiatedBy = *a.by
	}
	if r.AdditionalDetails == nil {
		r.AdditionalDetails = []Detail{}
	}
	if a.service == coreDirectory && !a.noAgent && c.agent != "" {
		r.AdditionalDetails = append(r.AdditionalDetails, Detail{"User-Agent", c.agent})
	}
	for i := range r.TargetResources {
		if r.TargetResources[i].ModifiedProperties == nil {
			r.TargetResources[i].ModifiedProperties = []Modified{}
		}
	}
	if c.fails != "" {
		r.Result, r.ResultReason = "failure", some(c.fails)
	}
	c.at = c.at.Add(3100 * time.Microsecond)
	c.records = append(c.records, r)
	s.log.add(r, s.now(), s.switches)
	return r
}

// recordID follows what is seen in live tenants: the service, the correlation
// id, and a tail that differs between PIM and the others.
func recordID(service, correlation string, at time.Time) string {
	if service == pim {
		ticks := at.UnixNano()/100 + 116444736000000000
		return fmt.Sprintf("PIM_%s_%s_%d", correlation, newGUID(), ticks)
	}
	n, _ := rand.Int(rand.Reader, big.NewInt(900_000_000))
	return fmt.Sprintf("%s_%s_%s_%d", idPrefix(service), correlation, rand.Text()[:5], n.Int64()+1_000_000)
}

// byPerson is a cause for what a person does on Microsoft's own pages.
func (s *Sim) byPerson(p *Person, place string) *cause {
	if place == "" {
		place = p.Place
	}
	at := s.org.Places[place]
	c := &cause{person: p, ip: at.IP, agent: at.UserAgent}
	c.actor = Initiator{User: &UserActor{ID: p.ID, UserPrincipalName: some(p.UPN), IPAddress: some(at.IP)}}
	return c
}

// claims are parts of a person's token that some services write down. Somebody
// without a role has the one of every member.
func (s *Sim) claims(c *cause) []Detail {
	const member = "b79fbf4d-3ef9-4689-8143-76b194e85509"
	out := []Detail{{"oid", c.person.ID}, {"tid", s.org.TenantID}}
	for _, role := range append(s.rolesOf(c.person.ID), member) {
		out = append(out, Detail{"wids", role})
	}
	return append(out, Detail{"ipaddr", c.ip})
}

// byApp is a cause for what a Graph call does. Live records of applications
// have no address, and their appId is null.
func (s *Sim) byApp(r *http.Request, p *ServicePrincipal) *cause {
	return &cause{actor: appActor(p.Name, p.ID), agent: r.UserAgent()}
}

// byPlatform is a cause for what Entra does by itself.
func (s *Sim) byPlatform(by Initiator) *cause { return &cause{actor: by} }

func appActor(name, principal string) Initiator {
	return Initiator{App: &AppActor{DisplayName: name, ServicePrincipalID: text(principal)}}
}

// The platform identities that appear as actors. Their ids differ from tenant
// to tenant, so they are derived from the tenant's.
func (s *Sim) msPIM() Initiator { return appActor("MS-PIM", namedGUID(s.org.TenantID, "MS-PIM")) }

func (s *Sim) azureADPIM() Initiator {
	return Initiator{User: &UserActor{ID: namedGUID(s.org.TenantID, "Azure AD PIM"), DisplayName: some("Azure AD PIM")}}
}

// fimPassword is the service that sets the password in a self-service reset. It
// looks like a foreign administrator.
func fimPassword() Initiator {
	return Initiator{User: &UserActor{ID: emptyGUID, UserPrincipalName: some("fim_password_service@support.onmicrosoft.com"), IPAddress: some("")}}
}

// strongAuth and credentialEndpoint write the directory's side of a person's
// own registration.
func (s *Sim) strongAuth() Initiator {
	return appActor(mfaService, namedGUID(s.org.TenantID, mfaService))
}

func (s *Sim) credentialEndpoint() Initiator {
	return appActor("Azure Credential Configuration Endpoint Service", namedGUID(s.org.TenantID, "Azure Credential Configuration Endpoint Service"))
}

func (s *Sim) deviceRegistration() Initiator {
	return appActor(deviceService, namedGUID(s.org.TenantID, deviceService))
}

func personTarget(p *Person, modified ...Modified) Target {
	return Target{ID: some(p.ID), Type: "User", UserPrincipalName: some(p.UPN), ModifiedProperties: modified}
}

// named adds the display name, which some services fill in and others leave null.
func (t Target) named(name string) Target {
	t.DisplayName = some(name)
	return t
}

func groupTarget(g *Group) Target {
	return Target{ID: some(g.ID), Type: "Group", GroupType: some("unknownFutureValue")}
}

func principalTarget(p *ServicePrincipal, modified ...Modified) Target {
	return Target{ID: some(p.ID), DisplayName: some(p.Name), Type: "ServicePrincipal", ModifiedProperties: modified}
}

func appTarget(a *Application, modified ...Modified) Target {
	return Target{ID: some(a.ID), DisplayName: some(a.Name), Type: "Application", ModifiedProperties: modified}
}

func deviceTarget(d *Device, modified ...Modified) Target {
	return Target{ID: some(d.ID), DisplayName: some(d.Name), Type: "Device", ModifiedProperties: modified}
}

// included is the property that Core Directory adds to name the changed ones.
func included(names ...string) Modified {
	return Modified{DisplayName: "Included Updated Properties", NewValue: some(jsonText(strings.Join(names, ", ")))}
}
