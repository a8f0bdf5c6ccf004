package oktasim

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// hook is one event hook registration and the events waiting for it.
type hook struct {
	id, name, createdBy  string
	description          any
	active, verified     bool
	created, lastUpdated time.Time
	types                []string
	uri, key, secret     string // secret is write-only
	headers              [][2]string

	batch []Event
	timer *time.Timer
	shelf *envelope // held back by Switches.HookReorder
}

// hookBody is what a caller sends to create or replace a hook.
type hookBody struct {
	Name        string `json:"name"`
	Description any    `json:"description"`
	Events      struct {
		Type  string   `json:"type"`
		Items []string `json:"items"`
	} `json:"events"`
	Channel struct {
		Type    string `json:"type"`
		Version string `json:"version"`
		Config  struct {
			URI     string `json:"uri"`
			Headers []struct {
				Key   string `json:"key"`
				Value string `json:"value"`
			} `json:"headers"`
			AuthScheme *struct {
				Type  string `json:"type"`
				Key   string `json:"key"`
				Value string `json:"value"`
			} `json:"authScheme"`
		} `json:"config"`
	} `json:"channel"`
}

func (h *hook) close() {
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (s *Sim) hook(id string) *hook {
	i := slices.IndexFunc(s.hooks, func(h *hook) bool { return h.id == id })
	if i < 0 {
		return nil
	}
	return s.hooks[i]
}

func (h *hook) entity() Entity {
	return Entity{ID: h.id, Type: "EventHook", AlternateID: "unknown", DisplayName: h.name}
}

// check refuses what Okta refuses: an address that is not https (but for a
// loopback host, which only this simulator allows), an unknown or ineligible
// event type, more than 300 of them.
func (b *hookBody) check(known map[string]kind) *Error {
	if b.Name == "" {
		return errValidation("name", "name: The field cannot be left blank")
	}
	if b.Events.Type != "EVENT_TYPE" || len(b.Events.Items) == 0 || len(b.Events.Items) > 300 {
		return errValidation("events", "events: between 1 and 300 event types are required")
	}
	for _, t := range b.Events.Items {
		if k, ok := known[t]; ok && !k.hook || !strings.Contains(t, ".") {
			return errValidation("events.items", "events.items: '"+t+"' is not eligible for event hooks")
		}
	}
	u, err := url.Parse(b.Channel.Config.URI)
	if err != nil || b.Channel.Type != "HTTP" || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return errValidation("channel.config.uri", "channel.config.uri: must be a valid https address")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fill copies a body into the hook. A changed channel needs verifying again.
// A body without the secret keeps the old one, since Okta never shows it.
func (h *hook) fill(b *hookBody, now time.Time) {
	key, secret := "", ""
	if a := b.Channel.Config.AuthScheme; a != nil {
		key, secret = a.Key, a.Value
		if secret == "" && key == h.key {
			secret = h.secret
		}
	}
	var headers [][2]string
	for _, x := range b.Channel.Config.Headers {
		headers = append(headers, [2]string{x.Key, x.Value})
	}
	if h.uri != b.Channel.Config.URI || h.key != key || h.secret != secret || !slices.Equal(h.headers, headers) {
		h.verified = false
	}
	h.name, h.description, h.types = b.Name, b.Description, b.Events.Items
	h.uri, h.key, h.secret, h.headers, h.lastUpdated = b.Channel.Config.URI, key, secret, headers, now
}

func (s *Sim) createHook(c *cause, b *hookBody) (*hook, *Error) {
	if err := b.check(s.kinds); err != nil {
		return nil, err
	}
	active := 0
	for _, h := range s.hooks {
		if h.active {
			active++
		}
	}
	if active >= 25 {
		return nil, errValidation("eventHooks", "The organization has reached its limit of 25 active event hooks.")
	}
	h := &hook{id: newID("who"), active: true, created: s.now(), createdBy: c.actor.ID}
	h.fill(b, s.now())
	h.verified = false
	s.hooks = append(s.hooks, h)
	s.emit(c, "event_hook.created", []Entity{h.entity()})
	return h, nil
}

// setHook activates or deactivates a hook.
func (s *Sim) setHook(c *cause, h *hook, active bool) {
	if h.active == active {
		return
	}
	if c.fails == "" { // the hooks are not part of what a failing story puts back
		h.active, h.lastUpdated = active, s.now()
	}
	eventType := "event_hook.deactivated"
	if active {
		eventType = "event_hook.activated"
	}
	s.emit(c, eventType, []Entity{h.entity()})
}

// deleteHook removes a hook; Okta demands that it be deactivated first.
func (s *Sim) deleteHook(c *cause, h *hook) *Error {
	if h.active {
		return errValidation("eventHook", "An active event hook cannot be deleted.")
	}
	h.close()
	s.hooks = slices.DeleteFunc(s.hooks, func(x *hook) bool { return x == h })
	s.emit(c, "event_hook.deleted", []Entity{h.entity()})
	return nil
}

// request builds a request to the hook's address with its secret and headers.
func (h *hook) request(ctx context.Context, method string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.uri, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "Okta-Integrations")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Okta-Request-Id", randomText(27))
	for _, x := range h.headers {
		r.Header.Set(x[0], x[1])
	}
	if h.key != "" {
		r.Header.Set(h.key, h.secret)
	}
	return r, nil
}

// verifyHook sends the one-time challenge and reports whether the answer was
// right: 200 with {"verification": challenge}, within the timeout, one retry.
// It must be called without the lock, for the endpoint may call us back.
func (s *Sim) verifyHook(c *cause, id string) *Error {
	s.mu.Lock()
	h := s.hook(id)
	if h == nil {
		s.mu.Unlock()
		return errNotFound(id, "EventHook")
	}
	copied := *h
	s.mu.Unlock()

	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	challenge := base64.RawURLEncoding.EncodeToString(raw)
	right := false
	for range 2 {
		if right = s.challenge(&copied, challenge); right {
			break
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	outcome := "SUCCESS"
	if !right {
		outcome = "FAILURE"
	}
	s.emit(c, "event_hook.verified", []Entity{copied.entity()}, result(outcome))
	if !right {
		return errValidation("eventHook", "Unable to verify event hook "+copied.name+": Hook "+copied.name+" execution failed.")
	}
	h.verified, h.lastUpdated = true, s.now()
	return nil
}

func (s *Sim) challenge(h *hook, value string) bool {
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.HookTimeout)
	defer cancel()
	r, err := h.request(ctx, http.MethodGet, nil)
	if err != nil {
		return false
	}
	r.Header.Set("X-Okta-Verification-Challenge", value)
	resp, err := s.opt.HookClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Verification string `json:"verification"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer)
	return err == nil && resp.StatusCode == http.StatusOK && answer.Verification == value
}

// wire renders the hook without its secret.
func (h *hook) wire(base string) map[string]any {
	status, verification := "INACTIVE", "UNVERIFIED"
	if h.active {
		status = "ACTIVE"
	}
	if h.verified {
		verification = "VERIFIED"
	}
	headers := []any{}
	for _, x := range h.headers {
		headers = append(headers, map[string]any{"key": x[0], "value": x[1]})
	}
	config := map[string]any{"uri": h.uri, "headers": headers, "method": "POST"}
	if h.key != "" {
		config["authScheme"] = map[string]any{"type": "HEADER", "key": h.key}
	}
	self := base + "/api/v1/eventHooks/" + h.id
	links := map[string]any{"self": href(self), "verify": href(self+"/lifecycle/verify", "POST")}
	maps.Copy(links, map[string]any{"deactivate": href(self+"/lifecycle/deactivate", "POST")})
	return map[string]any{
		"id": h.id, "name": h.name, "description": h.description, "status": status, "verificationStatus": verification,
		"created": stamp(h.created), "createdBy": h.createdBy, "lastUpdated": stamp(h.lastUpdated),
		"events":  map[string]any{"type": "EVENT_TYPE", "items": h.types, "filter": nil},
		"channel": map[string]any{"type": "HTTP", "version": "1.0.0", "config": config},
		"_links":  links,
	}
}
