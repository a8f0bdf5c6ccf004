package oktasim

import (
	"strings"
	"time"
)

// Ids of the small company that tests and the demonstration name.
const (
	CEO            = "00uMiraHaddad0000000"
	ITLead         = "00uJonasLind00000000" // super administrator
	HelpDesk       = "00uTessOkafor0000000"
	HelpDeskTwo    = "00uBramVisser0000000"
	FinanceLead    = "00uIngridSolberg0000"
	Payroll        = "00uPavelNovak0000000"
	Engineer       = "00uAikoTanaka0000000"
	EngineerTwo    = "00uLuisOrtega0000000"
	Manager        = "00uSanneDeWit0000000"
	Contractor     = "00uDevRao00000000000"
	OrgAdmin       = "00uNadiaPetrova00000"
	Reviewer       = "00uRuthAbara00000000"
	ReviewerTwo    = "00uOmarFarouk0000000"
	BreakGlass     = "00uBreakGlassOne0000"
	BreakGlassTwo  = "00uBreakGlassTwo0000"
	ServiceAccount = "00uCountersignSvc000"
	Identity       = "00uElifDemir00000000" // runs the Entra directory, and is nobody special here
	ServiceAppID   = "0oaCountersignApp000"
	ServiceToken   = "00TCountersignTok000"
	RestraintGroup = "00gCountersignHold00"
	HelpDeskGroup  = "00gHelpDesk000000000"
	FinanceGroup   = "00gFinance0000000000"
	EveryoneGroup  = "00gEveryone000000000"
	PartnerIDP     = "0oaHoldingProvider00"
	SignOnPolicy   = "00pRestraintSignOn00"
	AppPolicy      = "rstAnyTwoFactors0000"
	AdminAppPolicy = "rstAdminConsole00000"
	AccountPolicy  = "rstAccountManage0000"
	SignOnRule     = "0prRestraintSignOn00"
	AppRule        = "rulRestraintApp00000"
	AdminAppRule   = "rulRestraintAdmin000"
	AccountRule    = "rulRestraintAccount0"
	seedMailDomain = "nordwind.example"
	seedOwnMail    = "home.example"
	seedRestraint  = "Countersign restraint"
	seedCatchAll   = "Catch-all Rule"
)

// SmallCompany is the seed that the demonstration and the tests share: seventeen
// people, among them a chief executive, an IT lead who is super administrator,
// two help-desk agents whose role comes through a group, finance, payroll,
// engineers with a manager, a contractor, two reviewers, two break-glass
// accounts, Countersign's own service account and app, and an identity engineer
// who rules another directory and has no role here. A restraint group is
// denied first in the global session, app sign-on and account management
// policies. Ids are fixed and have Okta's form.
func SmallCompany() Company {
	c := Company{
		ID: "00oNordwind000000000", Name: "Nordwind Instruments", Subdomain: "nordwind",
		RestraintGroup: RestraintGroup, People: seedPeople(), Places: seedPlaces(),
		Policies: seedPolicies(),
		Apps: []ServiceApp{{ID: ServiceAppID, Name: "Countersign", Roles: []string{"SUPER_ADMIN"}, Scopes: []string{
			"okta.users.manage", "okta.users.read", "okta.groups.manage", "okta.groups.read", "okta.roles.manage", "okta.roles.read",
			"okta.policies.read", "okta.logs.read", "okta.eventHooks.read", "okta.orgs.read",
			"okta.devices.manage", "okta.apiTokens.manage", "okta.idps.manage",
		}}},
		Tokens: []APIToken{{ID: ServiceToken, Name: "Countersign", Owner: ServiceAccount, Created: seedDate()}},
		IDPs:   []IDP{{ID: PartnerIDP, Name: "Nordwind Holding", Issuer: "https://sso.holding.example", Status: "ACTIVE", Created: seedDate(), LastUpdated: seedDate()}},
	}
	c.Devices = seedDevices(c.People)
	c.Groups = seedGroups(c.People)
	return c
}

func seedDate() time.Time { return time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC) }

// seedPerson describes a person in one line of the table below.
type seedPerson struct {
	id, first, last, title, department, duty, kind, manager string
	roles                                                   []string
	factors                                                 []string
}

func seedPeople() []Person {
	verify := []string{"push", "signed_nonce", "token:software:totp"}
	with := func(more ...string) []string { return append(append([]string{}, verify...), more...) }
	table := []seedPerson{
		{CEO, "Mira", "Haddad", "Chief Executive", "Executive", "ceo", "employee", "", nil, with("webauthn")},
		{ITLead, "Jonas", "Lind", "Head of IT", "IT", "it lead", "employee", "Mira Haddad", []string{"SUPER_ADMIN"}, with("webauthn")},
		{HelpDesk, "Tess", "Okafor", "IT Support", "IT", "help desk", "employee", "Jonas Lind", nil, verify},
		{HelpDeskTwo, "Bram", "Visser", "IT Support", "IT", "help desk", "employee", "Jonas Lind", nil, verify},
		{FinanceLead, "Ingrid", "Solberg", "Finance Director", "Finance", "finance lead", "employee", "Mira Haddad", nil, with("sms")},
		{Payroll, "Pavel", "Novak", "Payroll Specialist", "Finance", "payroll", "employee", "Ingrid Solberg", nil, verify},
		{Engineer, "Aiko", "Tanaka", "Engineer", "Engineering", "engineer", "employee", "Sanne de Wit", nil, verify},
		{EngineerTwo, "Luis", "Ortega", "Engineer", "Engineering", "engineer", "employee", "Sanne de Wit", nil, verify},
		{Manager, "Sanne", "de Wit", "Engineering Manager", "Engineering", "manager", "employee", "Mira Haddad", nil, verify},
		{Contractor, "Dev", "Rao", "Contractor", "Engineering", "contractor", "contractor", "Sanne de Wit", nil, []string{"sms", "email"}},
		{OrgAdmin, "Nadia", "Petrova", "Systems Administrator", "IT", "administrator", "employee", "Jonas Lind", []string{"ORG_ADMIN", "READ_ONLY_ADMIN"}, with("webauthn")},
		{Reviewer, "Ruth", "Abara", "Security Analyst", "Security", "reviewer", "employee", "Mira Haddad", nil, with("webauthn")},
		{ReviewerTwo, "Omar", "Farouk", "Security Analyst", "Security", "reviewer", "employee", "Ruth Abara", nil, with("webauthn")},
		{BreakGlass, "Break", "Glass One", "Emergency account", "IT", "break-glass", "emergency", "", []string{"SUPER_ADMIN"}, []string{"webauthn"}},
		{BreakGlassTwo, "Break", "Glass Two", "Emergency account", "IT", "break-glass", "emergency", "", []string{"SUPER_ADMIN"}, []string{"webauthn"}},
		{ServiceAccount, "Countersign", "Service", "Service account", "IT", "service account", "service", "", []string{"SUPER_ADMIN"}, nil},
		{Identity, "Elif", "Demir", "Identity Engineer", "IT", "identity engineer", "employee", "Jonas Lind", nil, verify},
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
		ID: row.id, Status: Active, Created: seedDate(), Activated: seedDate(), StatusChanged: seedDate(), LastUpdated: seedDate(),
		PasswordChanged: seedDate(), LastLogin: seedDate().Add(300 * 24 * time.Hour), Duty: row.duty, Place: "office",
		Profile: Profile{
			"firstName": row.first, "lastName": row.last, "login": login, "email": login, "title": row.title,
			"department": row.department, "userType": row.kind,
		},
	}
	if row.manager != "" {
		p.Profile["manager"] = row.manager
	}
	if row.kind == "employee" || row.kind == "contractor" {
		p.Profile["secondEmail"] = strings.ToLower(row.first) + "@" + seedOwnMail
		p.Profile["mobilePhone"] = "+1555010" + twoDigits(n) + "0"
		p.RecoveryPhone = p.Profile.Get("mobilePhone")
		p.Sessions = []Session{{ID: "idx" + pad("Seed"+row.first, 22), Created: seedDate().Add(300 * 24 * time.Hour), Place: "office"}}
		p.OAuthTokens = []OAuthToken{{ID: pad("oar"+row.first, 20), Client: "0oaOktaDashboardApp0", Issued: seedDate().Add(300 * 24 * time.Hour)}}
	}
	for i, r := range row.roles {
		p.Roles = append(p.Roles, Role{ID: pad("ra1"+row.first+row.last[:1]+twoDigits(n)+twoDigits(i), 20), Type: r, Created: seedDate(), LastUpdated: seedDate()})
	}
	for _, t := range row.factors {
		p.Factors = append(p.Factors, seedFactor(t, row, n, p.Profile))
	}
	return p
}

func seedFactor(factorType string, row seedPerson, n int, profile Profile) Factor {
	m, _ := methodOf(factorType, "")
	name := row.first + twoDigits(n)
	id := pad(m.prefix+name, 20)
	if factorType == "signed_nonce" {
		id = pad(m.prefix+name+"fast", 20) // its prefix is that of enrolments
	}
	f := Factor{
		ID: id, Type: factorType, Provider: m.provider, Status: "ACTIVE", Created: seedDate(), LastUpdated: seedDate(),
		Enrollment: pad("pfd"+name+strings.ToUpper(m.prefix), 20),
	}
	device := row.first + "'s phone"
	switch factorType {
	case "webauthn":
		f.Profile = map[string]any{"credentialId": pad("cred"+row.first, 43), "authenticatorName": row.first + "'s security key"}
	case "sms":
		f.Profile = map[string]any{"phoneNumber": profile.Get("mobilePhone")}
	case "email":
		f.Profile = map[string]any{"email": profile.Get("email")}
	default:
		f.Enrollment = pad("pfd"+name+"OV", 20)
		f.Profile = map[string]any{"credentialId": profile.Get("login")}
		if factorType != "token:software:totp" {
			f.Profile["name"], f.Profile["platform"], f.Profile["deviceType"], f.Profile["version"] = device, "IOS", "SmartPhone_IPhone", "18.1"
		}
	}
	return f
}

// seedDevices are the phones that people have Okta Verify on.
func seedDevices(people []Person) []Device {
	var out []Device
	for i := range people {
		p := &people[i]
		for j := range p.Factors {
			f := &p.Factors[j]
			if !f.oktaVerify() {
				continue
			}
			f.Device = pad("guo"+p.Profile.Get("firstName")+twoDigits(i), 20)
			if f.Type == "push" {
				name, _ := f.Profile["name"].(string)
				out = append(out, Device{
					ID: f.Device, Name: name, Platform: "IOS", Status: deviceActive, Owner: p.ID, Created: seedDate(), LastUpdated: seedDate(),
				})
			}
		}
	}
	return out
}

func seedGroups(people []Person) []Group {
	group := func(id, kind, name, description string, members ...string) Group {
		return Group{
			ID: id, Type: kind, Name: name, Description: description, Created: seedDate(), LastUpdated: seedDate(),
			Changed: seedDate(), Members: members,
		}
	}
	desk := group(HelpDeskGroup, "OKTA_GROUP", "Help desk", "Resets passwords and factors", HelpDesk, HelpDeskTwo)
	desk.Roles = []Role{{ID: "graHelpDesk000000000", Type: "HELP_DESK_ADMIN", Created: seedDate(), LastUpdated: seedDate()}}
	var all []string
	for _, p := range people {
		all = append(all, p.ID)
	}
	return []Group{
		group(EveryoneGroup, "BUILT_IN", "Everyone", "All people in the organization", all...),
		group(RestraintGroup, "OKTA_GROUP", seedRestraint, "Accounts held for review; every policy denies them first"),
		desk,
		group(FinanceGroup, "OKTA_GROUP", "Finance", "Finance and payroll", FinanceLead, Payroll),
		group("00gEngineering000000", "OKTA_GROUP", "Engineering", "Engineering", Engineer, EngineerTwo, Manager, Contractor),
		group("00gSecurityTeam00000", "OKTA_GROUP", "Security", "Reviewers", Reviewer, ReviewerTwo),
	}
}

func seedPlaces() map[string]Place {
	const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	return map[string]Place{
		"office": {
			IP: "192.0.2.10", City: "Utrecht", State: "Utrecht", Country: "Netherlands", PostalCode: "3511", Lat: 52.09, Lon: 5.12,
			ASNumber: 64500, ASOrg: "nordwind instruments", Domain: "nordwind.example", Device: "Computer", OS: "Windows 11", Browser: "CHROME", UserAgent: chrome,
		},
		"home": {
			IP: "198.51.100.24", City: "Amersfoort", State: "Utrecht", Country: "Netherlands", PostalCode: "3811", Lat: 52.16, Lon: 5.39,
			ASNumber: 64501, ASOrg: "example broadband", Domain: "broadband.example", Device: "Mobile", OS: "iOS (iPhone)", Browser: "SAFARI",
			UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
		},
		"elsewhere": {
			IP: "203.0.113.77", City: "Ashburn", State: "Virginia", Country: "United States", PostalCode: "20149", Lat: 39.05, Lon: -77.49,
			ASNumber: 64502, ASOrg: "example anonymiser", Domain: "vpn.example", Proxy: true, Device: "Computer", OS: "Linux", Browser: "FIREFOX",
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		},
	}
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }

// pad fills a readable id up to Okta's length with zeros.
func pad(s string, n int) string {
	if len(s) >= n {
		return s[:n]
	}
	return s + strings.Repeat("0", n-len(s))
}
