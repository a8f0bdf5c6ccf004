package oktasim

import (
	"maps"
	"net/http"
	"slices"
)

func (s *Sim) listFactors(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	out := []any{}
	for _, f := range p.Factors {
		out = append(out, factorWire(p, f, c.base))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// factor finds the factor of the path.
func (s *Sim) factor(c *call) (*Person, *Factor, *Error) {
	p, err := s.target(c)
	if err != nil {
		return nil, nil, err
	}
	id := c.r.PathValue("factor")
	i := slices.IndexFunc(p.Factors, func(f Factor) bool { return f.ID == id })
	if i < 0 {
		return nil, nil, errNotFound(id, "UserFactor")
	}
	return p, &p.Factors[i], nil
}

func (s *Sim) getFactor(c *call) (answer, *Error) {
	p, f, err := s.factor(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: factorWire(p, *f, c.base)}, nil
}

// postFactor enrols a factor: pending until activated, or at once with
// ?activate=true, which Okta allows for phones and e-mail.
func (s *Sim) postFactor(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		FactorType string         `json:"factorType"`
		Provider   string         `json:"provider"`
		Profile    map[string]any `json:"profile"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	f, err := s.newFactor(body.FactorType, body.Provider, body.Profile, "")
	if err == nil {
		err = s.addFactor(p, f)
	}
	if err != nil {
		return answer{}, err
	}
	c.changed = true
	added := &p.Factors[len(p.Factors)-1]
	if c.flag("activate") && isOf(f.Type, "sms", "call", "email", "question") {
		s.activateFactor(c.cause, p, added)
	}
	return answer{status: http.StatusOK, body: factorWire(p, *added, c.base)}, nil
}

// postActivateFactor accepts any passcode: passwords and codes are not simulated.
func (s *Sim) postActivateFactor(c *call) (answer, *Error) {
	p, f, err := s.factor(c)
	if err != nil {
		return answer{}, err
	}
	if f.Status == "ACTIVE" {
		return answer{}, errValidation("factor", "The factor is already active.")
	}
	s.activateFactor(c.cause, p, f)
	return answer{status: http.StatusOK, body: factorWire(p, *f, c.base)}, nil
}

func (s *Sim) deleteFactor(c *call) (answer, *Error) {
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.removeFactor(c.cause, p, c.r.PathValue("factor"), c.flag("removeRecoveryEnrollment"))
}

func factorWire(p *Person, f Factor, base string) map[string]any {
	user := base + "/api/v1/users/" + p.ID
	self := user + "/factors/" + f.ID
	links := map[string]any{"self": href(self, "GET", "DELETE"), "user": href(user, "GET")}
	if f.Status == "ACTIVE" {
		links["verify"] = href(self+"/verify", "POST")
	} else {
		links["activate"] = href(self+"/lifecycle/activate", "POST")
	}
	out := map[string]any{
		"id": f.ID, "factorType": f.Type, "provider": f.Provider, "vendorName": f.Provider, "status": f.Status,
		"created": stamp(f.Created), "lastUpdated": stamp(f.LastUpdated), "_links": links,
	}
	if len(f.Profile) > 0 {
		out["profile"] = maps.Clone(f.Profile)
	}
	return out
}
