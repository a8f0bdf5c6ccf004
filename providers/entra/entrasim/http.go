package entrasim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds a request body, before and after decompression.
const maxBody = 1 << 20

// answer is what a handler replies: a status, and a body that is encoded as
// JSON unless it is nil.
type answer struct {
	status int
	body   any
	header http.Header
}

// requestIDs are the two ids that every answer of Graph carries.
type requestIDs struct {
	request, client string
	at              time.Time
}

// call is one API request under way, with the lock held.
type call struct {
	r       *http.Request
	by      *ServicePrincipal
	caller  string   // its appId
	may     []string // application permissions
	cause   *cause
	body    []byte
	root    string // "http://host/v1.0"
	subject string // the object the call is about
	changed bool
}

// endpoint is one operation. The path begins after the version; it is served
// under /v1.0 and /beta unless only names one of them.
type endpoint struct {
	method, path string
	need         []string // application permissions of which one is enough; none: any token will do
	do           func(*Sim, *call) (answer, *Error)
	only         string // "v1.0" or "beta"
	open         bool   // no token needed, and no version in the path
	free         bool   // takes the lock itself
}

// routes registers every endpoint. A known path with another method is 405; an
// unknown one is told by its first unknown segment, as Graph does.
func (s *Sim) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range endpoints() {
		for _, version := range []string{"/v1.0", "/beta"} {
			if e.open {
				version = ""
			}
			if e.only == "" || "/"+e.only == version {
				mux.HandleFunc(e.method+" "+version+e.path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, &e) })
			}
			if e.open {
				break
			}
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				s.refuse(w, r, errMethod())
				return
			}
		}
		s.refuse(w, r, errSegment(unknownSegment(r.URL.Path)))
	})
	return mux
}

// unknownSegment is the segment Graph's answer names: the last one of the path
// that no endpoint goes through.
func unknownSegment(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts[0] != "v1.0" && parts[0] != "beta" {
		return parts[0]
	}
	all := endpoints()
	for n := 1; n < len(parts); n++ {
		known := false
		for _, e := range all {
			if e.only != "" && e.only != parts[0] || e.open {
				continue
			}
			known = known || through(strings.Split(strings.Trim(e.path, "/"), "/"), parts[1:n+1])
		}
		if !known {
			return parts[n]
		}
	}
	return parts[len(parts)-1]
}

func through(pattern, parts []string) bool {
	if len(pattern) < len(parts) {
		return false
	}
	for i, p := range parts {
		if !strings.HasPrefix(pattern[i], "{") && pattern[i] != p {
			return false
		}
	}
	return true
}

// ServeHTTP answers the tenant's API and its token endpoint.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(w, r)
}

func (s *Sim) ids(r *http.Request) requestIDs {
	ids := requestIDs{request: newGUID(), client: r.Header.Get("Client-Request-Id"), at: s.now()}
	if ids.client == "" {
		ids.client = ids.request
	}
	return ids
}

func (s *Sim) refuse(w http.ResponseWriter, r *http.Request, err *Error) {
	ids := s.ids(r)
	s.recordLocked(Entry{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query().Encode(), Status: err.Status})
	write(w, answer{status: err.Status, body: err.body(ids), header: err.header}, ids)
}

// readBody returns the request's body, decompressed: Microsoft's SDK sends
// every body gzip-encoded.
func readBody(r *http.Request) ([]byte, *Error) {
	var from io.Reader = io.LimitReader(r.Body, maxBody+1)
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(from)
		if err != nil {
			return nil, errBadRequest("The request body is not valid gzip.")
		}
		from = io.LimitReader(unzipped, maxBody+1)
	}
	data, err := io.ReadAll(from)
	if err != nil {
		return nil, errBadRequest("The request body could not be read.")
	}
	if len(data) > maxBody {
		return nil, graphError(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request body is too large.")
	}
	return data, nil
}

// serve runs one request: a fault that forestalls it, then limits, then the
// token, then the endpoint, then a fault that hides its answer.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, e *endpoint) {
	data, failed := readBody(r)
	if failed != nil {
		s.refuse(w, r, failed)
		return
	}
	ids := s.ids(r)
	entry := Entry{Method: r.Method, Pattern: e.method + " " + e.path, Path: r.URL.Path, Query: r.URL.Query().Encode()}
	if f := s.takeFault(r, FailBefore); f != nil {
		entry.Fault, entry.Status = f.String(), f.status()
		s.recordLocked(entry)
		f.play(w, r, ids)
		return
	}
	c := &call{r: r, body: data}
	ans, failed := s.run(c, e)
	if failed != nil {
		ans = answer{status: failed.Status, body: failed.body(ids), header: failed.header}
	}
	entry.Caller, entry.Subject, entry.Status, entry.Changed = c.caller, c.subject, ans.status, c.changed
	entry.Applied = failed == nil && ans.status < 400 && r.Method != http.MethodGet && r.Method != http.MethodHead
	entry.Path = canonical(r.URL.Path, r.PathValue("user"), c.subject)
	f := s.takeFault(r, FailAfter)
	if f != nil {
		entry.Fault, entry.Status = f.String(), f.status()
	}
	s.recordLocked(entry)
	if f != nil {
		f.play(w, r, ids)
		return
	}
	write(w, ans, ids)
}

// run answers a call under the lock.
func (s *Sim) run(c *call, e *endpoint) (answer, *Error) {
	s.mu.Lock()
	version, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	c.root = "http://" + c.r.Host + "/" + version
	if c.r.TLS != nil {
		c.root = "https://" + c.r.Host + "/" + version
	}
	if limited := s.limits.take(s.now(), c.r, s.switches); limited != nil {
		s.mu.Unlock()
		return answer{}, limited
	}
	s.tick()
	if !e.open {
		if err := s.authorize(c, e.need); err != nil {
			s.mu.Unlock()
			return answer{}, err
		}
		c.caller, c.cause = c.by.AppID, s.byApp(c.r, c.by)
	}
	if e.free {
		s.mu.Unlock()
		return e.do(s, c)
	}
	defer s.mu.Unlock()
	ans, err := e.do(s, c)
	c.changed = c.changed || c.cause != nil && len(c.cause.records) > 0
	return ans, err
}

// decode reads the JSON body into v.
func (c *call) decode(v any) *Error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return graphError(http.StatusBadRequest, "BadRequest", "Empty Payload. JSON content expected.")
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return graphError(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return nil
}

func (c *call) beta() bool { return strings.HasSuffix(c.root, "/beta") }

func write(w http.ResponseWriter, a answer, ids requestIDs) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Request-Id", ids.request)
	w.Header().Set("Client-Request-Id", ids.client)
	w.Header().Set("Cache-Control", "no-cache")
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	w.WriteHeader(a.status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(a.body) // a caller that hung up is none of ours
}

// canonical writes the person's id into a path that named them by login.
func canonical(path, named, id string) string {
	if named == "" || id == "" || named == id {
		return path
	}
	return strings.Replace(path, "/users/"+named, "/users/"+id, 1)
}
