package entrasim

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The ids that Graph gives to methods of which a person has only one.
// See https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod.
const (
	PasswordMethod  = "28c10230-6103-485e-b985-444c60001490"
	EmailMethod     = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
	MobilePhone     = "3179e48a-750b-4051-897c-87b9720928f7"
	AlternatePhone  = "b6332ec1-7057-4abe-9331-3d72feddfe41"
	OfficePhone     = "e37fc753-ff3b-4958-9484-eaa9425c82bc"
	seedPhoneNumber = "+1 5550100"
)

// methodKind describes a type of method: the segment of its collection, and the
// words the audit log uses. The words are those seen where there are any,
// otherwise in their manner.
type methodKind struct {
	segment string
	words   string
	device  string // what Device Registration Service calls it, "" when it is none of its
}

func methodKinds() map[string]methodKind {
	return map[string]methodKind{
		"password":                {segment: "passwordMethods", words: "Password"},
		"phone":                   {segment: "phoneMethods", words: "Mobile Phone SMS"},
		"email":                   {segment: "emailMethods", words: "Email"},
		"fido2":                   {segment: "fido2Methods", words: "Fido2 Authentication Method", device: "FIDO2 security key"},
		"microsoftAuthenticator":  {segment: "microsoftAuthenticatorMethods", words: "Authenticator App with Notification and Code"},
		"softwareOath":            {segment: "softwareOathMethods", words: "Software OATH token"},
		"temporaryAccessPass":     {segment: "temporaryAccessPassMethods", words: "temporary access pass method"},
		"windowsHelloForBusiness": {segment: "windowsHelloForBusinessMethods", words: "Windows Hello for Business", device: "Windows Hello for Business credential"},
		"platformCredential":      {segment: "platformCredentialMethods", words: "Platform Credential", device: "platform credential"},
	}
}

// words names a method in a reason; a phone by its kind.
func (m *Method) words() string {
	if m.Type == "phone" && m.PhoneType == "alternateMobile" {
		return "Alternate Mobile Phone Call"
	}
	if m.Type == "phone" && m.PhoneType == "office" {
		return "Office Phone Call"
	}
	return methodKinds()[m.Type].words
}

// wire renders a method. The type is told in lists and single answers alike.
func (m *Method) wire(now time.Time) map[string]any {
	out := map[string]any{
		"@odata.type": "#microsoft.graph." + m.Type + "AuthenticationMethod", "id": m.ID, "createdDateTime": stamp(m.Created),
	}
	switch m.Type {
	case "password":
		out["password"] = nil
	case "phone":
		out["phoneNumber"], out["phoneType"], out["smsSignInState"] = m.Phone, m.PhoneType, "notEnabled"
	case "email":
		out["emailAddress"] = m.Email
	case "fido2":
		out["displayName"], out["aaGuid"], out["model"] = m.Name, "cb69481e-8ff7-4039-93ec-0a2729a154a8", m.Model
		out["attestationCertificates"], out["attestationLevel"] = []string{}, "attested"
	case "microsoftAuthenticator":
		out["displayName"], out["deviceTag"], out["phoneAppVersion"] = m.Name, "SoftwareTokenActivated", "6.8.53"
	case "softwareOath":
		out["secretKey"] = nil
	case "temporaryAccessPass":
		usable := !now.Before(m.Start) && now.Before(m.Start.Add(time.Duration(m.Minutes)*time.Minute))
		why := "EnabledByPolicy"
		if !usable {
			why = "Expired"
			if now.Before(m.Start) {
				why = "NotYetValid"
			}
		}
		out["temporaryAccessPass"], out["startDateTime"], out["lifetimeInMinutes"] = nil, stamp(m.Start), m.Minutes
		out["isUsable"], out["isUsableOnce"], out["methodUsabilityReason"] = usable, m.Once, why
	case "windowsHelloForBusiness":
		out["displayName"], out["keyStrength"] = m.Name, "normal"
	case "platformCredential":
		out["displayName"], out["keyStrength"], out["platform"] = m.Name, "normal", "macOS"
	}
	return out
}

func (p *Person) method(id string) *Method {
	return find(p.Methods, func(m *Method) bool { return m.ID == id })
}

// addMethod registers a method and writes its records.
func (s *Sim) addMethod(c *cause, p *Person, m Method) (*Method, *Error) {
	m, err := s.newMethod(p, m)
	if err != nil {
		return nil, err
	}
	before := strongOf(p)
	if m.Type == "temporaryAccessPass" { // the new one replaces the old one
		p.Methods = slices.DeleteFunc(p.Methods, func(x Method) bool { return x.Type == m.Type })
	}
	p.Methods = append(p.Methods, m)
	if p.DefaultMethod == "" && isSecondFactor(m.Type) {
		p.DefaultMethod = m.ID
	}
	s.methodRecords(c, p, "registered", &m, nil, before)
	return p.method(m.ID), nil
}

func isSecondFactor(methodType string) bool {
	return slices.Contains([]string{"phone", "microsoftAuthenticator", "softwareOath"}, methodType)
}

// newMethod numbers and dates a method, and refuses what the person cannot have.
func (s *Sim) newMethod(p *Person, m Method) (Method, *Error) {
	m.ID, m.Created = newGUID(), s.now()
	switch m.Type {
	case "phone":
		ids := map[string]string{"mobile": MobilePhone, "alternateMobile": AlternatePhone, "office": OfficePhone}
		m.ID = ids[m.PhoneType]
		if m.ID == "" || !phoneNumber(m.Phone) {
			return m, errMethodInput("Phone number format is not correct or is missing.")
		}
		if m.PhoneType == "alternateMobile" && p.method(MobilePhone) == nil {
			return m, errMethodInput("Alternate mobile phone cannot be added without a mobile phone.")
		}
	case "email":
		m.ID = EmailMethod
		if m.Email == "" {
			return m, errMethodInput("The email address is missing.")
		}
	case "temporaryAccessPass":
		if m.Minutes == 0 {
			m.Minutes = 60
		}
		if m.Minutes < 10 || m.Minutes > 43200 {
			return m, errMethodInput("The lifetime must be between 10 and 43200 minutes.")
		}
		if m.Start.IsZero() {
			m.Start = s.now()
		}
	}
	if p.method(m.ID) != nil {
		return m, errMethodInput("The user already has an authentication method of this type.")
	}
	return m, nil
}

// phoneNumber reports whether a number is in the form Graph asks for: a plus,
// the country's code, digits and at most spaces, an x for an extension.
func phoneNumber(s string) bool {
	if len(s) < 6 || s[0] != '+' {
		return false
	}
	for _, r := range s[1:] {
		if (r < '0' || r > '9') && r != ' ' && r != 'x' {
			return false
		}
	}
	return true
}

func errMethodInput(message string) *Error {
	return graphError(http.StatusBadRequest, "invalidRequest", message)
}

// removeMethod deletes a method, unless Graph refuses.
// See https://learn.microsoft.com/graph/api/phoneauthenticationmethod-delete.
func (s *Sim) removeMethod(c *cause, p *Person, id string) *Error {
	m := p.method(id)
	switch {
	case m == nil:
		return errGone("The requested authentication method was not found.")
	case m.Type == "password":
		return errMethod()
	case m.ID == MobilePhone && p.method(AlternatePhone) != nil:
		return errMethodInput("The mobile phone cannot be deleted while there is an alternate mobile phone.")
	case m.Type == "phone" && p.DefaultMethod == id:
		return errMethodInput("The phone is the user's default multifactor authentication method and cannot be deleted.")
	}
	s.dropMethod(c, p, id)
	return nil
}

// dropMethod deletes a method whatever it is, as the portal's own pages do.
func (s *Sim) dropMethod(c *cause, p *Person, id string) {
	before, gone := strongOf(p), *p.method(id)
	p.Methods = slices.DeleteFunc(p.Methods, func(x Method) bool { return x.ID == id })
	if p.DefaultMethod == id {
		p.DefaultMethod = ""
		if next := find(p.Methods, func(m *Method) bool { return isSecondFactor(m.Type) }); next != nil {
			p.DefaultMethod = next.ID
		}
	}
	s.methodRecords(c, p, "deleted", nil, &gone, before)
}

// updateMethod changes a phone's number or an e-mail's address.
func (s *Sim) updateMethod(c *cause, p *Person, id, value string) *Error {
	m := p.method(id)
	if m == nil {
		return errGone("The requested authentication method was not found.")
	}
	before, old := strongOf(p), *m
	switch m.Type {
	case "phone":
		if !phoneNumber(value) {
			return errMethodInput("Phone number format is not correct or is missing.")
		}
		m.Phone = value
	case "email":
		m.Email = value
	default:
		return errMethod()
	}
	now := *m
	s.methodRecords(c, p, "updated", &now, &old, before)
	return nil
}

// methodRecords writes the record of the service that manages methods, the one
// of the device service for keys bound to a device, and the directory's twin.
func (s *Sim) methodRecords(c *cause, p *Person, verb string, now, old *Method, before strong) {
	m := now
	if m == nil {
		m = old
	}
	who, of := "User", ""
	if c.person != p {
		who, of = "Admin", " for user"
	}
	operation := map[string]string{"registered": "Add", "deleted": "Delete", "updated": "Update"}[verb]
	s.emit(c, activity{
		service: authMethods, category: "UserManagement", name: who + " " + verb + " security info", operation: operation,
		reason: who + " " + verb + " " + m.words() + of, targets: []Target{personTarget(p, methodProperties(now, old)...).named(p.DisplayName)},
	})
	if device := methodKinds()[m.Type].device; device != "" && verb != "updated" {
		targets := []Target{personTarget(p)}
		if d := s.device(m.Device); d != nil {
			targets = append(targets, deviceTarget(d))
		}
		s.emit(c, activity{
			service: deviceService, category: "UserManagement", name: operation + " " + device, operation: operation,
			targets: targets, details: []Detail{{"Device Name", m.Name}, {"Authenticator AAGUID", m.Model}},
		})
	}
	s.strongTwin(c, p, before)
	s.touchPerson(c, p)
}

// methodProperties are the values the Authentication Methods record tells. Only
// those of temporary access passes and phones are seen in live records.
func methodProperties(now, old *Method) []Modified {
	pair := func(name string, value func(*Method) string) Modified {
		before, after := `""`, `""`
		if old != nil {
			before = jsonText(value(old))
		}
		if now != nil {
			after = jsonText(value(now))
		}
		return raw(name, &before, &after)
	}
	m := now
	if m == nil {
		m = old
	}
	switch m.Type {
	case "phone":
		return []Modified{
			pair("Phone.PhoneNumber", func(m *Method) string { return m.Phone }),
			pair("Phone.PhoneType", func(m *Method) string { return m.PhoneType }),
		}
	case "email":
		return []Modified{pair("Email.EmailAddress", func(m *Method) string { return m.Email })}
	case "temporaryAccessPass":
		const tap = "TemporaryAccessPass.TemporaryAccessPass."
		end := func(m *Method) string {
			return m.Start.Add(time.Duration(m.Minutes) * time.Minute).Format(stampLayout)
		}
		usage := func(m *Method) string { return map[bool]string{true: "Once", false: "Multiple"}[m.Once] }
		return []Modified{
			pair(tap+"Id", func(m *Method) string { return m.ID }), pair(tap+"StartDateTime", func(m *Method) string { return m.Start.Format(stampLayout) }),
			pair(tap+"EndTime", end), pair(tap+"AccessPassUsage", usage),
		}
	}
	return nil
}

// passValue invents the value of a temporary access pass, told only once.
func passValue() string { return strconv.Quote(newSecret(8))[1:9] }
