package oktasim

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
	Kind    string         `json:"kind"`    // enrol-factor
	Device  string         `json:"device"`  // enrol-factor, move-device
	Factor  string         `json:"factor"`  // remove-factor
	Role    string         `json:"role"`    // grant-role, revoke-role, grant-group-role
	Group   string         `json:"group"`   // grant-group-role, join-group, leave-group
	Email   string         `json:"email"`   // change-recovery-email
	Name    string         `json:"name"`    // make-token, add-idp
	Issuer  string         `json:"issuer"`  // add-idp
	IDP     string         `json:"idp"`     // activate-idp
	Step    string         `json:"step"`    // move-device; Device is the device's id
	Profile map[string]any `json:"profile"` // change-profile
	Policy  string         `json:"policy"`  // exclude-from-rule, deactivate-rule
	Rule    string         `json:"rule"`    // exclude-from-rule, deactivate-rule
	Hook    string         `json:"hook"`    // deactivate-hook
	Approve bool           `json:"approve"` // answer-push
	Number  int            `json:"number"`  // answer-push
	From    string         `json:"from"`    // the actor's place
	Fails   string         `json:"fails"`   // outcome FAILURE with this reason
}

// Stories lists the names that Tell knows.
func (s *Sim) Stories() []string { return slices.Sorted(maps.Keys(s.stories())) }

// Tell tells a story by name.
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
	return story(q, opts...)
}

func (s *Sim) stories() map[string]func(StoryRequest, ...StoryOption) (Told, error) {
	type told = func(StoryRequest, ...StoryOption) (Told, error)
	return map[string]told{
		"reset-factors": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.HelpDeskResetsFactors(q.Actor, q.Subject, o...)
		},
		"enrol-factor": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.EnrolsFactor(q.Subject, q.Kind, q.Device, o...)
		},
		"remove-factor": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.RemovesFactor(q.Actor, q.Subject, q.Factor, o...)
		},
		"grant-role": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.GrantsRole(q.Actor, q.Subject, q.Role, o...)
		},
		"revoke-role": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.RevokesRole(q.Actor, q.Subject, q.Role, o...)
		},
		"grant-group-role": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.GrantsGroupRole(q.Actor, q.Group, q.Role, o...)
		},
		"join-group": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.JoinsGroup(q.Actor, q.Subject, q.Group, o...)
		},
		"leave-group": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.LeavesGroup(q.Actor, q.Subject, q.Group, o...)
		},
		"change-recovery-email": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.ChangesRecoveryEmail(q.Actor, q.Subject, q.Email, o...)
		},
		"change-profile": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.ChangesProfile(q.Actor, q.Subject, q.Profile, o...)
		},
		"reset-password": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.AdminResetsPassword(q.Actor, q.Subject, o...)
		},
		"expire-password": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.AdminExpiresPassword(q.Actor, q.Subject, o...)
		},
		"choose-password": func(q StoryRequest, o ...StoryOption) (Told, error) { return s.ChoosesPassword(q.Subject, o...) },
		"sign-in":         func(q StoryRequest, o ...StoryOption) (Told, error) { return s.SignsIn(q.Subject, o...) },
		"sign-out":        func(q StoryRequest, o ...StoryOption) (Told, error) { return s.SignsOut(q.Subject, o...) },
		"suspend":         func(q StoryRequest, o ...StoryOption) (Told, error) { return s.Suspends(q.Actor, q.Subject, o...) },
		"unsuspend":       func(q StoryRequest, o ...StoryOption) (Told, error) { return s.Unsuspends(q.Actor, q.Subject, o...) },
		"answer-push": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.AnswersPush(q.Subject, q.Approve, q.Number, o...)
		},
		"make-token": func(q StoryRequest, o ...StoryOption) (Told, error) { return s.MakesToken(q.Actor, q.Name, o...) },
		"add-idp": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.AddsIDP(q.Actor, q.Name, q.Issuer, o...)
		},
		"activate-idp": func(q StoryRequest, o ...StoryOption) (Told, error) { return s.ActivatesIDP(q.Actor, q.IDP, o...) },
		"move-device": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.MovesDevice(q.Actor, q.Device, q.Step, o...)
		},
		"grant-support-access": func(q StoryRequest, o ...StoryOption) (Told, error) { return s.GrantsSupportAccess(q.Actor, o...) },
		"support-signs-in":     func(q StoryRequest, _ ...StoryOption) (Told, error) { return s.SupportSignsIn(q.Subject) },
		"exclude-from-rule": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.ExcludesFromRule(q.Actor, q.Policy, q.Rule, q.Subject, o...)
		},
		"deactivate-rule": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.DeactivatesRule(q.Actor, q.Policy, q.Rule, o...)
		},
		"deactivate-hook": func(q StoryRequest, o ...StoryOption) (Told, error) {
			return s.DeactivatesHook(q.Actor, q.Hook, o...)
		},
	}
}
