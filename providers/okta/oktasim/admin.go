package oktasim

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
//	GET    /sim/state               the company as it is now, with tokens
//	GET    /sim/people/{person}     one person, by id or login
//	GET    /sim/access/{person}     what the policies give them
//	GET    /sim/log                 System Log events in persistence order
//	GET    /sim/journal             API requests; DELETE empties it
//	GET    /sim/effects             state-changing calls, counted
//	GET    /sim/deliveries          hook deliveries; ?wait=5s waits for all first
//	GET    /sim/switches            Switches; POST sets those that are named
//	POST   /sim/faults              arms a Fault; DELETE mends everything
//	POST   /sim/rate-limit          {"calls":3,"reset":"2s","noReset":false,"retryAfter":true}
//	POST   /sim/hook                registers and verifies a HookTarget
//	GET    /sim/hooks               event hooks, without secrets
//	GET    /sim/stories             names; POST /sim/stories/{name} tells one (StoryRequest)
//
// A refusal is {"error": "…"} with status 400, 404 or, when a policy denied
// the story, 403.
func (s *Sim) Admin() http.Handler {
	mux := http.NewServeMux()
	show := func(pattern string, get func() any) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, get()) })
	}
	show("/sim/state", func() any { return s.Company() })
	show("/sim/log", func() any { return s.Log() })
	show("/sim/journal", func() any { return s.Journal() })
	show("/sim/effects", func() any { return s.Effects() })
	show("/sim/switches", func() any { return s.SwitchesNow() })
	show("/sim/hooks", func() any { return s.Hooks() })
	show("/sim/stories", func() any { return s.Stories() })
	mux.HandleFunc("GET /sim/people/{person}", s.adminPerson)
	mux.HandleFunc("GET /sim/access/{person}", s.adminAccess)
	mux.HandleFunc("GET /sim/deliveries", s.adminDeliveries)
	mux.HandleFunc("DELETE /sim/journal", func(w http.ResponseWriter, _ *http.Request) {
		s.ForgetJournal()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sim/switches", s.adminSwitches)
	mux.HandleFunc("POST /sim/faults", s.adminFault)
	mux.HandleFunc("DELETE /sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Mend()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sim/rate-limit", s.adminRateLimit)
	mux.HandleFunc("POST /sim/hook", s.adminHook)
	mux.HandleFunc("POST /sim/stories/{name}", s.adminStory)
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
	reply(w, http.StatusOK, map[string]Access{"signOn": s.SignOn(person), "accountManagement": s.AccountManagement(person)})
}

func (s *Sim) adminDeliveries(w http.ResponseWriter, r *http.Request) {
	if text := r.URL.Query().Get("wait"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			refuseAdmin(w, http.StatusBadRequest, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		if err := s.Delivered(ctx); err != nil {
			refuseAdmin(w, http.StatusGatewayTimeout, errors.New("deliveries are still under way"))
			return
		}
	}
	reply(w, http.StatusOK, s.Deliveries())
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
	if err := read(r, &f); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	if err := s.Fail(f); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) adminRateLimit(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Calls      int      `json:"calls"`
		Reset      Duration `json:"reset"`
		NoReset    bool     `json:"noReset"`
		RetryAfter bool     `json:"retryAfter"`
	}
	if err := read(r, &q); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	s.RateLimit(TooMany{Calls: q.Calls, Reset: q.Reset.D(), NoReset: q.NoReset, RetryAfter: q.RetryAfter})
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) adminHook(w http.ResponseWriter, r *http.Request) {
	var t HookTarget
	if err := read(r, &t); err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	id, err := s.RegisterHook(t)
	if err != nil {
		refuseAdmin(w, http.StatusBadRequest, err)
		return
	}
	reply(w, http.StatusOK, map[string]string{"id": id})
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
