package holds

import "testing"

// TestNetworkOf: neighbours share a network, a port and a notation change
// nothing, and what is no address is in none.
func TestNetworkOf(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7":              "203.0.113.0/24",
		"203.0.113.250:51034":      "203.0.113.0/24",
		"::ffff:203.0.113.9":       "203.0.113.0/24",
		"2001:db8:1:2::7":          "2001:db8:1::/48",
		"[2001:db8:1:ffff::1]:443": "2001:db8:1::/48",
		"fe80::1%eth0":             "fe80::/48",
		"":                         "",
		"<null>":                   "",
		"203.0.113":                "",
		"203.0.113.7, 10.0.0.1":    "",
	} {
		if got := NetworkOf(ip); got != want {
			t.Errorf("%q lies in %q, want %q", ip, got, want)
		}
	}
}

// TestSettled: what anybody can cause without signing in, and what is told from
// wherever it comes, speaks for no network.
func TestSettled(t *testing.T) {
	own := func(c Class, v Verb) Event {
		return Event{Class: c, Verb: v, Outcome: Succeeded, Actor: Party{ID: "ada", Kind: PartyPerson}, Subjects: []Account{{ID: "ada"}}}
	}
	other, nobody, failed, unnamed := own(PasswordReset, Reset), own(PasswordReset, Other), own(None, Other), own(None, Other)
	other.Subjects, nobody.Subjects, failed.Outcome, unnamed.Actor.ID = []Account{{ID: "bob"}}, nil, Failed, ""
	mail, login := own(None, Other), own(None, Other)
	mail.Type, login.Type = "system.email.password_reset.sent_message", "UserLoginFailed"
	for name, c := range map[string]struct {
		e    Event
		want bool
	}{
		"signs in":                        {own(None, Other), true},
		"is sent a message":               {mail, false},
		"tries to sign in":                {login, false},
		"enrols a factor":                 {own(MFAChange, Enrol), true},
		"a new device":                    {own(DeviceRegistration, Enrol), true},
		"a password changed by the old":   {own(PasswordReset, Update), true},
		"resets somebody else's":          {other, true},
		"asks for a new password":         {own(PasswordReset, Reset), false},
		"asks to be let in again":         {own(PasswordReset, Other), false},
		"asks, and no account is named":   {nobody, false},
		"takes a factor away":             {own(MFAChange, Remove), false},
		"a step on the way":               {own(MFAChange, Other), false},
		"a rule of the mailbox":           {own(MailboxDelegation, Grant), false},
		"lets an application in":          {own(OtherTakeover, Grant), false},
		"an attempt that failed":          {failed, false},
		"whoever it was":                  {unnamed, false},
		"a class that nobody knows about": {own("new", Other), false},
	} {
		if got := c.e.Settled(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
