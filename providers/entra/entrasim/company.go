package entrasim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Company is everything a simulated tenant starts with. It is plain data: a
// caller may build its own or read one with [ReadCompany]. All ids are GUIDs.
type Company struct {
	TenantID       string              `json:"tenantId"`
	Name           string              `json:"name"`
	Domain         string              `json:"domain"` // the default domain
	People         []Person            `json:"people"`
	Groups         []Group             `json:"groups"`
	Roles          []RoleDefinition    `json:"roles"`
	Assignments    []Assignment        `json:"assignments"`
	Eligibilities  []Eligibility       `json:"eligibilities"`
	Requests       []RoleRequest       `json:"requests"`
	Policies       []Policy            `json:"policies"`
	Devices        []Device            `json:"devices"`
	Apps           []Application       `json:"apps"`
	Principals     []ServicePrincipal  `json:"principals"`
	Consents       []Consent           `json:"consents"`
	AppRoles       []AppRoleAssignment `json:"appRoleAssignments"`
	Domains        []Domain            `json:"domains"`
	Places         map[string]Place    `json:"places"`
	RestraintGroup string              `json:"restraintGroup"`
	OwnApp         string              `json:"ownApp"` // the appId of Countersign's own application
}

// Person is one account. Duty and Place are the simulator's own: what the
// person is for in the stories, and where they usually sit.
type Person struct {
	ID                 string    `json:"id"`
	UPN                string    `json:"userPrincipalName"`
	DisplayName        string    `json:"displayName"`
	GivenName          string    `json:"givenName,omitempty"`
	Surname            string    `json:"surname,omitempty"`
	Mail               string    `json:"mail,omitempty"`
	OtherMails         []string  `json:"otherMails,omitempty"`
	MobilePhone        string    `json:"mobilePhone,omitempty"`
	BusinessPhones     []string  `json:"businessPhones,omitempty"`
	JobTitle           string    `json:"jobTitle,omitempty"`
	Department         string    `json:"department,omitempty"`
	EmployeeType       string    `json:"employeeType,omitempty"`
	UserType           string    `json:"userType"` // Member or Guest
	Manager            string    `json:"manager,omitempty"`
	Enabled            bool      `json:"accountEnabled"`
	Synced             bool      `json:"onPremisesSyncEnabled,omitempty"` // mastered on-premises
	Created            time.Time `json:"createdDateTime"`
	SessionsValidFrom  time.Time `json:"signInSessionsValidFromDateTime"`
	LastPasswordChange time.Time `json:"lastPasswordChangeDateTime"`
	MustChangePassword bool      `json:"mustChangePassword,omitempty"`
	Methods            []Method  `json:"methods"`
	DefaultMethod      string    `json:"defaultMethod,omitempty"` // id of the method asked for first
	Sessions           []Session `json:"sessions,omitempty"`
	Duty               string    `json:"duty,omitempty"`
	Place              string    `json:"place,omitempty"`
}

// Method is one authentication method. Type is Graph's type without
// "#microsoft.graph." and "AuthenticationMethod": password, phone, email,
// fido2, microsoftAuthenticator, softwareOath, temporaryAccessPass,
// windowsHelloForBusiness, platformCredential.
type Method struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Created   time.Time `json:"createdDateTime,omitzero"` // zero: Graph answers null
	Name      string    `json:"displayName,omitempty"`
	Phone     string    `json:"phoneNumber,omitempty"`
	PhoneType string    `json:"phoneType,omitempty"` // mobile, alternateMobile or office
	Email     string    `json:"emailAddress,omitempty"`
	Model     string    `json:"model,omitempty"`
	Device    string    `json:"device,omitempty"` // object id of the device it lives on
	Start     time.Time `json:"startDateTime,omitzero"`
	Minutes   int       `json:"lifetimeInMinutes,omitempty"`
	Once      bool      `json:"isUsableOnce,omitempty"`
}

// Session is one sign-in session of a person, with its refresh token.
type Session struct {
	ID     string    `json:"id"`
	Issued time.Time `json:"issued"`
	Place  string    `json:"place,omitempty"`
}

// Group is a security group with the ids of its members: people, devices or
// service principals.
type Group struct {
	ID             string    `json:"id"`
	Name           string    `json:"displayName"`
	Description    string    `json:"description"`
	RoleAssignable bool      `json:"isAssignableToRole"`
	Synced         bool      `json:"onPremisesSyncEnabled,omitempty"`
	Created        time.Time `json:"createdDateTime"`
	Members        []string  `json:"members"`
}

// RoleDefinition is a directory role. ObjectID is the id of the activated
// directoryRole, which audit records name beside the template's.
type RoleDefinition struct {
	ID               string   `json:"id"` // also the template id, for the roles Entra ships
	Name             string   `json:"displayName"`
	WellKnown        string   `json:"wellKnownObjectName"`
	ObjectID         string   `json:"objectId"`
	ApprovalRequired bool     `json:"approvalRequired,omitempty"` // of an activation
	Approvers        []string `json:"approvers,omitempty"`
}

// Assignment is an active role assignment: direct or made by PIM (Type
// Assigned), or an activation of an eligibility (Type Activated).
type Assignment struct {
	ID        string    `json:"id"`
	Principal string    `json:"principalId"`
	Role      string    `json:"roleDefinitionId"`
	Scope     string    `json:"directoryScopeId"`
	Type      string    `json:"assignmentType"`
	Start     time.Time `json:"startDateTime"`
	End       time.Time `json:"endDateTime,omitzero"`
	Schedule  string    `json:"roleAssignmentScheduleId"` // the request's id
}

// Eligibility lets a principal activate a role.
type Eligibility struct {
	ID        string    `json:"id"`
	Principal string    `json:"principalId"`
	Role      string    `json:"roleDefinitionId"`
	Scope     string    `json:"directoryScopeId"`
	Start     time.Time `json:"startDateTime"`
	End       time.Time `json:"endDateTime,omitzero"`
	Schedule  string    `json:"roleEligibilityScheduleId"`
}

// RoleRequest is a roleAssignmentScheduleRequest or, when Eligible, a
// roleEligibilityScheduleRequest. Its id is also that of its approval, of the
// approval's step and of the schedule it makes.
type RoleRequest struct {
	ID            string        `json:"id"`
	Eligible      bool          `json:"eligible,omitempty"`
	Action        string        `json:"action"`
	Principal     string        `json:"principalId"`
	Role          string        `json:"roleDefinitionId"`
	Scope         string        `json:"directoryScopeId"`
	Justification string        `json:"justification,omitempty"`
	Status        string        `json:"status"`
	Approval      bool          `json:"approval,omitempty"` // somebody must approve it
	CreatedByUser string        `json:"createdByUser,omitempty"`
	CreatedByApp  string        `json:"createdByApp,omitempty"` // appId
	Created       time.Time     `json:"createdDateTime"`
	Completed     time.Time     `json:"completedDateTime,omitzero"`
	Start         time.Time     `json:"startDateTime,omitzero"`
	End           time.Time     `json:"endDateTime,omitzero"`
	Duration      time.Duration `json:"duration,omitempty"`
}

// Policy is a Conditional Access policy in Graph's own JSON. It stays a map so
// that a field the simulator does not know survives a read and a write.
type Policy map[string]any

// Device is a registered or joined device.
type Device struct {
	ID         string    `json:"id"`
	DeviceID   string    `json:"deviceId"`
	Name       string    `json:"displayName"`
	System     string    `json:"operatingSystem"`
	Version    string    `json:"operatingSystemVersion"`
	TrustType  string    `json:"trustType"` // AzureAd, ServerAd or Workplace
	Enabled    bool      `json:"accountEnabled"`
	Owner      string    `json:"owner"`
	Registered time.Time `json:"registrationDateTime"`
}

// Application is an app registration with its credentials.
type Application struct {
	ID        string                `json:"id"`
	AppID     string                `json:"appId"`
	Name      string                `json:"displayName"`
	Created   time.Time             `json:"createdDateTime"`
	Federated []FederatedCredential `json:"federatedIdentityCredentials,omitempty"`
	Credentials
}

// Credentials are what an application, or its service principal by itself,
// proves itself with.
type Credentials struct {
	Secrets []Secret `json:"passwordCredentials,omitempty"`
	Keys    []Key    `json:"keyCredentials,omitempty"`
}

// Secret is a client secret. New invents a Value when it is empty.
type Secret struct {
	ID    string    `json:"keyId"`
	Name  string    `json:"displayName"`
	Value string    `json:"secretText,omitempty"`
	Start time.Time `json:"startDateTime"`
	End   time.Time `json:"endDateTime"`
}

// Key is a certificate with which an application signs its assertions.
type Key struct {
	ID          string    `json:"keyId"`
	Name        string    `json:"displayName"`
	Certificate string    `json:"certificate"` // PEM
	Start       time.Time `json:"startDateTime"`
	End         time.Time `json:"endDateTime"`
}

// FederatedCredential trusts the tokens of another issuer.
type FederatedCredential struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Issuer   string `json:"issuer"`
	Subject  string `json:"subject"`
	Audience string `json:"audience"`
}

// ServicePrincipal is an application's presence in the tenant.
type ServicePrincipal struct {
	ID    string    `json:"id"`
	AppID string    `json:"appId"`
	Name  string    `json:"displayName"`
	Owner string    `json:"appOwnerOrganizationId"`
	Roles []AppRole `json:"appRoles,omitempty"` // the application permissions it offers
	Credentials
}

// AppRole is an application permission that a resource offers.
type AppRole struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// AppRoleAssignment gives a principal an application permission of a resource.
type AppRoleAssignment struct {
	ID        string    `json:"id"`
	Principal string    `json:"principalId"`
	Resource  string    `json:"resourceId"`
	Role      string    `json:"appRoleId"`
	Created   time.Time `json:"createdDateTime"`
}

// Consent is an oauth2PermissionGrant: delegated permissions of a client, for
// one person or, with an empty Principal, for everybody.
type Consent struct {
	ID        string `json:"id"`
	Client    string `json:"clientId"`
	Principal string `json:"principalId,omitempty"`
	Resource  string `json:"resourceId"`
	Scope     string `json:"scope"`
}

// Domain is a domain of the tenant.
type Domain struct {
	Name       string       `json:"id"`
	Default    bool         `json:"isDefault"`
	Federation []Federation `json:"federation,omitempty"` // with one, the domain's authentication is Federated
}

// Federation is a domain's internalDomainFederation.
type Federation struct {
	ID          string `json:"id"`
	Name        string `json:"displayName"`
	Issuer      string `json:"issuerUri"`
	SignIn      string `json:"passiveSignInUri"`
	Certificate string `json:"signingCertificate"`
	MFA         string `json:"federatedIdpMfaBehavior"`
}

// Place is where a story's actor sits.
type Place struct {
	IP        string `json:"ip"`
	UserAgent string `json:"userAgent"`
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
