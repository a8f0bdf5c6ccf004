package entrasim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// When a fault strikes.
type When string

// The two moments: the call changes nothing, or it changes what it should and
// only the answer is lost.
const (
	FailBefore When = "before"
	FailAfter  When = "after"
)

// How a fault looks to the caller.
type How string

// The shapes of a fault.
const (
	FailStatus How = "status" // Fault.Status with Graph's error body
	FailHang   How = "hang"   // no answer until the caller gives up
	FailCut    How = "cut"    // the connection is closed without an answer
	FailHTML   How = "html"   // 200 with a sign-in page
	FailJSON   How = "json"   // 200 with JSON of another shape
)

// Fault makes the next Times calls that match fail. Method "" matches any. Path
// is a pattern in which * stands for one segment and a last ** for the rest:
// "/v1.0/users/*/revokeSignInSessions", "/v1.0/**".
type Fault struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Times  int    `json:"times"` // 0 means 1
	When   When   `json:"when"`
	How    How    `json:"how"`
	Status int    `json:"status"`               // for FailStatus; 0 means 500
	After  int    `json:"retryAfter,omitempty"` // for FailStatus: Retry-After in seconds; 0 leaves it out
}

// String tells the fault for the journal.
func (f Fault) String() string { return fmt.Sprintf("%s applying: %s", f.When, f.How) }

// Fail arms a fault. It is refused when it does not say when and how.
func (s *Sim) Fail(f Fault) error {
	if f.When != FailBefore && f.When != FailAfter {
		return fmt.Errorf("a fault's when is %q, but must be %q or %q", f.When, FailBefore, FailAfter)
	}
	if !slices.Contains([]How{FailStatus, FailHang, FailCut, FailHTML, FailJSON}, f.How) {
		return fmt.Errorf("a fault's how is %q, but must be status, hang, cut, html or json", f.How)
	}
	if _, err := path.Match(f.Path, ""); err != nil || !strings.HasPrefix(f.Path, "/") {
		return fmt.Errorf("a fault's path is %q, but must be a pattern that begins with /", f.Path)
	}
	f.Times = max(f.Times, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// Mend disarms all faults and the forced rate limit.
func (s *Sim) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.limits.forced = nil
}

// takeFault finds the first armed fault for the request and uses it once.
func (s *Sim) takeFault(r *http.Request, when When) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.When != when || f.Method != "" && f.Method != r.Method || !matches(f.Path, r.URL.Path) {
			continue
		}
		f.Times--
		if f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

func matches(pattern, p string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/**"); ok {
		return p == prefix || strings.HasPrefix(p, prefix+"/")
	}
	ok, _ := path.Match(pattern, p)
	return ok
}

func (f *Fault) status() int {
	switch f.How {
	case FailHang, FailCut:
		return 0
	case FailHTML, FailJSON:
		return http.StatusOK
	case FailStatus:
	}
	if f.Status == 0 {
		return http.StatusInternalServerError
	}
	return f.Status
}

// play answers a request in the fault's way.
func (f *Fault) play(w http.ResponseWriter, r *http.Request, ids requestIDs) {
	switch f.How {
	case FailHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FailCut:
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	case FailHTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><html><head><title>Sign in to your account</title></head><body><form method=post>Sign in</form></body></html>"))
	case FailJSON:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"unexpected":["shape",1,null]}`))
	case FailStatus:
		if f.After > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.After))
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.status())
		_ = json.NewEncoder(w).Encode(errInternal(f.status()).body(ids))
	}
}
