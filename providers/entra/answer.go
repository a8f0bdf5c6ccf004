package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"

	"github.com/countersign/countersign/holds"
)

// maxPages bounds the lists that are read in pages.
const maxPages = 20

// odd is an answer of another shape than asked for: JSON from something that is
// not Graph, perhaps.
func odd(what string) error {
	return holds.Refuse(holds.Unavailable, "Microsoft Entra answered with something that is not %s.", what)
}

func oddChange() error {
	return holds.Refuse(holds.Unavailable, "Microsoft Entra's answer to the change is not one Graph gives. Whether it took effect must be read back.")
}

// noContent is how Graph answers most changes.
func noContent(x *exchange) bool { return x.status/100 == 2 && len(bytes.TrimSpace(x.body)) == 0 }

// entity expects the changed thing, or nothing, as PATCH answers.
func entity(id string) func(*exchange) bool {
	return func(x *exchange) bool {
		var in struct {
			ID string `json:"id"`
		}
		return noContent(x) || json.Unmarshal(x.body, &in) == nil && strings.EqualFold(in.ID, id)
	}
}

// member expects a member of an answer to have one of some values.
func member(name string, values ...any) func(*exchange) bool {
	return func(x *exchange) bool {
		var in map[string]any
		if json.Unmarshal(x.body, &in) != nil {
			return false
		}
		for _, v := range values {
			if in[name] == v {
				return true
			}
		}
		return false
	}
}

// raw makes a request that the SDK has no builder for in the packages we
// compile, or whose answer its models would cut down. The path begins after the
// version; every id in it has been checked.
func (c *Client) raw(ctx context.Context, method abs.HttpMethod, path string, query url.Values, body any) ([]byte, error) {
	return c.rawAt(ctx, method, c.graph.GetBaseUrl()+path, strings.ReplaceAll(query.Encode(), "+", "%20"), body)
}

func (c *Client) rawAt(ctx context.Context, method abs.HttpMethod, address, query string, body any) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	u.RawQuery = query
	r := abs.NewRequestInformation()
	r.Method = method
	r.SetUri(*u)
	r.Headers.Add("Accept", "application/json")
	if body != nil {
		content, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r.SetStreamContentAndContentType(content, "application/json")
	}
	out, err := c.graph.SendPrimitive(ctx, r, "[]byte", nil)
	text, _ := out.([]byte)
	return text, err
}

// get reads one thing into v, which names what of it is read.
func (c *Client) get(ctx context.Context, n need, path string, query url.Values, v any) error {
	x, err := c.ask(ctx, n, func(ctx context.Context) error {
		_, err := c.raw(ctx, abs.GET, path, query, nil)
		return err
	})
	if err != nil {
		return err
	}
	if json.Unmarshal(x.body, v) != nil {
		return odd("what was asked for (to " + n.doing + ")")
	}
	return nil
}

// send makes a changing call that the SDK has no builder for.
func (c *Client) send(ctx context.Context, n need, method abs.HttpMethod, path string, body any, expected func(*exchange) bool) error {
	return c.change(ctx, n, expected, func(ctx context.Context) error {
		_, err := c.raw(ctx, method, path, nil, body)
		return err
	})
}

// elements reads every page of a list whose models would cut it down.
func elements[T any](ctx context.Context, c *Client, n need, path string, query url.Values) ([]T, error) {
	var out []T
	address, q := c.graph.GetBaseUrl()+path, strings.ReplaceAll(query.Encode(), "+", "%20")
	for page := 1; ; page++ {
		x, err := c.ask(ctx, n, func(ctx context.Context) error {
			_, err := c.rawAt(ctx, abs.GET, address, q, nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		var in struct {
			Value *[]T   `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if json.Unmarshal(x.body, &in) != nil || in.Value == nil {
			return nil, odd("a list (to " + n.doing + ")")
		}
		out = append(out, *in.Value...)
		if in.Next == "" {
			return out, nil
		}
		if address, q, err = c.next(in.Next); err != nil {
			return nil, err
		}
		if page == maxPages {
			return nil, tooMany(n)
		}
	}
}

// page is a page of the SDK's.
type page[T any] interface {
	GetValue() []T
	GetOdataNextLink() *string
}

// list reads every page of a list through the SDK; fetch is given the address
// of the next page, or "" for the first.
func list[T any, P page[T]](ctx context.Context, c *Client, n need, fetch func(ctx context.Context, next string) (P, error)) ([]T, error) {
	var out []T
	at := ""
	for count := 1; ; count++ {
		got, err := read(ctx, c, n, func(ctx context.Context) (P, error) { return fetch(ctx, at) })
		if err != nil {
			return nil, err
		}
		if got.GetValue() == nil {
			return nil, odd("a list (to " + n.doing + ")")
		}
		out = append(out, got.GetValue()...)
		next := text(got.GetOdataNextLink())
		if next == "" {
			return out, nil
		}
		address, query, err := c.next(next)
		if err != nil {
			return nil, err
		}
		if count == maxPages {
			return nil, tooMany(n)
		}
		at = address + "?" + query
	}
}

func tooMany(n need) error {
	return holds.Refuse(holds.Unavailable, "There is more than %d pages can list (to %s).", maxPages, n.doing)
}

// next checks a next link, which is an address out of an answer: it must lead to
// the configured Graph, under the same version, whatever the transport would
// refuse besides.
func (c *Client) next(link string) (address, query string, err error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme+"://"+u.Host != c.opt.GraphURL || !strings.HasPrefix(u.EscapedPath(), "/v1.0/") || strings.Contains(u.Path, "/../") || u.User != nil || u.Fragment != "" {
		return "", "", holds.Refuse(holds.Unavailable, "Graph's next link does not lead to the configured Graph and was not followed.")
	}
	return c.opt.GraphURL + u.EscapedPath(), u.RawQuery, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func ptr[T any](v T) *T { return &v }

func isNotFound(err error) bool { return err != nil && holds.KindOf(err) == holds.NotFound }
