package oktasim

import "fmt"

// EnrolsFactor is the subject enrolling a factor of their own. Kind is
// okta_verify (a device with all its methods) or one of Okta's factor types;
// device is the device's, key's or phone's name or number. On Identity Engine
// the account management policy may deny it.
func (s *Sim) EnrolsFactor(subject, kind, device string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, "/idp/idx/credential/enroll", need{self: true}, func(c *cause, p *Person) error {
		if a := s.evaluate(p, isAccountManagement); a.Access == "DENY" {
			s.emit(c, "policy.evaluate_sign_on", []Entity{personEntity(p)}, result("DENY"), reason("Sign-on policy evaluation resulted in DENY"))
			return &Denied{Person: p.ID, Access: a}
		}
		if kind == "okta_verify" {
			return asError(s.enrolDevice(c, p, device))
		}
		provider := ""
		if kind == "google" {
			kind, provider = "token:software:totp", "GOOGLE"
		}
		f, err := s.newFactor(kind, provider, factorProfile(kind, device, p), "")
		if err == nil {
			err = s.addFactor(p, f)
		}
		if err != nil {
			return err
		}
		s.activateFactor(c, p, &p.Factors[len(p.Factors)-1])
		return nil
	}, opts)
}

// factorProfile says what the device's name is, by factor type.
func factorProfile(kind, device string, p *Person) map[string]any {
	switch kind {
	case "webauthn":
		return map[string]any{"credentialId": randomText(43), "authenticatorName": device}
	case "sms", "call":
		return map[string]any{"phoneNumber": device}
	case "email":
		return map[string]any{"email": device}
	case "question":
		return map[string]any{"question": "disliked_food", "questionText": "What is the food you least liked as a child?"}
	}
	return map[string]any{"credentialId": p.Profile.Get("login"), "name": device}
}

// ChoosesPassword is the subject setting a new password.
func (s *Sim) ChoosesPassword(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, "/idp/idx/challenge/answer", need{self: true}, func(c *cause, p *Person) error {
		return asError(s.setPassword(c, p))
	}, opts)
}

// SignsIn opens a session with an OAuth token, unless status or policy forbids.
func (s *Sim) SignsIn(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, "/idp/idx/identify", need{self: true}, func(c *cause, p *Person) error {
		a := s.evaluate(p, func(x *Policy) bool { return x.Type == typeSignOn })
		if a.Access == "DENY" {
			s.emit(c, "policy.evaluate_sign_on", []Entity{personEntity(p)}, result("DENY"), reason("Sign-on policy evaluation resulted in DENY"))
			return &Denied{Person: p.ID, Access: a}
		}
		if p.Status != Active {
			return errStatus()
		}
		p.Sessions = append(p.Sessions, Session{ID: c.session, Created: s.now()})
		p.OAuthTokens = append(p.OAuthTokens, OAuthToken{ID: newID("oar"), Client: "0oaOktaDashboardApp0", Issued: s.now()})
		p.LastLogin = s.now()
		s.emit(c, "user.session.start", []Entity{{ID: "0oaOktaDashboardApp0", Type: "AppInstance", AlternateID: "Okta Dashboard", DisplayName: "Okta Dashboard"}})
		return nil
	}, opts)
}

// SignsOut ends the subject's sessions; OAuth tokens live on.
func (s *Sim) SignsOut(subject string, opts ...StoryOption) (Told, error) {
	return s.act(subject, subject, "/login/signout", need{self: true}, func(c *cause, p *Person) error {
		p.Sessions = nil
		s.emit(c, "user.session.end", []Entity{personEntity(p)})
		return nil
	}, opts)
}

// AnswersPush answers the push that waits on the subject's device. A number is
// needed only when the push asked for number matching.
func (s *Sim) AnswersPush(subject string, approve bool, number int, opts ...StoryOption) (Told, error) {
	var t telling
	for _, o := range opts {
		o(&t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(subject)
	if p == nil {
		return Told{}, fmt.Errorf("story: there is no person %q", subject)
	}
	c := s.byPerson(p, t.place, "/api/v1/authn/factors/push/answer")
	if err := s.answerPush(c, p, approve, number); err != nil {
		return Told{}, fmt.Errorf("story: %s answers a push: %w", subject, err)
	}
	return Told{Transaction: c.txn, Events: c.events}, nil
}
