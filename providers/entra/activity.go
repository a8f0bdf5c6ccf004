package entra

import (
	"context"
	"time"
)

// Bounds of Activity: pages of each of its two questions.
const (
	activityPages = 10
	activityLimit = 500
)

// Activity is everything the account did or was done to it since then, as far
// as the audit log shows it yet, in pages that Decode reads as the poller's.
// Complete is false when there was more than ten pages of either.
func (c *Client) Activity(ctx context.Context, account string, since time.Time) (pages [][]byte, complete bool, err error) {
	if err := checkID("account", account); err != nil {
		return nil, false, err
	}
	complete = true
	seen := map[string]bool{}
	for _, question := range []string{
		"initiatedBy/user/id eq '" + account + "'",
		"targetResources/any(t:t/id eq '" + account + "')",
	} {
		query := auditQuery(since, activityLimit, question)
		for n := 0; query != ""; n++ {
			if n == activityPages {
				complete = false
				break
			}
			page, err := c.auditPage(ctx, query)
			if err != nil {
				return nil, false, err
			}
			if fresh := unseen(page.records, seen); len(fresh) > 0 {
				pages = append(pages, body(fresh))
			}
			query = page.next
		}
	}
	return pages, complete, nil
}

// unseen gives the records whose keys are new, and remembers them.
func unseen(records []auditRecord, seen map[string]bool) []auditRecord {
	var out []auditRecord
	for _, r := range records {
		if !seen[r.key] {
			seen[r.key] = true
			out = append(out, r)
		}
	}
	return out
}
