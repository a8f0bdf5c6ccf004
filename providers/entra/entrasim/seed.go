package entrasim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ids of the small company that tests and the demonstration name.
const (
	Tenant         = "0e570000-0000-4000-8000-000000000001"
	CEO            = "0e571000-0000-4000-8000-000000000001"
	ITLead         = "0e571000-0000-4000-8000-000000000002" // global administrator
	HelpDesk       = "0e571000-0000-4000-8000-000000000003"
	HelpDeskTwo    = "0e571000-0000-4000-8000-000000000004"
	FinanceLead    = "0e571000-0000-4000-8000-000000000005" // synced from on-premises
	Payroll        = "0e571000-0000-4000-8000-000000000006" // synced from on-premises
	Engineer       = "0e571000-0000-4000-8000-000000000007"
	EngineerTwo    = "0e571000-0000-4000-8000-000000000008"
	Manager        = "0e571000-0000-4000-8000-000000000009"
	Contractor     = "0e571000-0000-4000-8000-000000000010"
	OrgAdmin       = "0e571000-0000-4000-8000-000000000011" // user administrator
	Reviewer       = "0e571000-0000-4000-8000-000000000012"
	ReviewerTwo    = "0e571000-0000-4000-8000-000000000013"
	BreakGlass     = "0e571000-0000-4000-8000-000000000014"
	BreakGlassTwo  = "0e571000-0000-4000-8000-000000000015"
	Identity       = "0e571000-0000-4000-8000-000000000016" // privileged role administrator
	RestraintGroup = "0e572000-0000-4000-8000-000000000001"
	HelpDeskGroup  = "0e572000-0000-4000-8000-000000000002" // can hold roles, and does
	FinanceGroup   = "0e572000-0000-4000-8000-000000000003"
	VPNGroup       = "0e572000-0000-4000-8000-000000000004"
	SecurityGroup  = "0e572000-0000-4000-8000-000000000005"
	SignInPolicy   = "0e573000-0000-4000-8000-000000000001" // blocks the restraint group everywhere
	InfoPolicy     = "0e573000-0000-4000-8000-000000000002" // blocks it from registering security info
	DevicePolicy   = "0e573000-0000-4000-8000-000000000003" // blocks it from registering devices
	MFAPolicy      = "0e573000-0000-4000-8000-000000000004"
	OwnApp         = "0e574000-0000-4000-8000-000000000001" // appId of Countersign
	OwnAppObject   = "0e574000-0000-4000-8000-000000000002"
	OwnPrincipal   = "0e574000-0000-4000-8000-000000000003"
	GraphPrincipal = "0e574000-0000-4000-8000-000000000004"
	PayrollApp     = "0e574000-0000-4000-8000-000000000005" // appId of a line-of-business app
	PayrollObject  = "0e574000-0000-4000-8000-000000000006"
	PayrollService = "0e574000-0000-4000-8000-000000000007"
	StrangeApp     = "0e574000-0000-4000-8000-000000000008" // appId of another tenant's app
	StrangeService = "0e574000-0000-4000-8000-000000000009"
	OwnSecret      = "0e575000-0000-4000-8000-000000000001" // keyId of Countersign's secret

	seedMailDomain = "nordwind.example"
	seedOwnMail    = "home.example"
	seedRestraint  = "Countersign restraint"
)

// SmallCompany is the seed that the demonstration and the tests share. It has
// the people of the Okta simulator's company of the same name, by the same
// logins: a chief executive, an IT lead who is global administrator, two
// help-desk agents whose roles come through a group, finance (mastered
// on-premises), engineers with a manager, a contractor, two reviewers, two
// break-glass accounts and an identity engineer who gives roles; and Countersign's own application in place of a service
// account. A restraint group is blocked by Conditional Access from signing in
// and from registering security info and devices.
func SmallCompany() Company {
	return Company{
		TenantID: Tenant, Name: "Nordwind Instruments", Domain: seedMailDomain, RestraintGroup: RestraintGroup, OwnApp: OwnApp,
		People: seedPeople(), Groups: seedGroups(), Roles: seedRoles(), Assignments: seedAssignments(), Eligibilities: seedEligibilities(),
		Policies: seedPolicies(), Devices: seedDevices(), Apps: seedApps(), Principals: seedPrincipals(), AppRoles: seedAppRoles(),
		Consents: seedConsents(), Domains: []Domain{{Name: seedMailDomain, Default: true}, {Name: "nordwind-labs.example"}}, Places: seedPlaces(),
	}
}

func seedDate() time.Time { return time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC) }

// seedPerson describes a person in one line of the table below.
type seedPerson struct {
	id, first, last, title, department, duty, kind, manager string
	synced                                                  bool
	methods                                                 []string
}

func seedPeople() []Person {
	app := []string{"microsoftAuthenticator"}
	with := func(more ...string) []string { return append(slices.Clone(app), more...) }
	table := []seedPerson{
		{CEO, "Mira", "Haddad", "Chief Executive", "Executive", "ceo", "employee", "", false, with("fido2")},
		{ITLead, "Jonas", "Lind", "Head of IT", "IT", "it lead", "employee", CEO, false, with("fido2")},
		{HelpDesk, "Tess", "Okafor", "IT Support", "IT", "help desk", "employee", ITLead, false, app},
		{HelpDeskTwo, "Bram", "Visser", "IT Support", "IT", "help desk", "employee", ITLead, false, app},
		{FinanceLead, "Ingrid", "Solberg", "Finance Director", "Finance", "finance lead", "employee", CEO, true, with("phone")},
		{Payroll, "Pavel", "Novak", "Payroll Specialist", "Finance", "payroll", "employee", FinanceLead, true, with("phone")},
		{Engineer, "Aiko", "Tanaka", "Engineer", "Engineering", "engineer", "employee", Manager, false, with("softwareOath", "windowsHelloForBusiness")},
		{EngineerTwo, "Luis", "Ortega", "Engineer", "Engineering", "engineer", "employee", Manager, false, with("platformCredential")},
		{Manager, "Sanne", "de Wit", "Engineering Manager", "Engineering", "manager", "employee", CEO, false, app},
		{Contractor, "Dev", "Rao", "Contractor", "Engineering", "contractor", "contractor", Manager, false, []string{"phone", "email"}},
		{OrgAdmin, "Nadia", "Petrova", "Systems Administrator", "IT", "administrator", "employee", ITLead, false, with("fido2")},
		{Reviewer, "Ruth", "Abara", "Security Analyst", "Security", "reviewer", "employee", CEO, false, with("fido2")},
		{ReviewerTwo, "Omar", "Farouk", "Security Analyst", "Security", "reviewer", "employee", Reviewer, false, with("fido2")},
		{BreakGlass, "Break", "Glass One", "Emergency account", "IT", "break-glass", "emergency", "", false, []string{"fido2"}},
		{BreakGlassTwo, "Break", "Glass Two", "Emergency account", "IT", "break-glass", "emergency", "", false, []string{"fido2"}},
		{Identity, "Elif", "Demir", "Identity Engineer", "IT", "identity engineer", "employee", ITLead, false, with("fido2")},
	}
	out := make([]Person, len(table))
	for i, row := range table {
		out[i] = row.person(i)
	}
	return out
}

func (row seedPerson) person(n int) Person {
	login := strings.ToLower(row.first+"."+strings.ReplaceAll(row.last, " ", "")) + "@" + seedMailDomain
	p := Person{
		ID: row.id, UPN: login, DisplayName: row.first + " " + row.last, GivenName: row.first, Surname: row.last, Mail: login,
		JobTitle: row.title, Department: row.department, EmployeeType: row.kind, UserType: "Member", Manager: row.manager, Enabled: true,
		Synced: row.synced, Created: seedDate(), SessionsValidFrom: seedDate(), LastPasswordChange: seedDate(), Duty: row.duty, Place: "office",
		Methods: []Method{{ID: PasswordMethod, Type: "password", Created: seedDate()}},
	}
	if row.kind != "emergency" {
		p.OtherMails = []string{strings.ToLower(row.first) + "@" + seedOwnMail}
		p.MobilePhone = seedPhoneNumber + strconv.Itoa(100+n)
		p.Sessions = []Session{{ID: namedGUID("session", row.id), Issued: seedDate().Add(300 * 24 * time.Hour), Place: "office"}}
	}
	for _, t := range row.methods {
		m := seedMethod(t, row, p)
		p.Methods = append(p.Methods, m)
		if p.DefaultMethod == "" && isSecondFactor(t) {
			p.DefaultMethod = m.ID
		}
	}
	return p
}

// seedMethod makes a method; Graph does not know when an authenticator was added.
func seedMethod(kind string, row seedPerson, p Person) Method {
	m := Method{ID: namedGUID("method", row.id, kind), Type: kind, Created: seedDate()}
	switch kind {
	case "phone":
		m.ID, m.Phone, m.PhoneType = MobilePhone, p.MobilePhone, "mobile"
	case "email":
		m.ID, m.Email = EmailMethod, p.OtherMails[0]
	case "fido2":
		m.Name, m.Model = row.first+"'s security key", "YubiKey 5 Series"
	case "microsoftAuthenticator":
		m.Name, m.Created = row.first+"'s phone", time.Time{}
	case "softwareOath":
		m.Created = time.Time{}
	case "windowsHelloForBusiness", "platformCredential":
		m.Name, m.Device = row.first+"'s laptop", namedGUID("device", row.id)
	}
	return m
}

func seedGroups() []Group {
	group := func(id, name, description string, members ...string) Group {
		return Group{ID: id, Name: name, Description: description, Created: seedDate(), Members: members}
	}
	desk := group(HelpDeskGroup, "Help desk", "Resets passwords and methods", HelpDesk, HelpDeskTwo)
	desk.RoleAssignable = true
	finance := group(FinanceGroup, "Finance", "Finance and payroll", FinanceLead, Payroll)
	finance.Synced = true
	return []Group{
		group(RestraintGroup, seedRestraint, "Accounts held for review; Conditional Access blocks them"),
		desk, finance,
		group(VPNGroup, "VPN", "May use the VPN from outside", Engineer, EngineerTwo),
		group(SecurityGroup, "Security", "Reviewers", Reviewer, ReviewerTwo),
	}
}

// seedDevices are the laptops of the two engineers.
func seedDevices() []Device {
	device := func(owner, name, system, version string) Device {
		return Device{
			ID: namedGUID("device", owner), DeviceID: namedGUID("device id", owner), Name: name, System: system, Version: version,
			TrustType: "AzureAd", Enabled: true, Owner: owner, Registered: seedDate(),
		}
	}
	return []Device{device(Engineer, "AIKO-LAPTOP", "Windows", "10.0.26100"), device(EngineerTwo, "luis-macbook", "MacOS", "15.1")}
}

func seedPlaces() map[string]Place {
	return map[string]Place{
		"office":    {IP: "192.0.2.10", UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"},
		"home":      {IP: "198.51.100.24", UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"},
		"elsewhere": {IP: "203.0.113.77", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
}
