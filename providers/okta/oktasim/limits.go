package oktasim

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// rateLimiter counts calls per token, bucket and minute, and can be forced.
// See https://developer.okta.com/docs/reference/rl2-limits/.
type rateLimiter struct {
	perMinute map[string]int
	minute    int64
	used      map[string]int
	forced    *TooMany
}

// take counts a call and returns its rate-limit headers, or the refusal.
func (l *rateLimiter) take(now time.Time, r *http.Request) (http.Header, *Error) {
	bucket, limit := "rest", 600
	if strings.HasPrefix(r.URL.Path, "/api/v1/logs") {
		bucket, limit = "logs", 60
	}
	enforced := l.perMinute[bucket] > 0
	if enforced {
		limit = l.perMinute[bucket]
	}
	if m := now.Unix() / 60; m != l.minute || l.used == nil {
		l.minute, l.used = m, map[string]int{}
	}
	key := bucket + " " + r.Header.Get("Authorization")
	l.used[key]++
	h := http.Header{}
	h.Set("Date", now.Format(http.TimeFormat))
	h["X-Rate-Limit-Limit"] = []string{strconv.Itoa(limit)}
	h["X-Rate-Limit-Remaining"] = []string{strconv.Itoa(max(limit-l.used[key], 0))}
	h["X-Rate-Limit-Reset"] = []string{strconv.FormatInt((l.minute+1)*60, 10)}
	if f := l.forced; f != nil && f.Calls > 0 {
		f.Calls--
		return nil, f.refuse(now, h)
	}
	if enforced && l.used[key] > limit {
		err := errTooMany()
		err.header = h
		return nil, err
	}
	return h, nil
}

func (t *TooMany) refuse(now time.Time, h http.Header) *Error {
	reset := now.Add(t.Reset)
	h["X-Rate-Limit-Remaining"] = []string{"0"}
	h["X-Rate-Limit-Reset"] = []string{strconv.FormatInt(reset.Unix(), 10)}
	if t.NoReset {
		delete(h, "X-Rate-Limit-Reset")
	}
	if t.RetryAfter {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(t.Reset.Seconds()))))
	}
	err := errTooMany()
	err.header = h
	return err
}
