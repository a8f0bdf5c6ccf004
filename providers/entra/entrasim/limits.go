package entrasim

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The reporting API answers five requests in ten seconds for one app in one
// tenant. See https://learn.microsoft.com/graph/throttling-limits.
const (
	auditCalls  = 5
	auditWindow = 10 * time.Second
)

// TooMany describes a forced rate limit.
type TooMany struct {
	Calls int           // how many calls are refused
	After time.Duration // Retry-After; 0 leaves it out, as Graph often does
	Path  string        // pattern of the paths it concerns, as in Fault; "" means all
}

// rateLimiter counts the calls to auditLogs by token, and can be forced.
type rateLimiter struct {
	calls  map[string][]time.Time
	forced *TooMany
}

// RateLimit refuses the next calls with 429.
func (s *Sim) RateLimit(t TooMany) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.forced = &t
}

// take counts a call and refuses it when it is one too many.
func (l *rateLimiter) take(now time.Time, r *http.Request, x Switches) *Error {
	if f := l.forced; f != nil && f.Calls > 0 && (f.Path == "" || matches(f.Path, r.URL.Path)) {
		f.Calls--
		return tooMany(f.After)
	}
	if x.AuditUnlimited || !strings.Contains(r.URL.Path, "/auditLogs/") {
		return nil
	}
	if l.calls == nil {
		l.calls = map[string][]time.Time{}
	}
	key := r.Header.Get("Authorization")
	recent := slices.DeleteFunc(l.calls[key], func(t time.Time) bool { return now.Sub(t) >= auditWindow })
	if len(recent) >= auditCalls {
		l.calls[key] = recent
		if x.RetryAfter {
			return tooMany(auditWindow - now.Sub(recent[0]))
		}
		return tooMany(0)
	}
	l.calls[key] = append(recent, now)
	return nil
}

func tooMany(after time.Duration) *Error {
	err := errTooMany()
	if after > 0 {
		err.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(after.Seconds())))}}
	}
	return err
}
