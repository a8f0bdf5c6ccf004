package oktasim

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"net/http"
	"time"
)

// push is a push verification waiting for its answer. The person is asked on
// the device of the factor; a story answers.
type push struct {
	id, person, factor string
	expires            time.Time
	answer             int // number matching, 0 without
	result             string
}

// pushLifetime is how long a push waits.
const pushLifetime = 5 * time.Minute

// postVerify starts a push. Other factor types are not simulated.
func (s *Sim) postVerify(c *call) (answer, *Error) {
	p, f, err := s.factor(c)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		UseNumberMatchingChallenge bool `json:"useNumberMatchingChallenge"`
	}
	if len(bytes.TrimSpace(c.body)) > 0 {
		if err := c.decode(&body); err != nil {
			return answer{}, err
		}
	}
	if f.Type != "push" {
		return answer{}, errValidation("factorType", "factorType: this simulator verifies push factors only")
	}
	if !s.usable(f) {
		return answer{}, errValidation("factor", "The factor is not active.")
	}
	t := &push{id: "v2mst." + randomText(22), person: p.ID, factor: f.ID, expires: s.now().Add(pushLifetime), result: "WAITING"}
	if body.UseNumberMatchingChallenge {
		n, _ := rand.Int(rand.Reader, big.NewInt(90)) // never fails since Go 1.24
		t.answer = 10 + int(n.Int64())
	}
	s.pushes[t.id] = t
	s.emit(c.cause, "system.push.send_factor_verify_push", []Entity{personEntity(p)})
	started := s.pushWire(t, p, c.base)
	delete(started, "profile") // only the transaction tells it
	return answer{status: http.StatusCreated, body: started}, nil
}

func (s *Sim) getTransaction(c *call) (answer, *Error) {
	p, f, err := s.factor(c)
	if err != nil {
		return answer{}, err
	}
	t := s.pushes[c.r.PathValue("transaction")]
	if t == nil || t.factor != f.ID || t.person != p.ID {
		return answer{}, errNotFound(c.r.PathValue("transaction"), "FactorTransaction")
	}
	if t.result == "WAITING" && !t.expires.After(s.now()) {
		t.result = "TIMEOUT"
	}
	return answer{status: http.StatusOK, body: s.pushWire(t, p, c.base)}, nil
}

func (s *Sim) pushWire(t *push, p *Person, base string) map[string]any {
	self := base + "/api/v1/users/" + t.person + "/factors/" + t.factor
	out := map[string]any{"factorResult": t.result, "profile": map[string]any{"credentialId": p.Profile.Get("login")}}
	switch t.result {
	case "WAITING":
		out["expiresAt"] = stamp(t.expires)
		out["_links"] = map[string]any{
			"poll":   href(self+"/transactions/"+t.id, "GET"),
			"cancel": href(self+"/transactions/"+t.id, "DELETE"),
		}
		if t.answer > 0 {
			out["_embedded"] = map[string]any{"challenge": map[string]any{"correctAnswer": t.answer}}
		}
	case "SUCCESS":
		return map[string]any{"factorResult": t.result}
	default:
		out["_links"] = map[string]any{"verify": href(self+"/verify", "POST"), "factor": href(self, "GET", "DELETE")}
	}
	return out
}

// answerPush is the person's touch on the device.
func (s *Sim) answerPush(c *cause, p *Person, approve bool, number int) *Error {
	var t *push
	for _, x := range s.pushes {
		if x.person == p.ID && x.result == "WAITING" && x.expires.After(s.now()) {
			t = x
		}
	}
	if t == nil {
		return errNotFound(p.ID, "FactorTransaction")
	}
	approve = approve && (t.answer == 0 || t.answer == number)
	if approve {
		t.result = "SUCCESS"
		s.emit(c, "user.authentication.auth_via_mfa", []Entity{personEntity(p)})
		return nil
	}
	t.result = "REJECTED"
	if s.opt.Engine == Classic {
		s.emit(c, "user.mfa.okta_verify.deny_push", []Entity{personEntity(p)})
		return nil
	}
	s.emit(c, "user.authentication.auth_via_mfa", []Entity{personEntity(p)}, result("FAILURE"), reason("INVALID_CREDENTIALS"),
		debug("pushOnlyResponseType", "OV_RESPONSE_DENY"))
	return nil
}
