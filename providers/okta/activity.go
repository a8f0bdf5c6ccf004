package okta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/holds"
)

// The bounds of reading an account's activity: how much is read at once, and how
// far back Okta keeps its log
// (https://support.okta.com/help/s/article/Exporting-Okta-Log-Data).
const (
	activityPages = 10
	activityLimit = 1000
	retention     = 90 * 24 * time.Hour
)

// Activity is everything the account did, and everything done to it, from since
// until now, in the order of its time. The pages are as Decode reads those of the
// poller. It is a bounded reading: what becomes visible later is the poller's to
// find. complete is false when there was more than could be read, or Okta no longer
// keeps all of it; what was read is returned all the same.
//
// See https://developer.okta.com/docs/reference/system-log-query/.
func (c *Client) Activity(ctx context.Context, account string, since time.Time) (pages [][]byte, complete bool, err error) {
	if err := checkID("account", account); err != nil {
		return nil, false, err
	}
	now := c.opt.Now().UTC()
	complete = true
	if oldest := now.Add(-retention); since.Before(oldest) {
		since, complete = oldest, false
	}
	q := url.Values{
		"since":     {since.UTC().Format(time.RFC3339Nano)},
		"until":     {now.Format(time.RFC3339Nano)},
		"sortOrder": {"ASCENDING"},
		"limit":     {strconv.Itoa(activityLimit)},
		"filter":    {`actor.id eq "` + account + `" or target.id eq "` + account + `"`},
	}
	at := logsPath + "?" + q.Encode()
	for range activityPages {
		page, err := c.readPage(ctx, at)
		if err != nil {
			return nil, false, err
		}
		if page.events > 0 {
			pages = append(pages, page.body)
		}
		switch {
		case page.next == "" || page.events == 0:
			return pages, complete, nil
		case page.next == at:
			return pages, false, nil // a link that leads nowhere
		}
		at = page.next
	}
	return pages, false, nil
}

// Find finds the account with a sign-in name, whatever its case; an account that
// was deactivated is none. The error is of kind NotFound when there is none.
func (c *Client) Find(ctx context.Context, login string) (holds.Account, error) {
	if !isLogin(login) {
		return holds.Account{}, holds.Refuse(holds.Invalid, "A sign-in name has 1 to 100 characters and no quotation marks, backslashes or control characters.")
	}
	q := url.Values{"search": {`profile.login eq "` + login + `"`}, "limit": {"10"}}
	var list []struct {
		ID      string         `json:"id"`
		Status  string         `json:"status"`
		Profile map[string]any `json:"profile"`
	}
	resp, err := c.call(ctx, http.MethodGet, "/api/v1/users?"+q.Encode(), &list)
	if err := c.failed(resp, err, "look for an account", "okta.users.read"); err != nil {
		return holds.Account{}, err
	}
	for _, u := range list {
		get := texts(u.Profile)
		switch {
		case !isID(u.ID) || u.Status == "":
			return holds.Account{}, odd("a list of accounts")
		case strings.EqualFold(get("login"), login) && statusOf(u.Status) != holds.StatusDeleted:
			return holds.Account{ID: u.ID, Login: get("login"), Name: name(get)}, nil
		}
	}
	return holds.Account{}, holds.Refuse(holds.NotFound, "Okta has no account with this sign-in name.")
}

// isLogin tells whether a text can be looked for as a sign-in name without ending
// the expression it stands in.
func isLogin(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 100 && strings.IndexFunc(s, func(r rune) bool {
		return r == '"' || r == '\\' || r == utf8.RuneError || !unicode.IsGraphic(r)
	}) < 0
}
