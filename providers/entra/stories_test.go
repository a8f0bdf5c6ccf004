package entra

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
)

// C14: one change is several records, by several services. Each story of the
// simulated tenant must be told by whoever made the change, about the account it
// was made to, and none of its records may be a riddle.
func TestC14EveryStoryIsUnderstood(t *testing.T) {
	const (
		helpdesk = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
		users    = "fe930be7-5e62-47db-91af-98c3a49a38b1"
		desk     = entrasim.HelpDesk
		lead     = entrasim.ITLead
		aiko     = entrasim.Engineer
		luis     = entrasim.EngineerTwo
	)
	hour := entrasim.Duration(time.Hour)
	type request = entrasim.StoryRequest
	for name, c := range map[string]struct {
		story   string
		request request
		class   holds.Class
		verb    holds.Verb
		subject string
		undo    holds.ActionKind
	}{
		"R27 a help desk resets":       {"reset-methods", request{Actor: desk, Subject: aiko}, holds.MFAChange, holds.Remove, aiko, ""},
		"R27 an authenticator":         {"register-method", request{Subject: aiko, Kind: "microsoftAuthenticator", Value: "Pixel"}, holds.MFAChange, holds.Enrol, aiko, ""},
		"R27 a key":                    {"register-method", request{Subject: aiko, Kind: "fido2", Value: "key"}, holds.MFAChange, holds.Enrol, aiko, ""},
		"R27 one's own is removed":     {"remove-method", request{Actor: aiko, Subject: aiko, Method: "microsoftAuthenticator"}, holds.MFAChange, holds.Remove, aiko, ""},
		"R27 a pass":                   {"issue-pass", request{Actor: desk, Subject: aiko, Lasts: hour}, holds.MFAChange, holds.Enrol, aiko, ""},
		"R28 an address to recover by": {"register-method", request{Subject: aiko, Kind: "email", Value: "x@home.example"}, holds.RecoveryChange, holds.Enrol, aiko, ""},
		"R28 a contact attribute":      {"change-profile", request{Actor: entrasim.OrgAdmin, Subject: aiko, Profile: map[string]any{"mobilePhone": "+47 1"}}, holds.RecoveryChange, holds.Update, aiko, ""},
		"R26 an administrator resets":  {"reset-password", request{Actor: desk, Subject: aiko}, holds.PasswordReset, holds.Reset, aiko, ""},
		"R26 by oneself":               {"reset-own-password", request{Subject: aiko}, holds.PasswordReset, holds.Reset, aiko, ""},
		"R26 changed":                  {"change-password", request{Subject: aiko}, holds.PasswordReset, holds.Update, aiko, ""},
		"R29 granted":                  {"grant-role", request{Actor: lead, Subject: luis, Role: helpdesk}, holds.RoleActivation, holds.Grant, luis, ""},
		"R29 assigned for a time":      {"assign-role", request{Actor: lead, Subject: luis, Role: helpdesk, Lasts: hour}, holds.RoleActivation, holds.Grant, luis, ""},
		"R29 made eligible":            {"make-eligible", request{Actor: lead, Subject: luis, Role: users, Lasts: hour}, holds.RoleActivation, holds.Grant, luis, ""},
		"R29 asked to approve no more": {"drop-approval", request{Actor: lead, Role: users}, holds.RoleActivation, holds.Update, "", ""},
		"R33 a device":                 {"register-device", request{Subject: luis, Value: "LAPTOP", Kind: "Windows"}, holds.DeviceRegistration, holds.Enrol, luis, ""},
		"R34 a recovery key":           {"recover-bitlocker", request{Actor: lead, Device: "LAPTOP"}, holds.EmergencyAccess, holds.Other, "", ""},
		"a secret of an app":           {"add-app-secret", request{Actor: lead, App: entrasim.PayrollApp, Value: "backup"}, holds.OtherTakeover, holds.Grant, "", holds.RemoveCredential},
		"a secret of a principal":      {"add-principal-secret", request{Actor: lead, App: entrasim.PayrollApp, Value: "backup"}, holds.OtherTakeover, holds.Grant, "", holds.RemoveCredential},
		"another issuer":               {"federate-app", request{Actor: lead, App: entrasim.PayrollApp, Value: "https://evil.example", Kind: "s"}, holds.OtherTakeover, holds.Grant, "", ""},
		"a consent":                    {"consent", request{Subject: luis, App: entrasim.StrangeApp, Value: "Mail.Read"}, holds.OtherTakeover, holds.Grant, luis, holds.RevokeConsent},
		"a consent for everybody":      {"admin-consent", request{Actor: lead, App: entrasim.StrangeApp, Value: "Mail.Read"}, holds.OtherTakeover, holds.Grant, "", holds.RevokeConsent},
		"a permission of an app":       {"grant-app-role", request{Actor: lead, App: entrasim.PayrollApp, Value: "User.Read.All"}, holds.OtherTakeover, holds.Grant, "", ""},
		"a federation":                 {"set-federation", request{Actor: lead, Domain: "nordwind.example", Value: "https://evil.example"}, holds.OtherTakeover, holds.Update, "", ""},
		"a guest":                      {"invite-guest", request{Actor: lead, Value: "g@x.example", Kind: "Guest"}, holds.OtherTakeover, holds.Grant, "a guest", ""},
		"R32 a policy":                 {"set-policy-state", request{Actor: lead, Policy: entrasim.MFAPolicy, Kind: "disabled"}, holds.RemoteAccess, holds.Update, "", ""},
		"C12 our policy":               {"set-policy-state", request{Actor: lead, Policy: entrasim.SignInPolicy, Kind: "disabled"}, holds.Tamper, holds.Update, "", ""},
		"C12 somebody is left out":     {"exclude-from-policy", request{Actor: lead, Policy: entrasim.SignInPolicy, Subject: luis}, holds.Tamper, holds.Update, "", ""},
		"C12 our group":                {"join-group", request{Actor: lead, Subject: luis, Group: entrasim.RestraintGroup}, holds.Tamper, holds.Grant, luis, ""},
		"C12 our secret":               {"add-app-secret", request{Actor: lead, App: entrasim.OwnApp, Value: "backup"}, holds.Tamper, holds.Grant, "", ""},
		"C12 our permission":           {"revoke-app-role", request{Actor: lead, App: entrasim.OwnApp, Value: "User.Read.All"}, holds.Tamper, holds.Revoke, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := entrasim.New(entrasim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if c.request.Device != "" {
				c.request.Device = s.Company().Devices[0].ID
			}
			before := len(s.Written())
			if _, err := s.Tell(c.story, c.request); err != nil {
				t.Fatal(err)
			}
			if c.request.Actor == "" {
				c.request.Actor = c.request.Subject
			}
			events := decodeRecords(t, s.Written()[before:])
			told := slices.ContainsFunc(events, func(e holds.Event) bool {
				return e.Class == c.class && e.Verb == c.verb && e.Actor.Kind == holds.PartyPerson && e.Actor.ID == c.request.Actor && e.Outcome == holds.Succeeded &&
					(c.undo == "" || e.Undo.Kind == c.undo)
			})
			if !told {
				t.Errorf("nobody is told to have done it: %s", render(t, events))
			}
			for _, e := range events {
				if e.Class == holds.Unclassified {
					t.Errorf("a riddle: %+v", e)
				}
				if e.Class == c.class && c.subject != "a guest" && len(e.Subjects) > 0 && (len(e.Subjects) != 1 || e.Subjects[0].ID != c.subject) {
					t.Errorf("%s is about %v", e.Type, e.Subjects)
				}
			}
		})
	}
}

// decodeRecords decodes what the simulator wrote, by a decoder that knows its
// tenant.
func decodeRecords(t *testing.T, records []entrasim.Record) []holds.Event {
	t.Helper()
	x := NewDecoder(DecoderOptions{
		OwnAccounts:    []string{entrasim.OwnPrincipal, entrasim.OwnApp, entrasim.OwnAppObject},
		RestraintGroup: entrasim.RestraintGroup, RestraintPolicies: []string{entrasim.SignInPolicy, entrasim.InfoPolicy, entrasim.DevicePolicy},
	})
	var out []holds.Event
	for _, r := range records {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x.one(raw, r.At().Add(time.Minute)))
	}
	return out
}

// C16: an activation is a request, a grant and the directory's twin of it; one of
// them is the person's own and takes effect.
func TestC16AnActivationIsOneGrantOfOnesOwn(t *testing.T) {
	const users = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	s, err := entrasim.New(entrasim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	day := entrasim.Duration(24 * time.Hour)
	if _, err := s.Tell("make-eligible", entrasim.StoryRequest{Actor: entrasim.ITLead, Subject: entrasim.EngineerTwo, Role: users, Lasts: day}); err != nil {
		t.Fatal(err)
	}
	before := len(s.Written())
	if _, err := s.Tell("activate-role", entrasim.StoryRequest{Subject: entrasim.EngineerTwo, Role: users, Value: "tickets", Lasts: entrasim.Duration(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var own, twins, steps int
	for _, e := range decodeRecords(t, s.Written()[before:]) {
		if e.Class != holds.RoleActivation || e.Way != holds.WayActivation || e.Rank != holds.RankPrivileged || e.Role.ID != users || len(e.Subjects) != 1 || e.Subjects[0].ID != entrasim.EngineerTwo {
			t.Errorf("%+v", e)
		}
		switch {
		case e.Outcome == holds.Failed:
			steps++
		case e.Actor.Kind == holds.PartyPlatform:
			twins++
		case e.Actor.ID == entrasim.EngineerTwo:
			own++
		}
	}
	if own != 1 || twins != 1 || steps != 1 {
		t.Errorf("%d of one's own, %d twins, %d steps", own, twins, steps)
	}
}
