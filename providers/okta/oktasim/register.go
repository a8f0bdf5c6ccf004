package oktasim

import (
	"fmt"
	"slices"
	"strings"
)

// HookTarget is what an administrator types to set up an event hook.
type HookTarget struct {
	Actor  string   `json:"actor"`  // who does it, id or login; "" is the first super administrator
	Name   string   `json:"name"`   // "" is "Countersign"
	URL    string   `json:"url"`    // where to deliver
	Header string   `json:"header"` // "" is Authorization
	Secret string   `json:"secret"` // the header's value
	Events []string `json:"events"` // none is HookTypes()
}

// RegisterHook creates a hook, or repoints the one of that name, and verifies
// it. It returns the hook's id, also when only the verification failed.
func (s *Sim) RegisterHook(t HookTarget) (string, error) {
	if t.Name == "" {
		t.Name = "Countersign"
	}
	if t.Header == "" {
		t.Header = "Authorization"
	}
	if len(t.Events) == 0 {
		t.Events = s.HookTypes()
	}
	var b hookBody
	b.Name, b.Events.Type, b.Events.Items = t.Name, "EVENT_TYPE", t.Events
	b.Channel.Type, b.Channel.Version, b.Channel.Config.URI = "HTTP", "1.0.0", t.URL
	b.Channel.Config.AuthScheme = &struct {
		Type  string `json:"type"`
		Key   string `json:"key"`
		Value string `json:"value"`
	}{"HEADER", t.Header, t.Secret}
	c, id, err := s.saveHook(t, &b)
	if err != nil {
		return "", fmt.Errorf("register event hook: %w", err)
	}
	if err := s.verifyHook(c, id); err != nil {
		return id, fmt.Errorf("verify event hook: %w", err)
	}
	return id, nil
}

func (s *Sim) saveHook(t HookTarget, b *hookBody) (*cause, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	actor := s.person(t.Actor)
	for i := range s.org.People {
		if p := &s.org.People[i]; t.Actor == "" && actor == nil && slices.Contains(s.rolesOf(p), "SUPER_ADMIN") {
			actor = p
		}
	}
	if actor == nil {
		return nil, "", fmt.Errorf("there is no person %q", t.Actor)
	}
	if err := s.mayDo(s.rolesOf(actor), need{write: true}); err != nil {
		return nil, "", err
	}
	c := s.byPerson(actor, "", "/api/v1/eventHooks")
	for _, h := range s.hooks {
		if h.name == t.Name {
			if err := b.check(s.kinds); err != nil {
				return nil, "", err
			}
			h.fill(b, s.now())
			s.emit(c, "event_hook.updated", []Entity{h.entity()})
			return c, h.id, nil
		}
	}
	h, err := s.createHook(c, b)
	if err != nil {
		return nil, "", err
	}
	return c, h.id, nil
}

// HookTypes lists the eligible event types the simulator writes, without the
// sign-in noise that would burn a real organisation's quota.
func (s *Sim) HookTypes() []string {
	var out []string
	for t, k := range s.kinds {
		if k.hook && !strings.HasPrefix(t, "user.session.start") && !strings.HasPrefix(t, "user.session.end") && !strings.HasPrefix(t, "user.authentication.") {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// HookState is an event hook as it stands, without its secret.
type HookState struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	URL      string   `json:"url"`
	Active   bool     `json:"active"`
	Verified bool     `json:"verified"`
	Events   []string `json:"events"`
}

// Hooks lists the event hooks.
func (s *Sim) Hooks() []HookState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []HookState{}
	for _, h := range s.hooks {
		out = append(out, HookState{ID: h.id, Name: h.name, URL: h.uri, Active: h.active, Verified: h.verified, Events: slices.Clone(h.types)})
	}
	return out
}
