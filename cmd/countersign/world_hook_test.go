package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// hookURL is where an organisation delivers.
func (w *world) hookURL(o *org) string {
	return "http://" + w.svc().public.Addr() + "/hooks/okta/" + string(o.id)
}

// envelope wraps events as Okta's hooks do. An event may be anything that
// encodes as JSON, json.RawMessage included.
func envelope(o *org, events ...any) []byte {
	raw, err := json.Marshal(map[string]any{
		"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
		"source": o.url + "/api/v1/eventHooks/who000000000000000000", "eventId": uuid.NewString(),
		"eventTime": time.Now().UTC().Format(time.RFC3339Nano), "contentType": "application/json",
		"data": map[string]any{"events": events},
	})
	if err != nil {
		panic(err) // plain values only
	}
	return raw
}

// crafted is an event in Okta's own shape, with some of its fields changed.
func (w *world) crafted(change func(e *oktasim.Event)) oktasim.Event {
	w.Helper()
	var e oktasim.Event
	for _, seen := range w.seen {
		if seen.EventType == "user.mfa.factor.reset_all" {
			e = seen
		}
	}
	if e.UUID == "" {
		w.Fatal("there was no reset to take the shape from; tell one first")
	}
	e.Target = slices.Clone(e.Target)
	e.UUID, e.Transaction.ID = uuid.NewString(), "crafted-"+uuid.NewString()[:8]
	e.Published = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	change(&e)
	return e
}

// reshaped is an event as a map, to be bent into what no struct allows.
func reshaped(e oktasim.Event, change func(map[string]any)) map[string]any {
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err)
	}
	change(m)
	return m
}

// deliver posts a body to an organisation's hook with the right secret, and
// fails unless it is taken.
func (w *world) deliver(o *org, body []byte) {
	w.Helper()
	if status, answer := w.knock(w.hookURL(o), body, header("Authorization", o.secret)); status != http.StatusNoContent {
		w.Fatalf("the delivery was answered %d: %s", status, answer)
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// knock sends one request and returns its answer.
func (w *world) knock(url string, body []byte, h http.Header) (int, string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, url, bytes.NewReader(body))
	w.must(err)
	req.Header = h
	c := client()
	defer c.CloseIdleConnections()
	res, err := c.Do(req)
	w.must(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	w.must(err)
	return res.StatusCode, string(answer)
}

// asUser makes an account the event's only target.
func asUser(e *oktasim.Event, id, login, name string) {
	e.Target = []oktasim.Entity{{ID: id, Type: "User", AlternateID: login, DisplayName: name}}
}

// api makes a call to the simulated organisation with one of its tokens.
func (w *world) api(token, method, path string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.orgs[0].url+path, http.NoBody)
	w.must(err)
	req.Header.Set("Authorization", "SSWS "+w.sim().Token(token))
	req.Header.Set("Accept", "application/json")
	c := client()
	defer c.CloseIdleConnections()
	res, err := c.Do(req)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode > 299 {
		answer, _ := io.ReadAll(res.Body)
		w.Fatalf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
}

// effects counts the calls of ours that changed an account.
func (w *world) effects(account string) (out []oktasim.Effect) {
	for _, e := range w.sim().Effects() {
		if strings.Contains(e.Path, account) {
			out = append(out, e)
		}
	}
	return out
}
