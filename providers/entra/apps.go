package entra

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// credential decides a change of an application or service principal by what it
// did to its credentials: one that was added, a secret, a certificate or another
// issuer's word (a federated identity credential), lets whoever has it sign in as
// the application. Everything else about applications, also the permissions it
// only wishes for (RequiredResourceAccess), changes nothing yet.
func credential(e *holds.Event, r *record) {
	added, removed, seen := []string(nil), []string(nil), false
	for _, t := range r.targets {
		for _, c := range t.changes {
			if !credentialProperty(c.key) {
				continue
			}
			before, after := credentials(c.old()), credentials(c.new())
			if len(without(after, before)) == 0 && len(without(before, after)) == 0 {
				continue
			}
			seen = true
			added = append(added, without(after, before)...)
			removed = append(removed, without(before, after)...)
		}
	}
	byName := e.Class == holds.OtherTakeover
	switch {
	case len(added) > 0:
		e.Class, e.Verb = holds.OtherTakeover, holds.Grant
		e.Undo = removeCredential(r, added)
	case len(removed) > 0:
		e.Class, e.Verb, e.Echo = holds.None, holds.Revoke, ""
	case byName && !seen:
		r.doubt("The record does not say which credential changed.")
	}
}

// credentialProperty tells of properties, by their names in lower case, that carry
// credentials.
func credentialProperty(key string) bool {
	switch key {
	case "keydescription", "federatedidentitycredentials", "keycredentials", "passwordcredentials":
		return true
	}
	return false
}

// credentials are a value's items, told apart by the id of the key or, where it
// has none, by its text. The texts are never shown: some carry the material.
func credentials(value string) []string {
	var out []string
	for _, v := range listValue(value) {
		text := v.Text
		if v.Kind == providers.Object {
			text = string(v.Raw)
		}
		if id := keyID(text); id != "" {
			text = id
		}
		if text != "" {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// keyID finds "KeyIdentifier=…" in a key's description.
func keyID(text string) string {
	_, rest, ok := strings.Cut(text, "KeyIdentifier=")
	if !ok || len(rest) < 36 {
		return ""
	}
	return guid(rest[:36])
}

// removeCredential is the action that takes back the one key that came, where
// both it and what it was added to are told by their ids.
func removeCredential(r *record, added []string) holds.Action {
	owners := append(r.of("Application"), r.of("ServicePrincipal")...)
	if len(added) != 1 || guid(added[0]) == "" || distinct(owners) != 1 || guid(owners[0].id) == "" {
		return holds.Action{}
	}
	kind := "application:"
	if strings.EqualFold(owners[0].kind, "ServicePrincipal") {
		kind = "servicePrincipal:"
	}
	return holds.Action{Kind: holds.RemoveCredential, Object: kind + owners[0].id + "/" + added[0]}
}

// consent reads who gave which application which permission. A person's own
// consent is a change of their account; an administrator's reaches everybody, and
// names nobody.
func consent(e *holds.Event, r *record) {
	text := r.changed("ConsentAction.Permissions")
	raw, _ := r.property("ConsentAction.Permissions")
	grants := consentGrants(raw)
	scopes := []string{r.changed("DelegatedPermissionGrant.Scope"), r.changed("AppRole.Value")}
	for _, g := range grants { // one for each interface; the gravest may be the last
		scopes = append(scopes, g.scope)
	}
	object(e, "ServicePrincipal", r.changed("ServicePrincipal.ObjectID"), r.changed("ServicePrincipal.DisplayName"))
	kind := cmp.Or(r.changed("DelegatedPermissionGrant.ConsentType"), grantType(grants))
	everybody := strings.EqualFold(kind, "AllPrincipals") || isTrue(r.changed("ConsentContext.IsAdminConsent")) || isTrue(r.changed("ConsentContext.OnBehalfOfAll"))
	told(e, "ConsentContext.IsAdminConsent", r.changed("ConsentContext.IsAdminConsent"))
	told(e, "ConsentContext.OnBehalfOfAll", r.changed("ConsentContext.OnBehalfOfAll"))
	told(e, "ConsentType", kind)
	for _, scope := range scopes {
		told(e, "Scope", scope)
	}
	tidyFields(e)
	switch id := grantID(grants); {
	case id != "" && slices.ContainsFunc(grantsBefore(raw), func(g grant) bool { return g.id == id }):
		r.doubt("The permission was added to a grant that was there before. Revoking the grant would also take away what it allowed until then, so that is left to a person.")
	case id != "":
		e.Undo = holds.Action{Kind: holds.RevokeConsent, Object: "delegated:" + id}
	}
	if id := guid(r.changed("AppRoleAssignment.ServicePrincipal")); id != "" {
		if a := assignmentID(r.changed("AppRoleAssignment.Id")); a != "" {
			e.Undo = holds.Action{Kind: holds.RevokeConsent, Object: "approle:" + id + "/" + a}
		}
	}
	if everybody {
		e.Subjects = nil
		return
	}
	if text == "" && kind == "" {
		return
	}
	for _, g := range grants {
		if p := guid(g.principal); p != "" && p != nobody && p != e.Actor.ID && !slices.ContainsFunc(e.Subjects, func(a holds.Account) bool { return a.ID == p }) {
			e.Subjects = append(e.Subjects, holds.Account{ID: p})
		}
	}
	self(e)
	tidy(e)
}

// told adds a field that has a value.
func told(e *holds.Event, field, value string) {
	if value != "" {
		e.Fields = append(e.Fields, holds.FieldChange{Field: field, New: providers.Plain(value, most)})
	}
}

// grant is one delegated permission as a consent describes it.
type grant struct{ id, principal, kind, scope string }

// consentGrants reads "[] => [[Id: …, ClientId: …, PrincipalId: …, ConsentType:
// …, Scope: …]]": what stood before the arrow is left out.
func consentGrants(c change) []grant {
	had := grantsBefore(c)
	_, after, ok := strings.Cut(plainLong(c.new()), "=>")
	if !ok {
		after = plainLong(c.new())
	}
	return slices.DeleteFunc(grantsIn(after), func(g grant) bool { return slices.Contains(had, g) })
}

// grantsBefore are the grants that stood before the change, as they were.
func grantsBefore(c change) []grant {
	before, _, ok := strings.Cut(plainLong(c.new()), "=>")
	if !ok {
		before = plainLong(c.old())
	}
	return grantsIn(before)
}

// plainLong is a value's text in full.
func plainLong(s string) string {
	var parts []string
	for _, v := range listValue(s) {
		parts = append(parts, cmp.Or(v.Text, string(v.Raw)))
	}
	return strings.Join(parts, " ")
}

func grantsIn(text string) []grant {
	var out []grant
	for _, piece := range strings.Split(text, "[Id:")[1:] {
		id, _, _ := strings.Cut(piece, ",")
		out = append(out, grant{strings.TrimSpace(id), labelled(piece, "PrincipalId:"), labelled(piece, "ConsentType:"), labelled(piece, "Scope:")})
	}
	return out
}

// labelled is what follows a label up to the next comma or bracket.
func labelled(text, label string) string {
	_, rest, ok := strings.Cut(text, label)
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, ",]"); end >= 0 {
		rest = rest[:end]
	}
	return strings.TrimSpace(rest)
}

func grantType(list []grant) string {
	for _, g := range list {
		if strings.EqualFold(g.kind, "AllPrincipals") {
			return g.kind
		}
	}
	if len(list) > 0 {
		return list[0].kind
	}
	return ""
}

// grantID is the id of the one permission grant that came.
func grantID(list []grant) string {
	if len(list) != 1 {
		return ""
	}
	return assignmentID(list[0].id)
}

// assignmentID accepts the ids that Graph gives permission grants and assignments
// of application roles: base64 for URLs, or a GUID.
func assignmentID(s string) string {
	if len(s) < 20 || len(s) > 128 {
		return ""
	}
	for i := range len(s) {
		if c := s[i]; !(isHex(c) || c >= 'g' && c <= 'z' || c >= 'G' && c <= 'Z' || c == '-' || c == '_') {
			return ""
		}
	}
	return s
}
