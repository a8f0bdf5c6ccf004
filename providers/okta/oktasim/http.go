package oktasim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds a request body.
const maxBody = 1 << 20

// answer is what a handler replies: a status, and a body that is encoded as
// JSON unless it is nil.
type answer struct {
	status int
	body   any
	header http.Header
}

// call is one API request under way, with the lock held.
type call struct {
	r       *http.Request
	by      principal
	cause   *cause
	body    []byte
	base    string // address for links
	subject string // the person or group the call is about
	changed bool
}

// endpoint is one operation of the API.
type endpoint struct {
	pattern string // "METHOD /path/{id}"
	need    need
	do      func(*Sim, *call) (answer, *Error)
	open    bool // no token needed
	free    bool // takes the lock itself
}

// routes registers every endpoint. A known path with another method is 405, an
// unknown path 404, both in Okta's words.
func (s *Sim) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range endpoints() {
		mux.HandleFunc(e.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, &e) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				s.refuse(w, r, errMethod())
				return
			}
		}
		s.refuse(w, r, errNoPath())
	})
	return mux
}

// ServeHTTP answers the organisation's API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(w, r)
}

func (s *Sim) refuse(w http.ResponseWriter, r *http.Request, err *Error) {
	s.mu.Lock()
	s.record(Entry{Method: r.Method, Path: r.URL.Path, Query: redact(r.URL.RawQuery), Status: err.Status})
	s.mu.Unlock()
	write(w, answer{status: err.Status, body: err})
}

// serve runs one request: a fault that forestalls it, then limits, then the
// token, then the endpoint, then a fault that hides its answer.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, e *endpoint) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(data) > maxBody {
		s.refuse(w, r, errMalformed())
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(data)) // the token endpoint parses a form
	entry := Entry{Method: r.Method, Pattern: e.pattern, Path: r.URL.Path, Query: redact(r.URL.RawQuery)}
	if f := s.takeFault(r, FailBefore); f != nil {
		entry.Fault, entry.Status = f.String(), f.status()
		s.recordLocked(entry)
		f.play(w, r)
		return
	}
	c := &call{r: r, body: data}
	ans, failed := s.run(c, e)
	if failed != nil {
		ans = answer{status: failed.Status, body: failed, header: failed.header}
	}
	entry.Caller, entry.Subject, entry.Status = c.by.name(), c.subject, ans.status
	entry.Applied = failed == nil && r.Method != http.MethodGet && r.Method != http.MethodHead
	entry.Changed = c.changed
	entry.Path = canonical(r.URL.Path, r.PathValue("user"), c.subject)
	f := s.takeFault(r, FailAfter)
	if f != nil {
		entry.Fault, entry.Status = f.String(), f.status()
	}
	s.recordLocked(entry)
	if f != nil {
		f.play(w, r)
		return
	}
	write(w, ans)
}

// run answers a call under the lock.
func (s *Sim) run(c *call, e *endpoint) (answer, *Error) {
	s.mu.Lock()
	c.base = s.orgURL
	if c.base == "" {
		c.base = "http://" + c.r.Host
	}
	header, limited := s.limits.take(s.now(), c.r)
	if limited != nil {
		s.mu.Unlock()
		return answer{}, limited
	}
	if !e.open {
		by, err := s.authenticate(c.r)
		if err == nil {
			c.by = by
			err = s.authorize(c, e.need)
		}
		if err != nil {
			s.mu.Unlock()
			return answer{}, err
		}
		c.cause = s.byCall(c.r, c.by)
	}
	if e.free {
		s.mu.Unlock()
	}
	ans, err := e.do(s, c)
	if !e.free {
		c.changed = c.changed || c.cause != nil && len(c.cause.events) > 0
		s.mu.Unlock()
	}
	if err != nil {
		return answer{}, err
	}
	if ans.header == nil {
		ans.header = http.Header{}
	}
	for k, v := range header {
		ans.header[k] = v
	}
	return ans, nil
}

// decode reads the JSON body into v.
func (c *call) decode(v any) *Error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return errMalformed()
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return errMalformed()
	}
	return nil
}

// flag reads a true/false query parameter.
func (c *call) flag(name string) bool { return strings.EqualFold(c.r.URL.Query().Get(name), "true") }

func write(w http.ResponseWriter, a answer) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("X-Okta-Request-Id", randomText(27))
	w.Header().Set("Cache-Control", "no-cache, no-store")
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // a caller that hung up is none of ours
}

// canonical writes the person's id into a path that named them by login.
func canonical(path, named, id string) string {
	if named == "" || id == "" || named == id {
		return path
	}
	return strings.Replace(path, "/users/"+named, "/users/"+id, 1)
}

func href(url string, allow ...string) map[string]any {
	h := map[string]any{"href": url}
	if len(allow) > 0 {
		h["hints"] = map[string]any{"allow": allow}
	}
	return h
}
