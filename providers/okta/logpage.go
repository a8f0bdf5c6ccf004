package okta

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

const logsPath = "/api/v1/logs"

// LogKept is for how long Okta keeps its System Log (support.okta.com, "Exporting
// Okta Log Data").
const LogKept = 90 * 24 * time.Hour

// logPage is one page of the System Log, its bytes as they came.
type logPage struct {
	body   []byte
	events int
	next   string // path and query
}

// first is the request that starts polling: without until, in ascending order.
func (p *Poller) first() string {
	q := url.Values{
		"since":     {p.c.opt.Now().Add(-p.opt.Lookback).UTC().Format(time.RFC3339)},
		"sortOrder": {"ASCENDING"},
		"limit":     {strconv.Itoa(p.opt.Limit)},
		"filter":    {logFilter(p.c.opt.RestraintGroup)},
	}
	return logsPath + "?" + q.Encode()
}

// logFilter asks for the families of events that matter.
func logFilter(group string) string {
	var parts []string
	for _, prefix := range prefixes() {
		op := "eq"
		if strings.HasSuffix(prefix, ".") {
			op = "sw"
		}
		parts = append(parts, `eventType `+op+` "`+prefix+`"`)
	}
	if group != "" {
		parts = append(parts, `(eventType sw "group.user_membership." and target.id eq "`+group+`")`)
	}
	return strings.Join(parts, " or ")
}

// readPage reads one page. The SDK makes the request, for its authorization, but
// its LogEvent structs drop what matters, so the bytes are read here.
func (c *Client) readPage(ctx context.Context, at string) (logPage, error) {
	path, err := onlyLogs(at)
	if err != nil {
		return logPage{}, err
	}
	const doing, scope = "read the System Log", "okta.logs.read"
	req, err := c.sdk().CloneRequestExecutor().NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return logPage{}, c.failed(nil, err, doing, scope)
	}
	resp, err := c.transport.Client().Do(req.WithContext(ctx))
	if err != nil {
		return logPage{}, c.failed(nil, err, doing, scope)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return logPage{}, c.logFailed(resp, err, doing, scope)
	}
	list, err := providers.SplitJSON(body)
	if err != nil || list.Kind != providers.Array {
		return logPage{}, odd("a page of the System Log")
	}
	next, err := nextLink(resp.Header.Values("Link"))
	if err != nil {
		return logPage{}, err
	}
	return logPage{body: body, events: len(list.Items), next: next}, nil
}

func (c *Client) logFailed(resp *http.Response, err error, doing, scope string) error {
	out := c.transport.Classify(resp, err)
	if holds.KindOf(out) == holds.Forbidden {
		if resp.StatusCode == http.StatusUnauthorized {
			c.forget()
		}
		return holds.Because(holds.Forbidden, errors.Unwrap(out), "%s", c.forbidden(resp.StatusCode, nil, doing, scope))
	}
	return out
}

// nextLink finds the rel="next" link and keeps its path and query, as they are.
// Its host is not followed: it may be that of a custom domain, or anybody's.
// It is "" when there is none.
func nextLink(links []string) (string, error) {
	for _, link := range apart(links) {
		target, params, ok := strings.Cut(strings.TrimSpace(link), ">")
		if !ok || !strings.HasPrefix(target, "<") || !strings.Contains(params, `rel="next"`) {
			continue
		}
		return onlyLogs(target[1:])
	}
	return "", nil
}

// apart parts links that something on the way joined into one header. A comma
// inside an address does not part.
func apart(headers []string) []string {
	var out []string
	for _, h := range headers {
		for i, piece := range strings.Split(h, ",") {
			if i > 0 && !strings.HasPrefix(strings.TrimSpace(piece), "<") {
				out[len(out)-1] += "," + piece
				continue
			}
			out = append(out, piece)
		}
	}
	return out
}

// onlyLogs reduces an address to path and query and refuses every other path.
func onlyLogs(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.EscapedPath() != logsPath || u.Fragment != "" || u.Opaque != "" {
		return "", holds.Refuse(holds.Unavailable, "Okta's next link does not lead to its System Log and was not followed.")
	}
	if u.RawQuery == "" {
		return logsPath, nil
	}
	return logsPath + "?" + u.RawQuery, nil
}

// detail is the sentence of an error that may be shown.
func detail(err error) string {
	var e *holds.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return "The System Log could not be read, or its page could not be stored."
}
