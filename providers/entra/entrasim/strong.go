package entrasim

// strong is the directory's side of a person's methods, in the properties of
// the user object that Core Directory names in its records.
type strong struct {
	methods []any // StrongAuthenticationMethod
	apps    []any // StrongAuthenticationPhoneAppDetail
	details []any // StrongAuthenticationUserDetails
	keys    []any // SearchableDeviceKey
}

// The numbers of StrongAuthenticationMethod.MethodType, by the community's mapping.
const (
	voiceMobile  = 0
	voiceOffice  = 2
	voiceOther   = 3
	smsMobile    = 5
	notification = 6
	appCode      = 7
)

// strongOf renders a person's methods as the directory keeps them.
func strongOf(p *Person) strong {
	out := strong{methods: []any{}, apps: []any{}, keys: []any{}}
	add := func(m Method, kinds ...int) {
		for i, k := range kinds {
			out.methods = append(out.methods, map[string]any{"MethodType": k, "Default": i == 0 && m.ID == p.DefaultMethod})
		}
	}
	detail := map[string]any{"PhoneNumber": nil, "AlternativePhoneNumber": nil, "Email": nil, "VoiceOnlyPhoneNumber": nil}
	for _, m := range p.Methods {
		switch m.Type {
		case "phone":
			switch m.PhoneType {
			case "mobile":
				add(m, smsMobile, voiceMobile)
				detail["PhoneNumber"] = m.Phone
			case "alternateMobile":
				add(m, voiceOther)
				detail["AlternativePhoneNumber"] = m.Phone
			default:
				add(m, voiceOffice)
				detail["VoiceOnlyPhoneNumber"] = m.Phone
			}
		case "email":
			detail["Email"] = m.Email
		case "microsoftAuthenticator":
			add(m, notification, appCode)
			out.apps = append(out.apps, map[string]any{
				"DeviceName": m.Name, "DeviceTag": "SoftwareTokenActivated", "PhoneAppVersion": "6.8.53", "NotificationType": 4,
				"AuthenticationType": 3, "Id": m.ID, "DeviceToken": "NO_DEVICE_TOKEN", "OathTokenTimeDrift": 0,
			})
		case "softwareOath":
			add(m, appCode)
			out.apps = append(out.apps, map[string]any{"DeviceName": "NO_DEVICE", "DeviceTag": "", "AuthenticationType": 2, "Id": m.ID})
		case "fido2", "windowsHelloForBusiness", "platformCredential":
			usage := map[string]string{"fido2": "FIDO", "windowsHelloForBusiness": "NGC", "platformCredential": "NGC"}[m.Type]
			out.keys = append(out.keys, map[string]any{"Usage": usage, "KeyIdentifier": m.ID, "DeviceId": m.Device, "FriendlyName": m.Name})
		}
	}
	out.details = []any{detail}
	return out
}

// strongTwin writes Core Directory's record of what changed since before. When
// the person did it themselves, the actor is a service of Microsoft's.
func (s *Sim) strongTwin(c *cause, p *Person, before strong) {
	after := strongOf(p)
	var modified []Modified
	var names []string
	compare := func(name string, a, b []any) {
		if jsonText(a) != jsonText(b) {
			modified, names = append(modified, changed(name, a, b)), append(names, name)
		}
	}
	compare("StrongAuthenticationMethod", before.methods, after.methods)
	compare("StrongAuthenticationPhoneAppDetail", before.apps, after.apps)
	compare("StrongAuthenticationUserDetails", before.details, after.details)
	compare("SearchableDeviceKey", before.keys, after.keys)
	if len(names) == 0 {
		return
	}
	var by *Initiator
	if c.person == p {
		service := s.strongAuth()
		if jsonText(before.details) != jsonText(after.details) {
			service = s.credentialEndpoint()
		}
		if jsonText(before.keys) != jsonText(after.keys) {
			service = s.deviceRegistration()
		}
		by = &service
	}
	modified = append(modified, included(names...), changed("TargetId.UserType", nil, p.UserType))
	s.emit(c, activity{
		service: coreDirectory, category: "UserManagement", name: "Update user", operation: "Update", by: by, noAgent: by != nil,
		targets: []Target{personTarget(p, modified...)}, details: []Detail{{"UserType", p.UserType}},
	})
}
