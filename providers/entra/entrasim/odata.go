package entrasim

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// collection says how Graph answers a list.
type collection struct {
	context string // of @odata.context, such as "users"
	kind    string // the type in error messages, such as "microsoft.graph.user"
	items   []map[string]any
	filters []string // properties that $filter may name; nil: $filter is refused
	usual   []string // properties without $select; nil: all
	size    int      // page size without $top
	most    int      // largest $top
	loose   bool     // a list of several types: what $select names need not be on each
}

// list answers a collection: $filter, $orderby, $select, $top, $count and
// $skiptoken. What Graph would not understand is 400.
func (c *call) list(l collection) (answer, *Error) {
	q := c.r.URL.Query()
	if err := known(q, "$filter", "$orderby", "$select", "$top", "$count", "$skiptoken", "$expand", "$search"); err != nil {
		return answer{}, err
	}
	items, err := l.filtered(q)
	if err != nil {
		return answer{}, err
	}
	total := len(items)
	if err := order(items, q.Get("$orderby"), l); err != nil {
		return answer{}, err
	}
	top, err := readTop(q, l.size, l.most)
	if err != nil {
		return answer{}, err
	}
	start := 0
	if v := q.Get("$skiptoken"); v != "" {
		text, ok := readCursor(v)
		n, bad := strconv.Atoi(text)
		if !ok || bad != nil || n < 0 {
			return answer{}, errQuery("The $skiptoken is not valid.")
		}
		start = min(n, len(items))
	}
	end := min(start+top, len(items))
	value := []any{}
	for _, m := range items[start:end] {
		selected := q.Get("$select")
		if l.loose {
			selected = present(m, selected)
		}
		one, err := choose(m, selected, l.usual, l.kind)
		if err != nil {
			return answer{}, err
		}
		value = append(value, one)
	}
	body := map[string]any{"@odata.context": c.root + "/$metadata#" + l.context, "value": value}
	if q.Get("$count") == "true" {
		body["@odata.count"] = total
	}
	if end < len(items) {
		body["@odata.nextLink"] = c.next(cursor(strconv.Itoa(end)))
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// next is the raw address of the following page, at the host the caller used.
func (c *call) next(token string) string {
	q := c.r.URL.Query()
	q.Set("$skiptoken", token)
	version, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	return strings.TrimSuffix(c.root, "/"+version) + c.r.URL.EscapedPath() + "?" + strings.ReplaceAll(q.Encode(), "%24", "$")
}

// one answers a single object.
func (c *call) one(context, kind string, m map[string]any, usual []string) (answer, *Error) {
	q := c.r.URL.Query()
	if err := known(q, "$select", "$expand"); err != nil {
		return answer{}, err
	}
	out, err := choose(m, q.Get("$select"), usual, kind)
	if err != nil {
		return answer{}, err
	}
	out["@odata.context"] = c.root + "/$metadata#" + context + "/$entity"
	return answer{status: http.StatusOK, body: out}, nil
}

// known refuses query options that Graph does not have.
func known(q url.Values, names ...string) *Error {
	for _, k := range slices.Sorted(maps.Keys(q)) {
		if strings.HasPrefix(k, "$") && !slices.Contains(names, k) {
			return errQuery("The query parameter '" + k + "' is not supported.")
		}
	}
	return nil
}

func (l collection) filtered(q url.Values) ([]map[string]any, *Error) {
	text := q.Get("$filter")
	if !q.Has("$filter") {
		return slices.Clone(l.items), nil
	}
	if l.filters == nil {
		return nil, graphError(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	wants, err := parseFilter(text, l.filters)
	if err != nil {
		return nil, errQuery("Invalid filter clause: " + err.Error() + ".")
	}
	out := []map[string]any{}
	for _, m := range l.items {
		if wants(m) {
			out = append(out, m)
		}
	}
	return out, nil
}

func readTop(q url.Values, size, most int) (int, *Error) {
	if size == 0 {
		size, most = 100, 999
	}
	v := q.Get("$top")
	if v == "" {
		return size, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return 0, errQuery("Invalid value '" + v + "' for $top query option found. The $top query option requires a non-negative integer value.")
	}
	if n > most {
		return 0, errQuery(fmt.Sprintf("Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", n, most))
	}
	return n, nil
}

// choose keeps what $select names, or what Graph answers without it.
func choose(m map[string]any, selected string, usual []string, kind string) (map[string]any, *Error) {
	keep := usual
	if selected != "" {
		keep = nil
		for _, name := range strings.Split(selected, ",") {
			name = strings.TrimSpace(name)
			if _, ok := m[name]; !ok {
				return nil, errQuery("Parsing OData Select and Expand failed: Could not find a property named '" + name + "' on type '" + kind + "'.")
			}
			keep = append(keep, name)
		}
	}
	out := map[string]any{}
	for k, v := range m {
		if keep == nil || strings.HasPrefix(k, "@") || slices.Contains(keep, k) || strings.HasPrefix(k, "+") {
			out[strings.TrimPrefix(k, "+")] = v
		}
	}
	return out, nil
}

// present keeps the names of a $select that an object has; its id at least.
func present(m map[string]any, selected string) string {
	if selected == "" {
		return ""
	}
	out := []string{"id"}
	for _, name := range strings.Split(selected, ",") {
		if name = strings.TrimSpace(name); m[name] != nil {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

// order sorts by one property.
func order(items []map[string]any, by string, l collection) *Error {
	if by == "" {
		return nil
	}
	name, direction, _ := strings.Cut(strings.TrimSpace(by), " ")
	if !slices.Contains(l.filters, name) || direction != "" && direction != "asc" && direction != "desc" {
		return errQuery("The $orderby expression '" + by + "' is not supported.")
	}
	slices.SortStableFunc(items, func(a, b map[string]any) int {
		c := strings.Compare(fmt.Sprint(a[name]), fmt.Sprint(b[name]))
		if direction == "desc" {
			return -c
		}
		return c
	})
	return nil
}

// cursor hides a position, with a check that refuses a cursor built by hand.
func cursor(text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorSum(text) + "." + text))
}

func readCursor(v string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil {
		return "", false
	}
	sum, text, _ := strings.Cut(string(raw), ".")
	return text, sum == cursorSum(text)
}

func cursorSum(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte("entrasim cursor "+text)))[:12]
}
