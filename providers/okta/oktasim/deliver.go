package oktasim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Delivery records one envelope sent, or deliberately not sent, to a hook.
type Delivery struct {
	Hook    string    `json:"hook"`
	EventID string    `json:"eventId"` // the envelope's
	Events  []string  `json:"events"`  // uuids, in the order sent
	At      time.Time `json:"at"`
	Dropped bool      `json:"dropped,omitempty"`
	Tries   int       `json:"tries"`
	Status  int       `json:"status,omitempty"` // last HTTP status, 0 when none came
	Failure string    `json:"failure,omitempty"`
}

// envelope is one delivery on its way.
type envelope struct {
	hook   hook
	id     string
	events []Event
}

// offer puts an event into the batch of every hook that wants it. Only hooks
// that are active and verified deliver.
func (s *Sim) offer(e Event) {
	for _, h := range s.hooks {
		if !h.active || !h.verified || !slices.Contains(h.types, e.EventType) {
			continue
		}
		h.batch = append(h.batch, e)
		if len(h.batch) == 1 {
			s.pending++
			h.timer = time.AfterFunc(s.opt.BatchWindow+s.switches.HookDelay.D(), func() { s.flush(h) })
		}
	}
}

// flush turns a batch into deliveries, under the switches.
func (s *Sim) flush(h *hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	events := h.batch
	h.batch = nil
	if s.switches.HookReorder {
		slices.Reverse(events)
	}
	env := &envelope{hook: *h, id: newUUID(), events: events}
	if s.switches.HookDrop != 0 {
		s.switches.HookDrop = max(s.switches.HookDrop-1, -1)
		s.sent = append(s.sent, Delivery{Hook: h.id, EventID: env.id, Events: uuids(events), At: s.now(), Dropped: true})
		s.settle()
		return
	}
	queue := []*envelope{env}
	if s.switches.HookReorder {
		if h.shelf == nil {
			h.shelf = env // goes out after the next one, or when the switch is turned off
			return
		}
		queue = append(queue, h.shelf)
		h.shelf = nil
	}
	s.dispatch(queue)
}

// dispatch sends envelopes one after the other, with the copies asked for.
func (s *Sim) dispatch(queue []*envelope) {
	var all []*envelope
	owners := len(queue)
	for _, env := range queue {
		all = append(all, env)
		for range s.switches.HookDuplicates {
			again := *env
			if s.switches.HookDuplicatesFresh {
				again.id = newUUID()
			}
			all = append(all, &again)
		}
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for _, env := range all {
			s.send(env)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for range owners {
			s.settle()
		}
	}()
}

// settle marks one batch as finished. The lock must be held.
func (s *Sim) settle() {
	s.pending--
	if s.pending == 0 {
		close(s.quiet)
		s.quiet = make(chan struct{})
	}
}

// send delivers one envelope: one retry on a timeout, a broken connection or a
// 5xx; none on a 4xx. What fails for good is written to the log, and lost.
func (s *Sim) send(env *envelope) {
	d := Delivery{Hook: env.hook.id, EventID: env.id, Events: uuids(env.events), At: s.now()}
	body := s.body(env)
	for d.Tries < 2 {
		d.Tries++
		status, err := s.post(env, body)
		d.Status, d.Failure = status, ""
		if err != nil {
			d.Failure = err.Error()
		}
		if status != 0 && status < 500 {
			break
		}
	}
	if d.Status < 200 || d.Status > 299 {
		if d.Failure == "" {
			d.Failure = http.StatusText(d.Status)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, d)
	if d.Failure != "" && s.ctx.Err() == nil {
		s.emit(s.bySystem("/api/v1/eventHooks/"+env.hook.id), "event_hook.delivery", []Entity{env.hook.entity()},
			result("FAILURE"), reason("Event hook delivery failed"))
	}
}

func (s *Sim) post(env *envelope, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.HookTimeout)
	defer cancel()
	r, err := env.hook.request(ctx, http.MethodPost, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.opt.HookClient.Do(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return 0, errors.New("timeout")
		}
		return 0, errors.New("connection failed")
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

// body renders the envelope. The events carry what hooks carry beyond the
// System Log: client.ipChain and insertionTimestamp.
// See https://developer.okta.com/docs/concepts/event-hooks/.
func (s *Sim) body(env *envelope) []byte {
	events := make([]any, len(env.events))
	for i, e := range env.events {
		m := e.asMap()
		m["insertionTimestamp"] = e.Published
		if client, ok := m["client"].(map[string]any); ok {
			if request, ok := m["request"].(map[string]any); ok {
				client["ipChain"] = request["ipChain"]
			}
		}
		events[i] = m
	}
	s.mu.Lock()
	source := s.source() + "/api/v1/eventHooks/" + env.hook.id
	s.mu.Unlock()
	data, err := json.Marshal(map[string]any{
		"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
		"source": source, "eventId": env.id, "eventTime": s.now().Format(stampLayout),
		"contentType": "application/json", "data": map[string]any{"events": events},
	})
	if err != nil {
		panic("oktasim: an envelope cannot be encoded: " + err.Error()) // plain values only
	}
	return data
}

func uuids(events []Event) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.UUID
	}
	return out
}

// Deliveries lists all envelopes so far.
func (s *Sim) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.sent...)
}

// Delivered waits until every event offered to a hook has been delivered, lost
// or given up. An envelope that HookReorder holds back counts as not finished.
func (s *Sim) Delivered(ctx context.Context) error {
	for {
		s.mu.Lock()
		n, quiet := s.pending, s.quiet
		s.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
