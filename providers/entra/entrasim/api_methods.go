package entrasim

import (
	"net/http"
	"time"
)

func (s *Sim) listMethods(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	l := collection{context: "users('" + p.ID + "')/authentication/methods", kind: "microsoft.graph.authenticationMethod"}
	for i := range p.Methods {
		l.items = append(l.items, p.Methods[i].wire(s.now()))
	}
	return c.list(l)
}

func (s *Sim) getMethod(c *call) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	m := p.method(c.r.PathValue("method"))
	if m == nil {
		return answer{}, errGone("The requested authentication method was not found.")
	}
	return c.one("users('"+p.ID+"')/authentication/methods", "microsoft.graph.authenticationMethod", m.wire(s.now()), nil)
}

// postResetPassword is for people alone: Graph refuses applications.
func (s *Sim) postResetPassword(*call) (answer, *Error) { return answer{}, errDenied() }

// typed makes the handlers of one typed collection.
func typed(methodType string) (list, get, remove func(*Sim, *call) (answer, *Error)) {
	context := "/authentication/" + methodKinds()[methodType].segment
	kind := "microsoft.graph." + methodType + "AuthenticationMethod"
	list = func(s *Sim, c *call) (answer, *Error) {
		p, err := s.userOf(c)
		if err != nil {
			return answer{}, err
		}
		l := collection{context: "users('" + p.ID + "')" + context, kind: kind}
		for i := range p.Methods {
			if p.Methods[i].Type == methodType {
				l.items = append(l.items, p.Methods[i].wire(s.now()))
			}
		}
		return c.list(l)
	}
	get = func(s *Sim, c *call) (answer, *Error) {
		p, m, err := s.typedMethod(c, methodType)
		if err != nil {
			return answer{}, err
		}
		return c.one("users('"+p.ID+"')"+context, kind, m.wire(s.now()), nil)
	}
	remove = func(s *Sim, c *call) (answer, *Error) {
		p, m, err := s.typedMethod(c, methodType)
		if err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusNoContent}, s.removeMethod(c.cause, p, m.ID)
	}
	return list, get, remove
}

// typedMethod finds the method of the path; one of another type is not there.
func (s *Sim) typedMethod(c *call, methodType string) (*Person, *Method, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return nil, nil, err
	}
	m := p.method(c.r.PathValue("method"))
	if m == nil || m.Type != methodType {
		return nil, nil, errGone("The requested authentication method was not found.")
	}
	return p, m, nil
}

func (s *Sim) postPhone(c *call) (answer, *Error) {
	var body struct {
		Number string `json:"phoneNumber"`
		Type   string `json:"phoneType"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	return s.created(c, Method{Type: "phone", Phone: body.Number, PhoneType: body.Type})
}

func (s *Sim) postEmail(c *call) (answer, *Error) {
	var body struct {
		Address string `json:"emailAddress"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	return s.created(c, Method{Type: "email", Email: body.Address})
}

// postPass issues a temporary access pass. Its value is in this answer alone.
func (s *Sim) postPass(c *call) (answer, *Error) {
	var body struct {
		Start   time.Time `json:"startDateTime"`
		Minutes int       `json:"lifetimeInMinutes"`
		Once    bool      `json:"isUsableOnce"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	a, err := s.created(c, Method{Type: "temporaryAccessPass", Start: body.Start, Minutes: body.Minutes, Once: body.Once})
	if m, ok := a.body.(map[string]any); ok && err == nil {
		m["temporaryAccessPass"] = passValue()
	}
	return a, err
}

func (s *Sim) created(c *call, m Method) (answer, *Error) {
	p, err := s.userOf(c)
	if err != nil {
		return answer{}, err
	}
	made, err := s.addMethod(c.cause, p, m)
	if err != nil {
		return answer{}, err
	}
	out := made.wire(s.now())
	out["@odata.context"] = c.root + "/$metadata#users('" + p.ID + "')/authentication/" + methodKinds()[m.Type].segment + "/$entity"
	return answer{status: http.StatusCreated, body: out}, nil
}

// patchPhone and patchEmail replace the number or the address.
func (s *Sim) patchPhone(c *call) (answer, *Error) { return s.patchMethod(c, "phone", "phoneNumber") }

func (s *Sim) patchEmail(c *call) (answer, *Error) { return s.patchMethod(c, "email", "emailAddress") }

func (s *Sim) patchMethod(c *call, methodType, field string) (answer, *Error) {
	p, m, err := s.typedMethod(c, methodType)
	if err != nil {
		return answer{}, err
	}
	var body map[string]any
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	value, _ := body[field].(string)
	if err := s.updateMethod(c.cause, p, m.ID, value); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: p.method(m.ID).wire(s.now())}, nil
}
