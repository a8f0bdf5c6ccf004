package okta

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// actor says who made the change. A call with an API token shows the token's
// owner; the token itself is named beside it.
func (x *Decoder) actor(l *logEvent) holds.Party {
	p := holds.Party{ID: l.actor.id, Login: l.actor.login, Name: l.actor.name, Kind: holds.PartyUnknown}
	switch l.actor.kind {
	case "User":
		p.Kind = holds.PartyPerson
	case "SystemPrincipal":
		p.Kind = holds.PartySystem
	case "PublicClientAppEntity", "PublicClientApp", "AppInstance":
		p.Kind, p.Credential = holds.PartyApp, p.ID
	}
	if l.token != "" {
		p.Kind, p.Credential = holds.PartyToken, l.token
	}
	switch l.kind {
	case "user.session.impersonation.initiate", "user.session.impersonation.extend", "support.org.update", "user.account.access_support_user_app":
		p.Kind = holds.PartySupport
	}
	p.Own = p.ID != "" && slices.Contains(x.accounts, p.ID) || l.token != "" && slices.Contains(x.tokens, l.token)
	return p
}

// subjects finds the accounts and the other things the event names, by type.
// The order and repetition of targets changes nothing.
func (x *Decoder) subjects(e *holds.Event, l *logEvent) {
	for _, t := range l.targets {
		if !t.account() {
			if e.Objects == nil {
				e.Objects = make([]holds.Object, 0, len(l.targets))
			}
			if t.kind != "" || t.id != "" {
				e.Objects = append(e.Objects, holds.Object{Type: t.kind, ID: t.id, Name: t.name})
			}
			continue
		}
		if t.id == "" {
			e.Doubts = append(e.Doubts, "One account of the event has no usable id and cannot be told: "+quoted(t.login)+".")
			continue
		}
		e.Subjects = append(e.Subjects, holds.Account{ID: t.id, Login: t.login, Name: t.name})
		if !isID(t.id) {
			e.Doubts = append(e.Doubts, "The account's id "+quoted(t.id)+" is not of Okta's form, so nothing can be done to it.")
		}
	}
	slices.SortFunc(e.Subjects, func(a, b holds.Account) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Login, b.Login), cmp.Compare(a.Name, b.Name))
	})
	e.Subjects = slices.CompactFunc(e.Subjects, func(a, b holds.Account) bool { return a.ID == b.ID })
	slices.SortFunc(e.Objects, compareObjects)
	e.Objects = slices.Compact(e.Objects)
}

func compareObjects(a, b holds.Object) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
}

// classify gives the event its class, verb, echo and undo: first by type alone,
// then by what it says, last by whether it is about our own footing.
func (x *Decoder) classify(e *holds.Event, l *logEvent) {
	k, known := x.kindOf(l.kind)
	if !known {
		e.Doubts = append(e.Doubts, "The event type is not known to this program, but its name looks sensitive.")
	}
	e.Class, e.Verb, e.Echo, e.Push = k.class, k.verb, k.echo, k.push
	if k.self && e.Actor.Kind == holds.PartyPerson && e.Actor.ID != "" && !slices.ContainsFunc(l.targets, entity.account) {
		e.Subjects = []holds.Account{{ID: e.Actor.ID, Login: e.Actor.Login, Name: e.Actor.Name}}
	}
	switch {
	case strings.HasPrefix(l.kind, "user.mfa.factor."):
		factor(e, l)
	case k.class == holds.RecoveryChange:
		recoveryFields(e, l)
	case k.class == holds.RoleActivation || strings.Contains(l.kind, ".privilege."):
		role(e, l)
	case k.class == holds.VaultRecovery && !k.wide:
		ownPassword(e, l)
	}
	if e.Class != holds.None {
		changes(e, l)
	}
	x.tamper(e, l)
	if e.Class == k.class {
		undo(e, k, l)
	}
	if k.wide && len(e.Subjects) == 0 {
		e.Doubts = append(e.Doubts, wideDoubt(e.Class)...)
	} else if e.Class != holds.None && len(e.Subjects) == 0 {
		e.Doubts = append(e.Doubts, "The event names no account, so nobody can be restrained for it.")
	}
}

func wideDoubt(c holds.Class) []string {
	if c == holds.None || c == holds.Tamper {
		return nil
	}
	return []string{"The change is made to the organisation, a group or an app; the accounts it reaches are not named."}
}

// ownPassword drops somebody's own stored password.
func ownPassword(e *holds.Event, l *logEvent) {
	if len(e.Subjects) == 1 && same(e.Subjects[0], l.actor) {
		e.Class = holds.None
	}
}

// same tells whether an account is the actor's, by its id. Exports sometimes have
// their ids masked; what is no id of Okta's says nothing either way, and the login
// decides.
func same(a holds.Account, actor entity) bool {
	if isID(a.ID) && isID(actor.id) {
		return a.ID == actor.id
	}
	return a.Login != "" && strings.EqualFold(a.Login, actor.login)
}

// recoveryFields keeps a profile change only when it touches something an
// account is recovered by. Okta names the attributes, never their values.
func recoveryFields(e *holds.Event, l *logEvent) {
	switch l.kind {
	case "user.account.update_primary_email":
		e.Fields = []holds.FieldChange{{Field: "email"}}
		return
	case "user.account.update_secondary_email":
		e.Fields = []holds.FieldChange{{Field: "secondEmail"}}
		return
	}
	changed := l.changed
	if strings.TrimSpace(changed) == "" {
		e.Class = holds.Unclassified
		e.Doubts = append(e.Doubts, "The event does not say which attributes of the profile changed.")
		return
	}
	e.Class = holds.None
	for _, name := range strings.Split(changed, ",") {
		name = providers.Plain(strings.TrimSpace(name), 80)
		if name == "" {
			continue
		}
		e.Fields = append(e.Fields, holds.FieldChange{Field: name})
		if recovers(name) {
			e.Class = holds.RecoveryChange
		}
	}
	slices.SortFunc(e.Fields, func(a, b holds.FieldChange) int { return cmp.Compare(a.Field, b.Field) })
	e.Fields = slices.Compact(e.Fields)
}

// recovers tells whether an attribute is one an account is recovered or signed
// in by. Organisations add attributes of their own, so the name decides.
func recovers(attribute string) bool {
	a := strings.ToLower(attribute)
	return a == "login" || strings.Contains(a, "mail") || strings.Contains(a, "phone") || strings.Contains(a, "recover")
}
