package entra

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// user decides an "Update user" by which properties changed. The most of them are
// of no interest: licences, departments, what a synchronisation writes.
//
// See https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
func user(e *holds.Event, r *record) {
	seen := changesOfUser{told: make([]string, 0, 16)}
	for _, t := range r.targets {
		if t.kind != "" && !strings.EqualFold(t.kind, "User") {
			continue
		}
		for _, c := range t.changes {
			seen.note(e, c)
		}
	}
	for _, name := range included(r) {
		seen.named(e, name)
	}
	switch {
	case seen.method && (!seen.recovery || seen.verb == holds.Remove || seen.verb == holds.Reset || !seen.replaced):
		e.Class, e.Verb = holds.MFAChange, cmp.Or(seen.verb, holds.Update)
		if e.Verb != holds.Reset {
			e.Factor = seen.factor
		}
		switch {
		case e.Verb == holds.Remove || e.Verb == holds.Reset:
			e.Echo = holds.RemoveFactor
		case e.Factor.Type == "phone":
			e.Echo = holds.RestoreProfile
		}
	case seen.recovery:
		e.Class, e.Verb, e.Echo = holds.RecoveryChange, holds.Update, holds.RestoreProfile
		if !seen.replaced {
			e.Verb = holds.Enrol
		}
		if seen.emptied {
			e.Echo = holds.RemoveFactor // of the method that the address belonged to
		}
	case seen.member:
		e.Class, e.Verb = holds.OtherTakeover, holds.Grant
		e.Summary += " (a guest becomes a member)"
	case seen.enabled:
		e.Class, e.Verb, e.Echo = holds.OtherTakeover, holds.Other, holds.UnsuspendAccount
	case seen.disabled:
		e.Echo = holds.SuspendAccount
	}
	if e.Class == holds.None {
		e.Fields = nil
		return
	}
	if seen.unsaid {
		r.doubt("The record says that a sensitive attribute changed, but not to what.")
	}
	tidyFields(e)
}

// changesOfUser collects what the properties say together.
type changesOfUser struct {
	method, recovery, replaced, emptied, member, enabled, disabled, unsaid bool
	verb                                                                   holds.Verb
	factor                                                                 holds.Object
	told                                                                   []string
}

func (s *changesOfUser) note(e *holds.Event, c change) {
	s.told = append(s.told, c.key)
	switch c.key {
	case "strongauthenticationmethod":
		s.method = true
		s.verb, s.factor = methodDiff(c)
		e.Fields = append(e.Fields, holds.FieldChange{Field: c.name, Old: methodNames(c.old()), New: methodNames(c.new())})
	case "strongauthenticationrequirement":
		s.method = true
		if off(c.new()) && !off(c.old()) {
			s.verb = cmp.Or(s.verb, holds.Remove)
		}
	case "strongauthenticationphoneappdetail", "searchabledevicekey":
		verb, factor := keyDiff(c)
		s.method = s.method || verb != ""
		s.verb = cmp.Or(s.verb, verb)
		if s.factor == (holds.Object{}) {
			s.factor = factor
		}
	case "usertype":
		s.member = strings.EqualFold(plainValue(c.old()), "Guest") && strings.EqualFold(plainValue(c.new()), "Member")
	case "accountenabled":
		s.enabled = isTrue(c.new()) && !isTrue(c.old())
		s.disabled = !isTrue(c.new()) && isTrue(c.old())
	default:
		if recovers(c.key) {
			s.contact(e, c)
		}
	}
}

// contact notes an attribute that an account is recovered or signed in by.
func (s *changesOfUser) contact(e *holds.Event, c change) {
	parts := recoveryParts(c)
	if len(parts) == 0 {
		return
	}
	s.recovery = true
	for _, p := range parts {
		s.replaced = s.replaced || p.Old != ""
	}
	s.emptied = strings.EqualFold(c.name, "StrongAuthenticationUserDetails") &&
		!slices.ContainsFunc(parts, func(p holds.FieldChange) bool { return p.New != "" })
	e.Fields = append(e.Fields, parts...)
}

// named notes a property that "Included Updated Properties" lists, but that the
// record does not carry.
func (s *changesOfUser) named(e *holds.Event, name string) {
	lower := strings.ToLower(name)
	if slices.Contains(s.told, lower) {
		return
	}
	switch {
	case strings.HasPrefix(lower, "strongauthentication") && lower != "strongauthenticationuserdetails" || lower == "searchabledevicekey":
		s.method = true
	case recovers(lower):
		s.recovery, s.replaced = true, true
		e.Fields = append(e.Fields, holds.FieldChange{Field: providers.Plain(name, 80)})
	default:
		return
	}
	s.unsaid = true
}

// included are the names in "Included Updated Properties".
func included(r *record) []string {
	var out []string
	for _, t := range r.targets {
		for _, c := range t.changes {
			if !strings.EqualFold(c.name, "Included Updated Properties") {
				continue
			}
			for _, v := range listValue(c.new()) {
				for name := range strings.SplitSeq(v.Text, ",") {
					if name = strings.TrimSpace(name); name != "" {
						out = append(out, name)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// recovers tells whether a property, whose name is given in lower case, is one an
// account is recovered or signed in by: what self-service password reset sends its
// codes to, and the login.
func recovers(n string) bool {
	switch n {
	case "strongauthenticationuserdetails", "otheremail", "othermail", "othermails", "alternateemail", "alternateemailaddresses", "alternativeemail", "mobile",
		"mobilephone", "othermobile", "telephonenumber", "businessphones", "userprincipalname",
		// By these another directory, or a certificate, is taken for the account.
		"sourceanchor", "immutableid", "onpremisesimmutableid", "certificateuserids", "authorizationinfo":
		return true
	}
	return strings.Contains(n, "recover") || strings.HasPrefix(n, "phone.") || strings.HasPrefix(n, "email.")
}

// recoveryParts are the values before and after. The details of strong
// authentication are one value with several addresses in it.
func recoveryParts(c change) []holds.FieldChange {
	if !strings.EqualFold(c.name, "StrongAuthenticationUserDetails") {
		old, now := plainValue(c.old()), plainValue(c.new())
		// What is cut off or taken out for showing may be what differs.
		unsure := strings.ContainsAny(old, "…\uFFFD") && strings.TrimSpace(c.old()) != strings.TrimSpace(c.new())
		if old == now && old != "" && !unsure {
			return nil
		}
		return []holds.FieldChange{{Field: providers.Plain(c.name, 80), Old: old, New: now}}
	}
	before, after := userDetails(c.old()), userDetails(c.new())
	var out []holds.FieldChange
	for _, part := range []string{"PhoneNumber", "AlternativePhoneNumber", "Email", "VoiceOnlyPhoneNumber"} {
		if before[part] != after[part] {
			out = append(out, holds.FieldChange{Field: c.name + "." + part, Old: before[part], New: after[part]})
		}
	}
	if len(out) == 0 && strings.TrimSpace(c.old()) != strings.TrimSpace(c.new()) {
		out = append(out, holds.FieldChange{Field: c.name, Old: plainValue(c.old()), New: plainValue(c.new())})
	}
	return out
}

func userDetails(value string) map[string]string {
	out := map[string]string{}
	for _, v := range listValue(value) {
		for _, part := range []string{"PhoneNumber", "AlternativePhoneNumber", "Email", "VoiceOnlyPhoneNumber"} {
			if f := memberOf(v, part); f.Kind == providers.String && f.Text != "" {
				out[part] = providers.Plain(f.Text, most)
			}
		}
	}
	return out
}

// off tells of a per-user requirement for strong authentication that requires
// nothing: none, or state 0.
func off(value string) bool {
	list := listValue(value)
	return !slices.ContainsFunc(list, func(v providers.JSON) bool {
		s := memberOf(v, "State")
		return v.Kind != providers.Object || s.Kind == providers.Absent || s.Text != "0" && !strings.EqualFold(s.Text, "Disabled")
	})
}

// keyDiff tells whether device keys or phone apps came or went. A phone app's
// entry also has when it was last used and which version it is; that it was used
// changes nothing.
func keyDiff(c change) (holds.Verb, holds.Object) {
	before, after := keysIn(c.old()), keysIn(c.new())
	added, removed := without(after, before), without(before, after)
	f := holds.Object{Type: "microsoftAuthenticator"}
	if strings.EqualFold(c.name, "SearchableDeviceKey") {
		f = deviceKey(cmp.Or(strings.Join(added, " "), strings.Join(removed, " ")))
	}
	switch {
	case len(added) > 0:
		return holds.Enrol, f
	case len(removed) > 0:
		return holds.Remove, f
	}
	return "", holds.Object{}
}

// keysIn are a value's items by what tells one from another.
func keysIn(value string) []string {
	var out []string
	for _, v := range listValue(value) {
		var parts []string
		for _, name := range []string{"Id", "KeyIdentifier", "DeviceId", "DeviceName", "DeviceTag", "DeviceToken", "AuthenticationType", "Usage"} {
			if f := memberOf(v, name); f.Text != "" && f.Kind != providers.Null {
				parts = append(parts, name+"="+f.Text)
			}
		}
		if len(parts) == 0 {
			parts = append(parts, cmp.Or(string(v.Raw), v.Text))
		}
		out = append(out, strings.Join(parts, " "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// deviceKey names the method that a key bound to a device belongs to, by its
// usage.
func deviceKey(key string) holds.Object {
	switch k := strings.ToUpper(key); {
	case strings.Contains(k, "USAGE=NGC") || strings.Contains(k, "USAGE=1"):
		return holds.Object{Type: "windowsHelloForBusiness"}
	case strings.Contains(k, "USAGE=FIDO") || strings.Contains(k, "USAGE=2"):
		return holds.Object{Type: "fido2"}
	}
	return holds.Object{Name: "a key bound to a device"}
}
