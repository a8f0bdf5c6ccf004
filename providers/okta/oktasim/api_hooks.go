package oktasim

import "net/http"

func (s *Sim) listHooks(c *call) (answer, *Error) {
	out := []any{}
	for _, h := range s.hooks {
		out = append(out, h.wire(c.base))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func (s *Sim) hookOf(c *call) (*hook, *Error) {
	id := c.r.PathValue("hook")
	h := s.hook(id)
	if h == nil {
		return nil, errNotFound(id, "EventHook")
	}
	c.subject = h.id
	return h, nil
}

func (s *Sim) getHook(c *call) (answer, *Error) {
	h, err := s.hookOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: h.wire(c.base)}, nil
}

func (s *Sim) postHook(c *call) (answer, *Error) {
	var body hookBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	h, err := s.createHook(c.cause, &body)
	if err != nil {
		return answer{}, err
	}
	c.subject = h.id
	return answer{status: http.StatusOK, body: h.wire(c.base)}, nil
}

func (s *Sim) putHook(c *call) (answer, *Error) {
	h, err := s.hookOf(c)
	if err != nil {
		return answer{}, err
	}
	var body hookBody
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if err := body.check(s.kinds); err != nil {
		return answer{}, err
	}
	h.fill(&body, s.now())
	s.emit(c.cause, "event_hook.updated", []Entity{h.entity()})
	return answer{status: http.StatusOK, body: h.wire(c.base)}, nil
}

func (s *Sim) deleteEventHook(c *call) (answer, *Error) {
	h, err := s.hookOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.deleteHook(c.cause, h)
}

func (s *Sim) postHookLifecycle(c *call) (answer, *Error) {
	h, err := s.hookOf(c)
	if err != nil {
		return answer{}, err
	}
	switch c.r.PathValue("step") {
	case "activate":
		s.setHook(c.cause, h, true)
	case "deactivate":
		s.setHook(c.cause, h, false)
	default:
		return answer{}, errNoPath()
	}
	return answer{status: http.StatusOK, body: h.wire(c.base)}, nil
}

// postHookVerify runs without the lock: the endpoint may call the API while it
// is being asked.
func (s *Sim) postHookVerify(c *call) (answer, *Error) {
	id := c.r.PathValue("hook")
	c.subject = id
	if err := s.verifyHook(c.cause, id); err != nil {
		return answer{}, err
	}
	c.changed = true
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hook(id)
	if h == nil {
		return answer{}, errNotFound(id, "EventHook")
	}
	return answer{status: http.StatusOK, body: h.wire(c.base)}, nil
}
