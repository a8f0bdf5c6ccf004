package holds

import (
	"slices"
	"testing"
)

// TestHeldAccounts: who is held for a change that names accounts, and for one
// that names none.
func TestHeldAccounts(t *testing.T) {
	admin := Party{ID: "00uadmin", Kind: PartyPerson, Login: "ada@example.com", Name: "Ada"}
	by := func(k PartyKind) Party { p := admin; p.Kind = k; return p }
	two := []Account{{ID: "00ua"}, {ID: "00ub"}}
	stands := []Account{{ID: "00uadmin", Login: "ada@example.com", Name: "Ada"}}
	for _, tc := range []struct {
		name string
		e    Event
		want []Account
	}{
		{"its subjects, each of them", Event{Class: MFAChange, Actor: admin, Subjects: two}, two},
		{"its subjects, whatever the class", Event{Class: PasswordReset, Actor: admin, Subjects: two}, two},
		{"a new identity provider", Event{Class: OtherTakeover, Actor: admin}, stands},
		{"a network zone", Event{Class: RemoteAccess, Actor: admin}, stands},
		{"support access", Event{Class: EmergencyAccess, Actor: admin}, stands},
		{"a group's role", Event{Class: RoleActivation, Actor: admin}, stands},
		{"a factor for everybody", Event{Class: MFAChange, Actor: admin}, stands},
		{"a factor taken from everybody", Event{Class: MFAChange, Verb: Remove, Actor: admin}, stands},
		{"C5 factors of nobody reset", Event{Class: MFAChange, Verb: Reset, Actor: admin}, nil},
		{"C5 a factor of nobody's enrolled", Event{Class: MFAChange, Verb: Enrol, Actor: admin}, nil},
		{"by an API token, whose owner answers", Event{Class: OtherTakeover, Actor: by(PartyToken)}, stands},
		{"by an application", Event{Class: OtherTakeover, Actor: by(PartyApp)}, nil},
		{"by the platform", Event{Class: OtherTakeover, Actor: by(PartyPlatform)}, nil},
		{"by the vendor's support", Event{Class: EmergencyAccess, Actor: by(PartySupport)}, nil},
		{"by nobody that can be told", Event{Class: OtherTakeover, Actor: Party{Kind: PartyPerson}}, nil},
		{"C5 a password of nobody", Event{Class: PasswordReset, Actor: admin}, nil},
		{"C5 a recovery address of nobody", Event{Class: RecoveryChange, Actor: admin}, nil},
		{"tamper has our footing as its subject", Event{Class: Tamper, Actor: admin}, nil},
		{"what is not understood", Event{Class: Unclassified, Actor: admin}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.e.Held(); !slices.Equal(got, tc.want) {
				t.Fatalf("held are %v, want %v", got, tc.want)
			}
		})
	}
}
