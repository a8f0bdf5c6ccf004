package entra

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

const auditPath = "/auditLogs/directoryAudits"

// auditRecord is one record of a page, its bytes as they came.
type auditRecord struct {
	raw []byte
	// key is the record's immutable id; its digest when it has none that can be told
	// from others.
	key string
	at  time.Time // zero when the record does not say
}

// auditPage is one page of the audit log. Next is the query of the page after
// it, empty at the end.
type auditPage struct {
	records []auditRecord
	next    string
}

// auditQuery asks for everything since a moment, oldest first. It asks for every
// category: one left out, or new, might be the one that matters, and Graph
// promises a filter by category only for single values
// (https://learn.microsoft.com/graph/api/directoryaudit-list).
func auditQuery(since time.Time, limit int, also string) string {
	filter := "activityDateTime ge " + since.UTC().Format(time.RFC3339)
	if also != "" {
		filter += " and " + also
	}
	q := url.Values{"$filter": {filter}, "$orderby": {"activityDateTime asc"}, "$top": {strconv.Itoa(limit)}}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

// auditPage reads one page, within what the reporting endpoints allow. The
// SDK's models would drop what matters, so the bytes are read here.
func (c *Client) auditPage(ctx context.Context, query string) (auditPage, error) {
	if err := c.audit.wait(ctx); err != nil {
		return auditPage{}, err
	}
	x, err := c.ask(ctx, need{"read the audit log", "AuditLog.Read.All"}, func(ctx context.Context) error {
		_, err := c.rawAt(ctx, abs.GET, c.graph.GetBaseUrl()+auditPath, query, nil)
		return err
	})
	if err != nil {
		return auditPage{}, err
	}
	all, err := providers.SplitJSON(x.body)
	if err != nil || all.Kind != providers.Object {
		return auditPage{}, odd("a page of the audit log")
	}
	list, err := providers.SplitJSON(all.Field("value").Raw)
	if err != nil || list.Kind != providers.Array {
		return auditPage{}, odd("a page of the audit log")
	}
	page := auditPage{records: make([]auditRecord, 0, len(list.Items))}
	for _, item := range list.Items {
		page.records = append(page.records, recordOf(item.Raw))
	}
	page.next, err = c.auditNext(all.Field("@odata.nextLink").Raw)
	return page, err
}

func recordOf(raw []byte) auditRecord {
	var in struct {
		ID string    `json:"id"`
		At time.Time `json:"activityDateTime"`
	}
	r := auditRecord{raw: raw}
	// What cannot be read whole may still have an id; it is stored either way.
	_ = json.Unmarshal(raw, &in)
	r.at = in.At.UTC()
	if r.key = recordID(in.ID); r.key == "" {
		sum := sha256.Sum256(raw)
		r.key = string(sum[:])
	}
	return r
}

// auditNext keeps the query of a next link. Its host and path are checked, not
// followed: they are known.
func (c *Client) auditNext(raw []byte) (string, error) {
	var link string
	if len(raw) == 0 || json.Unmarshal(raw, &link) == nil && link == "" {
		return "", nil
	}
	address, query, err := c.next(link)
	if err == nil && (address != c.graph.GetBaseUrl()+auditPath || query == "") {
		err = holds.Refuse(holds.Unavailable, "The audit log's next link does not lead to the audit log and was not followed.")
	}
	return query, err
}

// body writes records as the page of a delivery, their bytes untouched.
func body(records []auditRecord) []byte {
	var b bytes.Buffer
	b.WriteString(`{"value":[`)
	for i, r := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.raw)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
