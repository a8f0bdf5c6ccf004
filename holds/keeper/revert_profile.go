package keeper

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// restoreProfile sets the contact attributes that an event changed back to the
// before-image: those that the event names, and where it names none that the
// account has, all that differ. What an account is signed in by is no contact: it
// is named for people, and alone it is no reason to set contacts back.
func (p *revertPlan) restoreProfile(e holds.EventRef) {
	contacts := slices.DeleteFunc(slices.Clone(e.Fields), signsIn)
	for _, field := range e.Fields {
		if signsIn(field) {
			p.say("set " + field + " back by hand: the account is signed in by it, and nothing here restores it (" + e.Type + ")")
		}
	}
	if len(contacts) == 0 && len(e.Fields) > 0 {
		return
	}
	if !p.known || len(p.before.Contacts) == 0 {
		p.say("set the recovery contact back by hand to the value on file: what it was before is not known (" + e.Type + ")")
		return
	}
	names := p.contacts()
	told := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return !slices.ContainsFunc(contacts, func(field string) bool { return alike(field, name) })
	})
	if len(told) > 0 {
		names = told
	}
	differ := slices.DeleteFunc(names, func(name string) bool { return p.before.Contacts[name] == p.now.Contacts[name] })
	switch {
	case len(differ) > 0:
		p.add(holds.Action{Kind: holds.RestoreProfile, Account: p.account, Object: strings.Join(differ, ",")})
	case !p.did(holds.RestoreProfile):
		p.over("the recovery contacts are as they were before the change; there was nothing left to set back (" + e.Type + ")")
	}
}

// contacts are the names of the account's contact attributes, before and now,
// sorted.
func (p *revertPlan) contacts() []string {
	var out []string
	for _, values := range []map[string]string{p.before.Contacts, p.now.Contacts} {
		for name := range values {
			if !strings.Contains(name, ",") { // which parts the names in an action
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// signsIn tells of attributes by which somebody is taken for the account: its
// sign-in name, and what ties another directory's person or a certificate to it.
func signsIn(field string) bool {
	return slices.ContainsFunc([]string{
		"login", "userPrincipalName", "SourceAnchor", "ImmutableId", "onPremisesImmutableId", "CertificateUserIds", "AuthorizationInfo",
	}, func(name string) bool { return strings.EqualFold(name, field) })
}

// alike compares the names of an attribute in a log and in a profile: OtherMail
// and otherMails are one, and Microsoft's audit log has names of its own for what
// Graph calls otherwise.
func alike(field, name string) bool { return profileName(field) == profileName(name) }

func profileName(s string) string {
	s = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(s)), "s")
	switch s {
	case "mobile":
		return "mobilephone"
	case "telephonenumber":
		return "businessphone"
	case "otheremail", "alternateemail", "alternateemailaddresse", "alternativeemail":
		return "othermail"
	case "strongauthenticationuserdetails.phonenumber":
		return "phone.mobile"
	case "strongauthenticationuserdetails.alternativephonenumber":
		return "phone.alternatemobile"
	case "strongauthenticationuserdetails.voiceonlyphonenumber":
		return "phone.office"
	case "strongauthenticationuserdetails.email":
		return "email"
	}
	return s
}
