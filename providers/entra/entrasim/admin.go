package entrasim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Admin is the simulator's own remote control, under /sim/. It is for tests
// and demonstrations, asks for no credentials and belongs on a loopback
// address of its own.
//
//	GET    /sim/state                    the company as it is now, with client secrets
//	GET    /sim/people/{person}          one person, by id or userPrincipalName
//	GET    /sim/access/{person}          what Conditional Access gives them
//	GET    /sim/log                      audit records that are visible; ?all=true all; ?wait=5s waits for all
//	GET    /sim/journal                  API requests; DELETE empties it
//	GET    /sim/effects                  state-changing calls, counted
//	GET    /sim/deliveries               notifications; ?wait=5s waits for all first
//	GET    /sim/subscriptions            subscriptions, without secrets
//	DELETE /sim/subscriptions/{id}       loses one silently
//	POST   /sim/subscriptions/{id}/reauthorize  asks its owner to reauthorize it
//	GET    /sim/switches                 Switches; POST sets those that are named
//	POST   /sim/faults                   arms a Fault; DELETE mends everything
//	POST   /sim/rate-limit               {"calls":3,"after":"2s","path":"/v1.0/**"}
//	DELETE /sim/tokens                   ends all access tokens
//	DELETE /sim/permissions/{app}/{name} takes an application permission away; POST gives it
//	GET    /sim/stories                  names; POST /sim/stories/{name} tells one (StoryRequest)
//
// A refusal is {"error": "…"} with status 400, 404 or, when a policy denied
// the story, 403.
func (s *Sim) Admin() http.Handler {
	mux := http.NewServeMux()
	show := func(pattern string, get func() any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, get()) })
	}
	do := func(pattern string, act func(*http.Request) bool) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !act(r) {
				refuseAdmin(w, http.StatusNotFound, errors.New("there is no such thing"))
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
	}
	show("/sim/state", func() any { return s.Company() })
	show("/sim/journal", func() any { return s.Journal() })
	show("/sim/effects", func() any { return s.Effects() })
	show("/sim/switches", func() any { return s.SwitchesNow() })
	show("/sim/subscriptions", func() any { return s.Subscriptions() })
	show("/sim/stories", func() any { return s.Stories() })
	mux.HandleFunc("GET /sim/people/{person}", s.adminPerson)
	mux.HandleFunc("GET /sim/access/{person}", s.adminAccess)
	mux.HandleFunc("GET /sim/log", s.adminLog)
	mux.HandleFunc("GET /sim/deliveries", s.adminDeliveries)
	mux.HandleFunc("POST /sim/switches", s.adminSwitches)
	mux.HandleFunc("POST /sim/faults", s.adminFault)
	mux.HandleFunc("POST /sim/rate-limit", s.adminRateLimit)
	mux.HandleFunc("POST /sim/stories/{name}", s.adminStory)
	do("DELETE /sim/journal", func(*http.Request) bool { s.ForgetJournal(); return true })
	do("DELETE /sim/faults", func(*http.Request) bool { s.Mend(); return true })
	do("DELETE /sim/tokens", func(*http.Request) bool { s.RevokeTokens(); return true })
	do("DELETE /sim/subscriptions/{id}", func(r *http.Request) bool { return s.LoseSubscription(r.PathValue("id")) })
	do("POST /sim/subscriptions/{id}/reauthorize", func(r *http.Request) bool { return s.RequireReauthorization(r.PathValue("id")) })
	do("DELETE /sim/permissions/{app}/{name}", func(r *http.Request) bool { return s.TakePermission(r.PathValue("app"), r.PathValue("name")) })
	do("POST /sim/permissions/{app}/{name}", func(r *http.Request) bool {
		s.GivePermission(r.PathValue("app"), r.PathValue("name"))
		return true
	})
	return mux
}

func (s *Sim) adminPerson(w http.ResponseWriter, r *http.Request) {
	p, ok := s.Person(r.PathValue("person"))
	if !ok {
		refuseAdmin(w, http.StatusNotFound, errors.New("there is no such person"))
		return
	}
	reply(w, http.StatusOK, p)
}

func (s *Sim) adminAccess(w http.ResponseWriter, r *http.Request) {
	person := r.PathValue("person")
	reply(w, http.StatusOK, map[string]Access{
		"signIn": s.SignIn(person), "securityInfo": s.UserAction(person, RegisterSecurityInfo), "devices": s.UserAction(person, RegisterDevice),
	})
}

// wait waits as long as ?wait says for until, and answers when it took longer.
func wait(w http.ResponseWriter, r *http.Request, until func(context.Context) error) bool {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return true
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	if err := until(ctx); err != nil {
		refuseAdmin(w, http.StatusGatewayTimeout, errors.New("not finished yet"))
		return false
	}
	return true
}

func (s *Sim) adminLog(w http.ResponseWriter, r *http.Request) {
	if !wait(w, r, s.Visible) {
		return
	}
	if r.URL.Query().Get("all") == "true" {
		reply(w, http.StatusOK, s.Written())
		return
	}
	reply(w, http.StatusOK, s.Log())
}

func (s *Sim) adminDeliveries(w http.ResponseWriter, r *http.Request) {
	if wait(w, r, s.Delivered) {
		reply(w, http.StatusOK, s.Deliveries())
	}
}

// adminSwitches sets the switches the body names and leaves the others.
func (s *Sim) adminSwitches(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	next := s.SwitchesNow()
	if err == nil {
		err = json.Unmarshal(data, &next)
	}
	if err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	s.Switch(func(x *Switches) { *x = next })
	reply(w, http.StatusOK, s.SwitchesNow())
}

func (s *Sim) adminFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	err := read(r, &f)
	if err == nil {
		err = s.Fail(f)
	}
	if err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) adminRateLimit(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Calls int      `json:"calls"`
		After Duration `json:"after"`
		Path  string   `json:"path"`
	}
	if err := read(r, &q); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	s.RateLimit(TooMany{Calls: q.Calls, After: q.After.D(), Path: q.Path})
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) adminStory(w http.ResponseWriter, r *http.Request) {
	var q StoryRequest
	if err := read(r, &q); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	told, err := s.Tell(r.PathValue("name"), q)
	var denied *Denied
	switch {
	case errors.As(err, &denied):
		refuseAdmin(w, http.StatusForbidden, err)
	case err != nil:
		refuseAdmin(w, http.StatusBadRequest, err)
	default:
		reply(w, http.StatusOK, told)
	}
}

// read decodes a body strictly.
func read(r *http.Request, v any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that hung up is none of ours
}

func refuseAdmin(w http.ResponseWriter, status int, err error) {
	reply(w, status, map[string]string{"error": err.Error()})
}
