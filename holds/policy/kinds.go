package policy

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// Within a class some changes are told apart by the provider's own name of the
// event, an object or a field. Those names are the platform's and not anybody's
// who asks for something.

// kind is the provider's name of the event as it is compared: Microsoft writes
// the same activity in several cases and with a full stop or a space behind it.
func kind(q question) string {
	return strings.TrimRight(strings.ToLower(strings.TrimSpace(q.event.Type)), ". ")
}

// pass tells whether the factor is a temporary pass: whoever has it is in, so that
// it is never one's own.
func pass(q question) bool {
	f := strings.ToLower(q.event.Factor.Type + " " + q.event.Factor.Name)
	return strings.Contains(f, "temporaryaccess") || strings.Contains(f, "temporary access") || q.event.Factor.Type == "tac"
}

// step is a record of something on the way to an own enrolment, or beside it, which
// changes nothing by itself.
func step(q question) bool {
	return q.event.Verb == holds.Other && slices.Contains([]string{
		"user started security info registration", "user canceled security info registration", "user registered all required security info",
		"get passkey creation options", "fraud reported - user is blocked for mfa", "suspicious activity reported",
	}, kind(q))
}

// requested is the reset that begins on the sign-in page: Okta writes it in its own
// name, since nobody has proved to be anybody yet. What is done with the message
// that follows is written as a record of its own, in the account's name.
//
// See https://support.okta.com/help/s/article/how-to-find-password-reset-event-performed-by-an-admin.
func requested(q question) bool {
	a := q.event.Actor
	return kind(q) == "user.account.reset_password" && !a.Own && (a.Kind == holds.PartySystem || a.Kind == holds.PartyUnknown && a.ID == "")
}

// watched tells whether the change names a group or an application of the
// organisation's list.
func watched(q question) bool {
	return slices.ContainsFunc(q.event.Objects, func(o holds.Object) bool {
		return o.ID != "" && (slices.Contains(q.settings.WatchedGroups, o.ID) || slices.Contains(q.settings.WatchedApps, o.ID))
	})
}

// membership is an account put into a group or application, or taken out of it.
func membership(q question) bool {
	return q.event.Verb == holds.Grant || takesAway(q) && !noAccount(q)
}

// guest is an invitation, its acceptance, or who answers for it: an account of
// somebody from elsewhere. To invite an account that exists already binds it to a
// sign-in from elsewhere, and makes no guest.
func guest(q question) bool {
	return slices.Contains([]string{
		"invite external user", "redeem external user invite", "redeem extern user invite", "viral user creation",
		"assign user as external sponsor", "assign user as internal sponsor",
	}, kind(q))
}

// reopened is an account that could not be used and now can: an invitation sent
// again, a disabled or suspended account put back.
func reopened(q question) bool {
	return q.event.Echo == holds.UnsuspendAccount || kind(q) == "user.lifecycle.reactivate"
}

// application is a change to an application itself: that it exists, what it is
// called, who owns it. What gives it a key, a permission or people's passwords
// is another matter.
func application(q question) bool {
	k := kind(q)
	changed := strings.HasPrefix(k, "application.lifecycle.") || k == "add owner to application" || k == "add owner to service principal"
	return changed && !carriesPasswords(q)
}

// assignment is an account or a group that may use an application.
func assignment(q question) bool {
	return slices.Contains([]string{
		"add app role assignment grant to user", "add app role assignment to user",
		"add app role assignment grant to group", "add app role assignment to group",
	}, kind(q))
}

// carriesPasswords tells whether an application is made to get people's passwords,
// or to stand for another organisation.
func carriesPasswords(q question) bool {
	said := func(text string) bool {
		text = strings.ToLower(text)
		return strings.Contains(text, "org2org") || strings.Contains(text, "push") && strings.Contains(text, "password")
	}
	return said(q.event.Summary) || slices.ContainsFunc(q.event.Objects, func(o holds.Object) bool { return said(o.Name) }) ||
		slices.ContainsFunc(q.event.Fields, func(f holds.FieldChange) bool { return said(f.Field) || said(f.New) })
}

// deviceKey is the reading of what a device is opened with.
func deviceKey(q question) bool {
	k := kind(q)
	return strings.Contains(k, "bitlocker") || strings.Contains(k, "local administrator password")
}

// profileOnly tells whether only attributes of the everyday profile changed. An
// address or number that an account is recovered by is more than that, whatever
// writes it.
func profileOnly(q question) bool {
	return len(q.event.Fields) > 0 && !slices.ContainsFunc(q.event.Fields, func(f holds.FieldChange) bool {
		name := strings.ToLower(f.Field)
		return slices.ContainsFunc([]string{"second", "recover", "alternat", "other", "strong", "authentication"},
			func(word string) bool { return strings.Contains(name, word) })
	})
}

// harmless are the permissions that let an application know who signs in and
// nothing else (https://learn.microsoft.com/entra/identity-platform/scopes-oidc).
func harmless(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "offline_access", "user.read"}, strings.ToLower(scope))
}

// harmlessConsent lets an application know who somebody is and nothing else: one's
// own consent, or an administrator's for everybody.
func harmlessConsent(q question) bool {
	scopes := 0
	for _, f := range q.event.Fields {
		if f.Field != "Scope" {
			continue
		}
		for scope := range strings.FieldsSeq(f.New) {
			if scopes++; !harmless(scope) {
				return false
			}
		}
	}
	return scopes > 0 && (own(q) || noAccount(q) && byPerson(q))
}

// leaves tells whether mail goes to an address outside the organisation of the
// mailbox, or to one that cannot be told.
func leaves(q question) bool {
	if len(q.event.Subjects) != 1 {
		return true
	}
	home := domain(q.event.Subjects[0].Login)
	for _, f := range q.event.Fields {
		name := strings.ToLower(f.Field)
		if !strings.Contains(name, "forward") && !strings.Contains(name, "redirect") || strings.Contains(name, "deliverto") {
			continue
		}
		for _, to := range strings.FieldsFunc(f.New, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			if home == "" || domain(to) != home {
				return true
			}
		}
	}
	return false
}

func domain(address string) string {
	_, d, _ := strings.Cut(strings.Trim(strings.ToLower(strings.TrimSpace(address)), `"<>[]`), "@")
	return d
}
