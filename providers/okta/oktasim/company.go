package oktasim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Engine is the generation of the Okta organisation; it decides how factors
// appear in events and whether account management policies exist.
type Engine string

// The two engines.
const (
	IdentityEngine Engine = "oie"
	Classic        Engine = "classic"
)

// Status is a person's lifecycle status.
// See https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/.
type Status string

// The statuses of Okta.
const (
	Staged          Status = "STAGED"
	Provisioned     Status = "PROVISIONED"
	Active          Status = "ACTIVE"
	Recovery        Status = "RECOVERY"
	PasswordExpired Status = "PASSWORD_EXPIRED"
	LockedOut       Status = "LOCKED_OUT"
	Suspended       Status = "SUSPENDED"
	Deprovisioned   Status = "DEPROVISIONED"
)

// Company is everything a simulated organisation starts with. It is plain
// data: a caller may build its own or read one with [ReadCompany].
type Company struct {
	ID             string           `json:"id"`
	Name           string           `json:"name"`
	Subdomain      string           `json:"subdomain"`
	People         []Person         `json:"people"`
	Groups         []Group          `json:"groups"`
	Policies       []Policy         `json:"policies"`
	Apps           []ServiceApp     `json:"apps"`
	Tokens         []APIToken       `json:"tokens"`
	Devices        []Device         `json:"devices,omitempty"`
	IDPs           []IDP            `json:"identityProviders,omitempty"`
	Places         map[string]Place `json:"places"`
	RestraintGroup string           `json:"restraintGroup"`
}

// Person is one account. Duty and Place are the simulator's own: what the
// person is for in the stories, and where they usually sit.
type Person struct {
	ID              string       `json:"id"`
	Status          Status       `json:"status"`
	Profile         Profile      `json:"profile"`
	Created         time.Time    `json:"created,omitzero"`
	Activated       time.Time    `json:"activated,omitzero"`
	StatusChanged   time.Time    `json:"statusChanged,omitzero"`
	LastLogin       time.Time    `json:"lastLogin,omitzero"`
	LastUpdated     time.Time    `json:"lastUpdated,omitzero"`
	PasswordChanged time.Time    `json:"passwordChanged,omitzero"`
	Factors         []Factor     `json:"factors"`
	Roles           []Role       `json:"roles"`
	Sessions        []Session    `json:"sessions,omitempty"`
	OAuthTokens     []OAuthToken `json:"oauthTokens,omitempty"`
	RecoveryPhone   string       `json:"recoveryPhone,omitempty"`
	Duty            string       `json:"duty,omitempty"`
	Place           string       `json:"place,omitempty"`
}

// Profile holds Okta's profile attributes by their own names (login, email,
// secondEmail, mobilePhone, firstName, lastName, userType, department, title,
// manager, …).
type Profile map[string]any

// Get returns a text attribute, or "" when it is absent or null.
func (p Profile) Get(name string) string {
	v, _ := p[name].(string)
	return v
}

// Name is the display name as the System Log writes it.
func (p Profile) Name() string {
	if d := p.Get("displayName"); d != "" {
		return d
	}
	return strings.TrimSpace(p.Get("firstName") + " " + p.Get("lastName"))
}

// Factor is one enrolled method. Enrollment is the id of the authenticator
// enrolment on Identity Engine; the methods of one Okta Verify device share it.
type Factor struct {
	ID          string         `json:"id"`
	Type        string         `json:"factorType"`
	Provider    string         `json:"provider"`
	Status      string         `json:"status"`
	Created     time.Time      `json:"created"`
	LastUpdated time.Time      `json:"lastUpdated"`
	Profile     map[string]any `json:"profile,omitempty"`
	Enrollment  string         `json:"enrollment,omitempty"`
	Device      string         `json:"device,omitempty"` // the device it is on, by id
}

// Role is one administrator role assignment.
type Role struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"`
	Created     time.Time `json:"created"`
	LastUpdated time.Time `json:"lastUpdated"`
}

// Session is one Okta session of a person.
type Session struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Place   string    `json:"place,omitempty"`
}

// OAuthToken is one refresh token issued to an app for a person.
type OAuthToken struct {
	ID     string    `json:"id"`
	Client string    `json:"client"`
	Issued time.Time `json:"issued"`
}

// Group is a group with its members' ids and its own role assignments.
type Group struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"` // OKTA_GROUP or BUILT_IN
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Created     time.Time `json:"created"`
	LastUpdated time.Time `json:"lastUpdated"`
	Changed     time.Time `json:"lastMembershipUpdated"`
	Members     []string  `json:"members"`
	Roles       []Role    `json:"roles,omitempty"`
}

// Policy is a policy with its rules. ResourceType is
// END_USER_ACCOUNT_MANAGEMENT for the account management policy.
type Policy struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"` // OKTA_SIGN_ON or ACCESS_POLICY
	Name         string         `json:"name"`
	Description  string         `json:"description"`
	Status       string         `json:"status"`
	Priority     int            `json:"priority"`
	System       bool           `json:"system"`
	Created      time.Time      `json:"created"`
	LastUpdated  time.Time      `json:"lastUpdated"`
	Conditions   map[string]any `json:"conditions"`
	ResourceType string         `json:"resourceType,omitempty"`
	Rules        []Rule         `json:"rules"`
}

// Rule is one policy rule in Okta's own JSON. It stays a map so that a field
// the simulator does not know survives a read and a write, as it does in Okta.
type Rule map[string]any

// ServiceApp is an API service app: it authenticates with a key of its own
// (private_key_jwt, RS256) and acts with scopes and roles.
type ServiceApp struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	PublicKey string   `json:"publicKey"` // PEM, PKIX
	Scopes    []string `json:"scopes"`
	Roles     []string `json:"roles"`
}

// APIToken is an SSWS token: it belongs to a person and does what they may do.
// New invents a Value when it is empty.
type APIToken struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Owner   string    `json:"owner"`
	Value   string    `json:"value,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// Device is a phone or computer that a person enrolled with Okta Verify; it exists
// on Identity Engine only. Status is ACTIVE, SUSPENDED or DEACTIVATED.
type Device struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Platform    string    `json:"platform"` // ANDROID, IOS, MACOS or WINDOWS
	Status      string    `json:"status"`
	Owner       string    `json:"owner"` // a person's id
	Created     time.Time `json:"created,omitzero"`
	LastUpdated time.Time `json:"lastUpdated,omitzero"`
}

// IDP is another organisation's identity provider that this one lets people sign
// in through, by OpenID Connect. Status is ACTIVE or INACTIVE.
type IDP struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Issuer      string    `json:"issuer"`
	Status      string    `json:"status"`
	Created     time.Time `json:"created,omitzero"`
	LastUpdated time.Time `json:"lastUpdated,omitzero"`
}

// Place is where a story's actor sits: the client and network facts that the
// System Log records.
type Place struct {
	IP         string  `json:"ip"`
	City       string  `json:"city"`
	State      string  `json:"state"`
	Country    string  `json:"country"`
	PostalCode string  `json:"postalCode"`
	Lat        float64 `json:"lat"`
	Lon        float64 `json:"lon"`
	ASNumber   int     `json:"asNumber"`
	ASOrg      string  `json:"asOrg"`
	Domain     string  `json:"domain"`
	Proxy      bool    `json:"proxy"`
	Device     string  `json:"device"` // Computer or Mobile
	OS         string  `json:"os"`
	Browser    string  `json:"browser"`
	UserAgent  string  `json:"userAgent"`
}

// ReadCompany decodes a company from JSON and refuses unknown keys.
func ReadCompany(data []byte) (Company, error) {
	var c Company
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Company{}, fmt.Errorf("read company: %w", err)
	}
	return c, c.check()
}

// check refuses a company whose references do not hold together, because a
// story would otherwise fail far from the mistake.
func (c Company) check() error {
	known := map[string]bool{}
	for _, p := range c.People {
		if p.ID == "" || p.Profile.Get("login") == "" || p.Status == "" {
			return fmt.Errorf("company %q: a person needs an id, a status and profile.login (id %q)", c.Name, p.ID)
		}
		if known[p.ID] {
			return fmt.Errorf("company %q: the id %s is used twice", c.Name, p.ID)
		}
		known[p.ID] = true
	}
	for _, g := range c.Groups {
		for _, m := range g.Members {
			if !known[m] {
				return fmt.Errorf("company %q: group %s has the member %s, who does not exist", c.Name, g.ID, m)
			}
		}
	}
	for _, t := range c.Tokens {
		if !known[t.Owner] {
			return fmt.Errorf("company %q: token %s belongs to %s, who does not exist", c.Name, t.ID, t.Owner)
		}
	}
	for _, d := range c.Devices {
		if !known[d.Owner] {
			return fmt.Errorf("company %q: device %s belongs to %s, who does not exist", c.Name, d.ID, d.Owner)
		}
	}
	return nil
}

// clone returns a deep copy, so that a Sim never shares memory with its seed.
func (c Company) clone() (Company, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return Company{}, fmt.Errorf("copy company: %w", err)
	}
	var out Company
	if err := json.Unmarshal(data, &out); err != nil {
		return Company{}, fmt.Errorf("copy company: %w", err)
	}
	return out, nil
}
