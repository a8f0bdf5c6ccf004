package keeper

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// made is an event that names what came into being.
func made(class holds.Class, kind holds.ActionKind, object string) holds.Event {
	e := resetAll("e1")
	e.Class, e.Verb, e.Type = class, holds.Grant, "something.create"
	e.Undo = holds.Action{Kind: kind, Object: object}
	return e
}

// holdAll is a policy that holds every change, so that these tests do not hang on
// which changes the shipped one holds.
type holdAll struct{ terms holds.Terms }

func (j holdAll) Judge(e holds.Event, _ holds.Facts) holds.Ruling {
	if e.Class == holds.None || e.Outcome == holds.Failed {
		return holds.Ruling{Verdict: holds.Record}
	}
	return holds.Ruling{Verdict: holds.HoldIt, Terms: j.terms}
}

func strict() holds.Terms {
	return holds.Terms{
		Rule: "all", Policy: "test/1", Tier: holds.TierHigh, Items: 2, Paths: 2, Approvers: 1, Tell: true, Deadline: time.Hour,
		Contain: []holds.ActionKind{holds.JoinRestraintGroup, holds.ClearSessions, holds.SuspendAccount},
	}
}

// all is a world in which every change is held.
func all(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.Judge = holdAll{strict()}
	return w
}

// TestUndoWhatTheEventNames: each kind of thing that came into being is taken
// away by one call, read back, also when the answer is lost.
func TestUndoWhatTheEventNames(t *testing.T) {
	for _, kind := range []holds.ActionKind{
		holds.LeaveGroup, holds.DisableDevice, holds.RevokeToken, holds.RevokeConsent, holds.RemoveCredential, holds.DeactivateIDP,
	} {
		for lost, fails := range map[string]func(*provider){
			"": func(*provider) {}, "call lost": func(p *provider) { p.before = 1 }, "answer lost": func(p *provider) { p.after = 1 },
		} {
			t.Run(string(kind)+" "+lost, func(t *testing.T) {
				w := all(t)
				w.provider.account.Groups = []holds.Object{{ID: "g-own"}, {ID: "thing"}}
				denied(t, w, made(holds.OtherTakeover, kind, "thing"))
				fails(w.provider)
				w.run(holds.EffectRevert)
				h := w.the(t)
				if h.State != holds.Reverted || len(h.RevertDone) != 1 || len(h.Irreversible) != 0 || w.provider.effects[kind] != 1 {
					t.Fatalf("%s, done %q, not done %q, took effect %d times", h.State, h.RevertDone, h.Irreversible, w.provider.effects[kind])
				}
				if kind == holds.LeaveGroup && (len(w.provider.account.Groups) != 1 || w.provider.account.Groups[0].ID != "g-own") {
					t.Fatalf("groups left: %v", w.provider.account.Groups)
				}
			})
		}
	}
}

// TestIrreversibleUndoWaitsForADeny: the owner's word alone revokes no token and
// removes no factor, however long it stands.
func TestIrreversibleUndoWaitsForADeny(t *testing.T) {
	for _, kind := range []holds.ActionKind{holds.RemoveFactor, holds.RevokeToken, holds.RemoveCredential} {
		if kind.Reversible() {
			t.Errorf("%s counts as reversible", kind)
		}
		w := all(t)
		w.provider.account.Factors = []holds.Factor{{ID: "thing"}}
		w.happens(t, made(holds.OtherTakeover, kind, "thing"))
		w.run(holds.EffectContain, holds.EffectTell)
		for id := range w.notices {
			if err := w.Answer(t.Context(), "acme", id, "code-"+string(id), true); err != nil {
				t.Fatal(err)
			}
		}
		w.now = w.now.Add(48 * time.Hour)
		w.Escalate(t.Context())
		w.run(holds.EffectContain, holds.EffectRevert, holds.EffectLift)
		if n := w.provider.effects[kind]; n != 0 || w.the(t).State != holds.Denied {
			t.Fatalf("%s: %d times on the owner's word, hold %s", kind, n, w.the(t).State)
		}
		if _, err := w.Keeper.Decide(t.Context(), w.key(t), "adam", holds.Deny, w.the(t).Version, "asked her"); err != nil {
			t.Fatal(err)
		}
		w.run(holds.EffectRevert)
		if n := w.provider.effects[kind]; n != 1 || w.the(t).State != holds.Reverted {
			t.Fatalf("%s: %d times after the deny, hold %s", kind, n, w.the(t).State)
		}
	}
}

// TestUndoWithoutReadBackIsNotCalledDone: where the platform cannot show the
// thing, people are asked to look; and a thing that cannot be looked at now is
// looked at again.
func TestUndoWithoutReadBackIsNotCalledDone(t *testing.T) {
	t.Run("the platform cannot", func(t *testing.T) {
		w := all(t)
		c := w.connections["acme-okta"]
		c.Objects = nil
		w.connections["acme-okta"] = c
		denied(t, w, made(holds.OtherTakeover, holds.RevokeToken, "thing"))
		w.run(holds.EffectRevert)
		if h := w.the(t); h.State != holds.Reverted || len(h.RevertDone) != 0 || !strings.Contains(strings.Join(h.Irreversible, ""), "look at it by hand") {
			t.Fatalf("%s, done %q, not done %q", h.State, h.RevertDone, h.Irreversible)
		}
	})
	t.Run("not now", func(t *testing.T) {
		w := all(t)
		denied(t, w, made(holds.OtherTakeover, holds.RevokeToken, "thing"))
		w.provider.unseen = holds.Refuse(holds.Unavailable, "down")
		j := take(t, w, holds.EffectRevert)
		if err := w.revert(t.Context(), j); err == nil || w.the(t).State != holds.Denied {
			t.Fatalf("called undone without a look: %v %s", err, w.the(t).State)
		}
		w.provider.unseen = nil
		if err := w.revert(t.Context(), j); err != nil || w.the(t).State != holds.Reverted || w.provider.effects[holds.RevokeToken] != 1 {
			t.Fatalf("%v %s, %d times", err, w.the(t).State, w.provider.effects[holds.RevokeToken])
		}
	})
}

// TestOneUndoingThatFailsTakesNoneOfTheOthers: a missing permission for one thing
// leaves the rest undone no longer than it must.
func TestOneUndoingThatFailsTakesNoneOfTheOthers(t *testing.T) {
	w := all(t)
	w.provider.account.Roles = []holds.Role{{ID: "r1", Kind: "SUPER_ADMIN", Name: "Super"}}
	w.happens(t, made(holds.OtherTakeover, holds.RevokeToken, "thing"))
	role := roleGranted(holds.Object{Name: "Super"})
	role.ID = "e2"
	denied(t, w, role)
	w.provider.before, w.provider.err = 1, holds.Refuse(holds.Forbidden, "the app lacks okta.apiTokens.manage")
	j := take(t, w, holds.EffectRevert)
	if err := w.revert(t.Context(), j); err == nil {
		t.Fatal("said done")
	}
	if len(w.provider.account.Roles) != 0 || !strings.Contains(strings.Join(w.the(t).Doubts, ""), "okta.apiTokens.manage") {
		t.Fatalf("roles %v, doubts %q", w.provider.account.Roles, w.the(t).Doubts)
	}
	if err := w.revert(t.Context(), j); err != nil || !w.provider.ended["thing"] || len(w.the(t).RevertDone) != 2 {
		t.Fatalf("%v, ended %v, done %q", err, w.provider.ended, w.the(t).RevertDone)
	}
}

// TestG12GoneMeanwhile: what was deleted while the account was held needs no
// undoing, which is said and audited; what stands beside it is undone.
func TestG12GoneMeanwhile(t *testing.T) {
	enrolled := resetAll("e1")
	enrolled.Verb, enrolled.Type, enrolled.Factor = holds.Enrol, "user.mfa.factor.activate", holds.Object{ID: "f-new"}
	before := holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Factors: []holds.Factor{{ID: "f-old"}}}
	for name, tc := range map[string]struct {
		event   holds.Event
		now     func(*provider)
		done    string
		cannot  string
		undoing holds.ActionKind
	}{
		"G12 the role":             {event: roleGranted(holds.Object{Name: "Super"}), done: "no role that came since is on the account any more"},
		"G12 the factor":           {event: enrolled, now: func(p *provider) { p.account.Factors = before.Factors }, done: "no factor that came since is on the account any more"},
		"G12 the group membership": {event: made(holds.RemoteAccess, holds.LeaveGroup, "g1"), done: "leave group g1: it was so already"},
		"G12 the app": {event: made(holds.OtherTakeover, holds.RevokeConsent, "grant"), now: func(p *provider) {
			p.unseen = holds.Refuse(holds.NotFound, "no such grant")
		}, done: "revoke consent grant: it was so already"},
		"G12 the account": {event: roleGranted(holds.Object{Name: "Super"}), now: func(p *provider) { p.prior = true }, cannot: "the account no longer exists"},
		"G12 the account, not its token": {
			event: made(holds.OtherTakeover, holds.RevokeToken, "token"), now: func(p *provider) { p.prior = true },
			done: "revoke token token", cannot: "the account no longer exists", undoing: holds.RevokeToken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := all(t)
			w.snapshots = append(w.snapshots, before)
			denied(t, w, tc.event)
			if tc.now != nil {
				tc.now(w.provider)
			}
			calls := len(w.provider.calls)
			if errs := w.run(holds.EffectRevert); len(errs) > 0 {
				t.Fatal(errs)
			}
			h := w.the(t)
			if h.State != holds.Reverted || !strings.Contains(strings.Join(h.RevertDone, ";"), tc.done) || !strings.Contains(strings.Join(h.Irreversible, ";"), tc.cannot) {
				t.Fatalf("%s, done %q, not done %q", h.State, h.RevertDone, h.Irreversible)
			}
			if made := w.provider.calls[calls:]; tc.undoing == "" && len(made) > 0 || tc.undoing != "" && (len(made) != 1 || made[0].Kind != tc.undoing) {
				t.Fatalf("calls %v", made)
			}
			if !slices.ContainsFunc(w.entries, func(e holds.Entry) bool { return e.Kind == "hold.reverted" }) {
				t.Fatal("no audit entry says so")
			}
		})
	}
}

// TestUndoOfAnUnnamedAccount: an application made it, no account is known, and the
// consent is revoked all the same.
func TestUndoOfAnUnnamedAccount(t *testing.T) {
	w := all(t)
	e := made(holds.OtherTakeover, holds.RevokeConsent, "grant")
	e.Subjects, e.Actor = nil, holds.Party{ID: "app", Kind: holds.PartyApp}
	denied(t, w, e)
	w.provider.unreadable = holds.Refuse(holds.Invalid, "that is no account")
	if errs := w.run(holds.EffectRevert); len(errs) > 0 || !w.provider.ended["grant"] || w.the(t).State != holds.Reverted {
		t.Fatalf("%v, ended %v, hold %s", errs, w.provider.ended, w.the(t).State)
	}
}

// TestRestoreProfile: recovery attributes go back to the before-image, those that
// the event names and no others; without a before-image people do it.
func TestRestoreProfile(t *testing.T) {
	for name, tc := range map[string]struct {
		before map[string]string
		fields []string
		want   map[string]string
		says   string
	}{
		"named": {
			before: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1"}, fields: []string{"secondEmail"},
			want: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+9"}, says: "restore profile secondEmail",
		},
		"named otherwise": {
			before: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1"}, fields: []string{"StrongAuthenticationUserDetails"},
			want: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1"}, says: "restore profile mobilePhone,secondEmail",
		},
		"named in the words of a log": {
			before: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1", "phone.mobile": "+2"},
			fields: []string{"StrongAuthenticationUserDetails.PhoneNumber"},
			want:   map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9", "phone.mobile": "+2"}, says: "restore profile phone.mobile",
		},
		"was empty": {
			before: map[string]string{"mobilePhone": "+9"}, fields: []string{"SecondEmails"},
			want: map[string]string{"secondEmail": "", "mobilePhone": "+9"}, says: "restore profile secondEmail",
		},
		"changed back": {
			before: map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9"},
			want:   map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9"}, says: "there was nothing left to set back",
		},
		"signed in by it": {
			before: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1"}, fields: []string{"SourceAnchor"},
			want: map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9"}, says: "set SourceAnchor back by hand",
		},
		"signed in by it, and a contact": {
			before: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+1"}, fields: []string{"secondEmail", "userPrincipalName"},
			want: map[string]string{"secondEmail": "old@home.example", "mobilePhone": "+9"}, says: "set userPrincipalName back by hand",
		},
		"not known": {want: map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9"}, says: "by hand to the value on file"},
	} {
		t.Run(name, func(t *testing.T) {
			w := all(t)
			if tc.before != nil {
				w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Contacts: tc.before})
			}
			w.provider.account.Contacts = map[string]string{"secondEmail": "thief@evil.example", "mobilePhone": "+9"}
			e := resetAll("e1")
			e.Class, e.Verb, e.Type = holds.RecoveryChange, holds.Update, "user.account.update_secondary_email"
			for _, f := range tc.fields {
				e.Fields = append(e.Fields, holds.FieldChange{Field: f})
			}
			denied(t, w, e)
			w.provider.after = 1 // and the first answer is lost
			w.run(holds.EffectRevert)
			h := w.the(t)
			if said := strings.Join(append(h.RevertDone, h.Irreversible...), ";"); h.State != holds.Reverted || !strings.Contains(said, tc.says) {
				t.Fatalf("%s: %q", h.State, said)
			}
			for k, v := range tc.want {
				if got := w.provider.account.Contacts[k]; got != v {
					t.Errorf("%s is %q, want %q", k, got, v)
				}
			}
			for _, i := range w.intents {
				if i.Action.Before != nil {
					t.Error("personal data is kept with an intent")
				}
			}
		})
	}
}

// TestTheWayBackIsSaid: one sentence for each thing that nothing undoes.
func TestTheWayBackIsSaid(t *testing.T) {
	for says, e := range map[string]holds.EventRef{
		"enrol new ones with the owner present":              {Class: holds.MFAChange, Verb: holds.Reset, Type: "user.mfa.factor.reset_all"},
		"(Microsoft Authenticator) cannot be put back":       {Class: holds.MFAChange, Verb: holds.Remove, Factor: holds.Object{Name: "Microsoft Authenticator"}},
		"temporary access code or pass":                      {Class: holds.MFAChange, Verb: holds.Update},
		"set a new one with the owner present":               {Class: holds.PasswordReset, Verb: holds.Reset},
		"grant it anew":                                      {Class: holds.RoleActivation, Verb: holds.Revoke},
		"change the password or key that was shown":          {Class: holds.EmergencyAccess},
		"Set-Mailbox -ForwardingSmtpAddress $null, olga":     {Class: holds.MailboxDelegation, Type: "Set-Mailbox", Fields: []string{"ForwardingSmtpAddress"}, Objects: []holds.Object{{Name: "olga"}}},
		"Remove-InboxRule what New-InboxRule -ForwardTo":     {Class: holds.MailboxDelegation, Type: "New-InboxRule", Fields: []string{"ForwardTo"}},
		"Remove-MailboxPermission what Add-":                 {Class: holds.MailboxDelegation, Type: "Add-MailboxPermission"},
		"Disable-TransportRule":                              {Class: holds.MailboxDelegation, Type: "Enable-TransportRule"},
		"Set-InboxRule to what it was before":                {Class: holds.MailboxDelegation, Type: "Set-InboxRule"},
		"UpdateInboxRules":                                   {Class: holds.MailboxDelegation, Type: "UpdateInboxRules"},
		"Remove-MgDomainFederationConfiguration":             {Class: holds.OtherTakeover, Type: "Set federation settings on domain", Objects: []holds.Object{{Name: "acme.example"}}},
		"undo by hand: policy.rule.update, Default Policy":   {Class: holds.RemoteAccess, Type: "policy.rule.update", Objects: []holds.Object{{Name: "Default Policy"}, {Name: "Default Policy"}}},
		"compare the owner's devices with the owner":         {Class: holds.DeviceRegistration},
		"undo by hand: something nobody has seen before, id": {Class: holds.Unclassified, Type: "something nobody has seen before", Objects: []holds.Object{{ID: "id"}}},
	} {
		if got := byHand(e); !strings.Contains(got, says) {
			t.Errorf("%s %s: %q does not say %q", e.Class, e.Type, got, says)
		}
	}
}

// TestAMembershipOfBeforeIsLeft: the owner was in the group, was taken out and put
// back. Undoing the last of it must not take from the owner what was theirs.
func TestAMembershipOfBeforeIsLeft(t *testing.T) {
	for group, left := range map[string]int{"g-own": 2, "g-new": 1} {
		w := all(t)
		w.snapshots = append(w.snapshots, holds.Snapshot{Account: holds.Account{ID: "00uvictim"}, At: start.Add(-time.Hour), Groups: []holds.Object{{ID: "g-own"}}})
		w.provider.account.Groups = []holds.Object{{ID: "g-own"}, {ID: "g-new"}}
		denied(t, w, made(holds.RemoteAccess, holds.LeaveGroup, group))
		w.run(holds.EffectRevert)
		h := w.the(t)
		if len(w.provider.account.Groups) != left || h.State != holds.Reverted {
			t.Errorf("%s: %s, groups %v", group, h.State, w.provider.account.Groups)
		}
		if said := strings.Join(h.Irreversible, ";"); strings.Contains(said, "decide by hand") != (left == 2) {
			t.Errorf("%s: people read %q", group, said)
		}
	}
}
