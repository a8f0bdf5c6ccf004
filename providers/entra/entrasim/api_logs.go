package entrasim

import (
	"net/http"
	"slices"
	"strings"
)

// auditFilters are the properties by which audit records can be found.
func auditFilters() []string {
	return []string{
		"id", "activityDateTime", "activityDisplayName", "category", "correlationId", "loggedByService", "operationType", "result",
		"initiatedBy/user/id", "initiatedBy/user/userPrincipalName", "initiatedBy/user/displayName",
		"initiatedBy/app/displayName", "initiatedBy/app/appId", "initiatedBy/app/servicePrincipalId",
		"targetResources/id", "targetResources/displayName", "targetResources/userPrincipalName",
	}
}

// listAudits reads the audit log. The $skiptoken remembers the last record
// sent, not a number: a record that becomes visible behind it is never on a
// later page.
// See https://learn.microsoft.com/graph/api/directoryaudit-list.
func (s *Sim) listAudits(c *call) (answer, *Error) {
	q := c.r.URL.Query()
	if err := known(q, "$filter", "$orderby", "$top", "$skiptoken", "$select"); err != nil {
		return answer{}, err
	}
	records := s.log.visible(s.now())
	if q.Has("$filter") {
		wants, err := parseFilter(q.Get("$filter"), auditFilters())
		if err != nil {
			return answer{}, errQuery("Invalid filter clause: " + err.Error() + ".")
		}
		records = slices.DeleteFunc(records, func(r Record) bool { return !wants(r.asMap) })
	}
	descending := true
	switch strings.Join(strings.Fields(q.Get("$orderby")), " ") {
	case "", "activityDateTime desc":
	case "activityDateTime", "activityDateTime asc":
		descending = false
	default:
		return answer{}, errQuery("The $orderby expression is not supported: only activityDateTime can be ordered by.")
	}
	if descending {
		slices.Reverse(records)
	}
	records, err := after(records, q.Get("$skiptoken"), descending)
	if err != nil {
		return answer{}, err
	}
	top, err := readTop(q, 1000, 1000)
	if err != nil {
		return answer{}, err
	}
	value := []any{}
	for _, r := range records[:min(top, len(records))] {
		one, err := choose(r.asMap, q.Get("$select"), nil, "microsoft.graph.directoryAudit")
		if err != nil {
			return answer{}, err
		}
		value = append(value, one)
	}
	body := map[string]any{"@odata.context": c.root + "/$metadata#auditLogs/directoryAudits", "value": value}
	if len(records) > top {
		body["@odata.nextLink"] = c.next(cursor(place(records[top-1])))
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// place is a record's place in the order of time.
func place(r Record) string { return r.at.UTC().Format("2006-01-02T15:04:05.0000000") + " " + r.ID }

// after drops what was on earlier pages.
func after(records []Record, token string, descending bool) ([]Record, *Error) {
	if token == "" {
		return records, nil
	}
	last, ok := readCursor(token)
	if !ok {
		return nil, errQuery("The $skiptoken is not valid.")
	}
	return slices.DeleteFunc(records, func(r Record) bool {
		c := strings.Compare(place(r), last)
		return c == 0 || (c < 0) != descending
	}), nil
}

func (s *Sim) getAudit(c *call) (answer, *Error) {
	id := c.r.PathValue("record")
	for _, r := range s.log.visible(s.now()) {
		if r.ID == id {
			return c.one("auditLogs/directoryAudits", "microsoft.graph.directoryAudit", r.asMap, nil)
		}
	}
	return answer{}, errGone("The record was not found.")
}
