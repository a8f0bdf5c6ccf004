package entrasim

import (
	"fmt"
	"maps"
	"slices"
)

// StoryRequest tells a story by name. Actor and Subject are ids or logins; the
// other fields are what the named story needs.
type StoryRequest struct {
	Actor   string         `json:"actor"`
	Subject string         `json:"subject"`
	Kind    string         `json:"kind"`    // of a method, or the state of a policy
	Value   string         `json:"value"`   // a number, an address, a name, an issuer, a scope or a permission
	Method  string         `json:"method"`  // id or type
	Lasts   Duration       `json:"lasts"`   // of an activation, an assignment or a pass
	Role    string         `json:"role"`    // template id
	Request string         `json:"request"` // of a role
	Group   string         `json:"group"`
	App     string         `json:"app"` // appId
	Key     string         `json:"key"` // keyId of a secret
	Device  string         `json:"device"`
	Domain  string         `json:"domain"`
	Policy  string         `json:"policy"`
	Profile map[string]any `json:"profile"` // properties by their Graph names
	From    string         `json:"from"`    // the actor's place
	Fails   string         `json:"fails"`   // result failure with this reason
}

// Stories lists the names that Tell knows.
func (s *Sim) Stories() []string { return slices.Sorted(maps.Keys(s.stories())) }

// Tell tells a story by name. Without an actor the subject acts.
func (s *Sim) Tell(name string, q StoryRequest) (Told, error) {
	story, ok := s.stories()[name]
	if !ok {
		return Told{}, fmt.Errorf("there is no story %q; there are %v", name, s.Stories())
	}
	var opts []StoryOption
	if q.From != "" {
		opts = append(opts, From(q.From))
	}
	if q.Fails != "" {
		opts = append(opts, Failing(q.Fails))
	}
	if q.Actor == "" {
		q.Actor = q.Subject
	}
	return story(q, opts)
}

type story = func(StoryRequest, []StoryOption) (Told, error)

func (s *Sim) stories() map[string]story {
	out := s.storiesOfPeople()
	maps.Copy(out, s.storiesOfRoles())
	maps.Copy(out, s.storiesOfTenant())
	return out
}

func (s *Sim) storiesOfPeople() map[string]story {
	type q = StoryRequest
	type o = []StoryOption
	return map[string]story{
		"reset-methods":   func(q q, o o) (Told, error) { return s.HelpDeskResetsMethods(q.Actor, q.Subject, o...) },
		"remove-method":   func(q q, o o) (Told, error) { return s.RemovesMethod(q.Actor, q.Subject, q.Method, o...) },
		"register-method": func(q q, o o) (Told, error) { return s.RegistersMethod(q.Subject, q.Kind, q.Value, o...) },
		"admin-registers-method": func(q q, o o) (Told, error) {
			return s.AdminRegistersMethod(q.Actor, q.Subject, q.Kind, q.Value, o...)
		},
		"issue-pass": func(q q, o o) (Told, error) {
			return s.AdminIssuesPass(q.Actor, q.Subject, int(q.Lasts.D().Minutes()), o...)
		},
		"change-recovery-phone": func(q q, o o) (Told, error) {
			if q.Actor == q.Subject {
				return s.ChangesRecoveryPhone(q.Subject, q.Value, o...)
			}
			return s.AdminChangesRecoveryPhone(q.Actor, q.Subject, q.Value, o...)
		},
		"reset-password":     func(q q, o o) (Told, error) { return s.AdminResetsPassword(q.Actor, q.Subject, o...) },
		"reset-own-password": func(q q, o o) (Told, error) { return s.ResetsOwnPassword(q.Subject, o...) },
		"change-password":    func(q q, o o) (Told, error) { return s.ChangesPassword(q.Subject, o...) },
		"change-profile":     func(q q, o o) (Told, error) { return s.ChangesProfile(q.Actor, q.Subject, q.Profile, o...) },
		"sync":               func(q q, o o) (Told, error) { return s.Syncs(q.Subject, q.Profile, o...) },
		"disable":            func(q q, o o) (Told, error) { return s.Disables(q.Actor, q.Subject, o...) },
		"enable":             func(q q, o o) (Told, error) { return s.Enables(q.Actor, q.Subject, o...) },
		"revoke-sessions":    func(q q, o o) (Told, error) { return s.RevokesSessions(q.Actor, q.Subject, o...) },
		"sign-in":            func(q q, o o) (Told, error) { return s.SignsIn(q.Subject, o...) },
		"sign-out":           func(q q, o o) (Told, error) { return s.SignsOut(q.Subject, o...) },
		"register-device":    func(q q, o o) (Told, error) { return s.RegistersDevice(q.Subject, q.Value, q.Kind, o...) },
		"invite-guest":       func(q q, o o) (Told, error) { return s.InvitesGuest(q.Actor, q.Value, q.Kind, o...) },
	}
}

func (s *Sim) storiesOfRoles() map[string]story {
	type q = StoryRequest
	type o = []StoryOption
	return map[string]story{
		"grant-role":  func(q q, o o) (Told, error) { return s.GrantsRole(q.Actor, q.Subject, q.Role, o...) },
		"revoke-role": func(q q, o o) (Told, error) { return s.RevokesRole(q.Actor, q.Subject, q.Role, o...) },
		"assign-role": func(q q, o o) (Told, error) {
			return s.AssignsRole(q.Actor, q.Subject, q.Role, q.Lasts.D(), o...)
		},
		"make-eligible": func(q q, o o) (Told, error) {
			return s.MakesEligible(q.Actor, q.Subject, q.Role, q.Lasts.D(), o...)
		},
		"activate-role": func(q q, o o) (Told, error) {
			return s.RequestsActivation(q.Subject, q.Role, q.Value, q.Lasts.D(), o...)
		},
		"approve-activation": func(q q, o o) (Told, error) { return s.ApprovesActivation(q.Actor, q.Request, o...) },
		"deny-activation":    func(q q, o o) (Told, error) { return s.DeniesActivation(q.Actor, q.Request, o...) },
		"demand-approval":    func(q q, o o) (Told, error) { return s.SetsApproval(q.Actor, q.Role, true, o...) },
		"drop-approval":      func(q q, o o) (Told, error) { return s.SetsApproval(q.Actor, q.Role, false, o...) },
		"join-group":         func(q q, o o) (Told, error) { return s.JoinsGroup(q.Actor, q.Subject, q.Group, o...) },
		"leave-group":        func(q q, o o) (Told, error) { return s.LeavesGroup(q.Actor, q.Subject, q.Group, o...) },
	}
}

func (s *Sim) storiesOfTenant() map[string]story {
	type q = StoryRequest
	type o = []StoryOption
	return map[string]story{
		"add-app-secret":       func(q q, o o) (Told, error) { return s.AddsAppSecret(q.Actor, q.App, q.Value, o...) },
		"remove-app-secret":    func(q q, o o) (Told, error) { return s.RemovesAppSecret(q.Actor, q.App, q.Key, o...) },
		"add-principal-secret": func(q q, o o) (Told, error) { return s.AddsPrincipalSecret(q.Actor, q.App, q.Value, o...) },
		"federate-app":         func(q q, o o) (Told, error) { return s.FederatesApp(q.Actor, q.App, q.Value, q.Kind, o...) },
		"consent":              func(q q, o o) (Told, error) { return s.ConsentsToApp(q.Subject, q.App, q.Value, o...) },
		"admin-consent":        func(q q, o o) (Told, error) { return s.AdminConsentsToApp(q.Actor, q.App, q.Value, o...) },
		"grant-app-role":       func(q q, o o) (Told, error) { return s.GrantsAppRole(q.Actor, q.App, q.Value, o...) },
		"revoke-app-role":      func(q q, o o) (Told, error) { return s.RevokesAppRole(q.Actor, q.App, q.Value, o...) },
		"set-federation":       func(q q, o o) (Told, error) { return s.SetsFederation(q.Actor, q.Domain, q.Value, o...) },
		"set-managed":          func(q q, o o) (Told, error) { return s.SetsManaged(q.Actor, q.Domain, o...) },
		"recover-bitlocker":    func(q q, o o) (Told, error) { return s.RecoversBitLocker(q.Actor, q.Device, o...) },
		"recover-local-admin":  func(q q, o o) (Told, error) { return s.RecoversLocalAdmin(q.Actor, q.Device, o...) },
		"change-methods-policy": func(q q, o o) (Told, error) {
			return s.ChangesMethodsPolicy(q.Actor, q.Method, q.Kind, o...)
		},
		"exclude-from-policy": func(q q, o o) (Told, error) { return s.ExcludesFromPolicy(q.Actor, q.Policy, q.Subject, o...) },
		"set-policy-state":    func(q q, o o) (Told, error) { return s.SetsPolicyState(q.Actor, q.Policy, q.Kind, o...) },
		"delete-policy":       func(q q, o o) (Told, error) { return s.DeletesPolicy(q.Actor, q.Policy, o...) },
	}
}
