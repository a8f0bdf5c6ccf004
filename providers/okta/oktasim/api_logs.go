package oktasim

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listLogs reads the System Log. Without until and in ascending order it
// polls: events in persistence order and a next link always, even when there
// is nothing. With until it is bounded: events by published time, and a next
// link only when there is more.
// See https://developer.okta.com/docs/reference/system-log-query/.
func (s *Sim) listLogs(c *call) (answer, *Error) {
	q := c.r.URL.Query()
	query, err := s.logQuery(q)
	if err != nil {
		return answer{}, err
	}
	s.log.persist(s.now())
	events := s.log.stored
	if !query.polling {
		events = query.byPublished(events)
	}
	if query.start > len(events) {
		return answer{}, errValidation("after", "after: Invalid paging request.")
	}
	out := []any{}
	at := query.start
	for ; at < len(events) && len(out) < query.limit; at++ {
		if e := events[at]; query.wants(e) {
			out = append(out, e.event)
		}
	}
	h := http.Header{}
	h.Add("Link", "<"+c.base+c.r.URL.RequestURI()+`>; rel="self"`)
	if query.polling || at < len(events) {
		q.Set("after", cursor(at))
		h.Add("Link", "<"+c.base+c.r.URL.Path+"?"+q.Encode()+`>; rel="next"`)
	}
	return answer{status: http.StatusOK, body: out, header: h}, nil
}

// logQuery is a decoded request.
type logQuery struct {
	polling      bool
	since, until time.Time
	descending   bool
	limit, start int
	filter       func(map[string]any) bool
	words        string
	paging       bool
}

func (s *Sim) logQuery(q url.Values) (logQuery, *Error) {
	out := logQuery{limit: 100, since: s.now().Add(-7 * 24 * time.Hour), until: s.now().Add(time.Hour), words: strings.ToLower(q.Get("q"))}
	switch order := q.Get("sortOrder"); order {
	case "", "ASCENDING":
	case "DESCENDING":
		out.descending = true
	default:
		return out, errValidation("sortOrder", "sortOrder: must be ASCENDING or DESCENDING")
	}
	out.polling = !q.Has("until") && !out.descending
	for name, to := range map[string]*time.Time{"since": &out.since, "until": &out.until} {
		if v := q.Get(name); v != "" {
			t, err := time.Parse(time.RFC3339, v)
			if err != nil {
				return out, errValidation(name, name+": The date format in your query is not recognized.")
			}
			*to = t
		}
	}
	if v := q.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 1000 {
			return out, errValidation("limit", "limit: must be between 0 and 1000")
		}
		out.limit = n
	}
	if v := q.Get("after"); v != "" {
		n, ok := readCursor(v)
		if !ok {
			return out, errValidation("after", "after: Invalid paging request.")
		}
		out.start, out.paging = n, true
	}
	if v := q.Get("filter"); v != "" {
		if strings.Contains(v, "published") || strings.Contains(v, "changeDetails") {
			return out, errValidation("filter", "filter: published and changeDetails cannot be filtered on")
		}
		match, err := parseFilter(v)
		if err != nil {
			return out, errValidation("filter", "filter: "+err.Error())
		}
		out.filter = match
	}
	return out, nil
}

// wants applies since (to the persistence time when polling, and only before
// there is a cursor), q and filter.
func (l logQuery) wants(e logged) bool {
	if l.polling && !l.paging && e.visible.Before(l.since) {
		return false
	}
	if l.words != "" && !strings.Contains(strings.ToLower(jsonText(e.event)), l.words) {
		return false
	}
	return l.filter == nil || l.filter(e.decoded)
}

// byPublished orders a bounded query's events.
func (l logQuery) byPublished(all []logged) []logged {
	var out []logged
	for _, e := range all {
		t, err := time.Parse(stampLayout, e.event.Published)
		if err == nil && !t.Before(l.since) && t.Before(l.until) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b logged) int { return strings.Compare(a.event.Published, b.event.Published) })
	if l.descending {
		slices.Reverse(out)
	}
	return out
}

// cursor hides a position, with a check that refuses a cursor built by hand.
func cursor(at int) string {
	text := strconv.Itoa(at)
	return base64.RawURLEncoding.EncodeToString([]byte(cursorSum(text) + "." + text))
}

func readCursor(v string) (int, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil {
		return 0, false
	}
	sum, text, _ := strings.Cut(string(raw), ".")
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && sum == cursorSum(text)
}

func cursorSum(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte("log cursor "+text)))[:12]
}
