package entra

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Client is one connection. It is safe for concurrent use.
type Client struct {
	opt       Options
	transport *providers.Transport
	tokens    *tokens
	graph     *core.GraphRequestAdapterBase
	audit     *pace
	log       *slog.Logger
	dec       *Decoder

	mu         sync.Mutex
	restraints map[string]bool // ids of policies, see learn
	knew       time.Time       // when the ids of principals were read, see know
}

// New checks the options and builds the connection without calling Entra.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t, err := providers.NewTransport(providers.Rules{
		Name: "Microsoft Entra", Origin: o.GraphURL, Others: []string{o.LoginURL}, Loopback: o.Loopback, Timeout: o.Timeout,
		MaxBody: 32 << 20,       // a page of the audit log
		Rate:    50, Burst: 150, // Graph takes some hundreds a second from one app in one tenant
		Bucket: bucket, Secrets: []string{o.Secret, o.KeyPEM}, Base: o.Base,
	})
	if err != nil {
		return nil, fmt.Errorf("entra connection %s: %w", o.Connection, err)
	}
	auth, err := newTokens(o, t)
	if err != nil {
		return nil, fmt.Errorf("entra connection %s: %w", o.Connection, err)
	}
	adapter, err := newAdapter(o.GraphURL+"/v1.0", auth, t)
	if err != nil {
		return nil, fmt.Errorf("entra connection %s: the SDK refuses its settings: %s", o.Connection, providers.Redact(err.Error(), o.Secret))
	}
	return &Client{
		opt: o, transport: t, tokens: auth, graph: adapter, audit: newPace(),
		log:        o.Logger.With("connection", string(o.Connection)),
		dec:        NewDecoder(DecoderOptions{OwnAccounts: append(slices.Clone(o.OwnAccounts), o.ClientID), RestraintGroup: o.RestraintGroup}),
		restraints: map[string]bool{},
	}, nil
}

// bucket follows Graph's throttling limits coarsely: each service has its own,
// and the authentication methods are a service apart from the accounts
// (https://learn.microsoft.com/graph/throttling-limits).
func bucket(r *http.Request) string {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case len(parts) > 3 && parts[1] == "users" && parts[3] == "authentication":
		return "authentication"
	case len(parts) > 1 && (parts[0] == "v1.0" || parts[0] == "beta"):
		return parts[1]
	}
	return "token"
}

// need says what a call is for: to do what, by which application permission.
type need struct{ doing, permission string }

// ask makes one call through the SDK. A token that the cache gave and Graph
// refused is fetched anew and the call made once more: a 401 is given before
// anything is done. What the SDK cannot make models of is an answer of another
// shape, not a crash.
func (c *Client) ask(ctx context.Context, n need, call func(context.Context) error) (*exchange, error) {
	cached, _ := c.tokens.cached()
	x, err := c.once(ctx, n, call)
	if c.dropRefused(x, err) && cached != "" && x.auth == "Bearer "+cached {
		x, err = c.once(ctx, n, call)
		c.dropRefused(x, err)
	}
	return x, c.failed(err, n.doing, n.permission)
}

// dropRefused forgets a token that Graph refused, and tells of it.
func (c *Client) dropRefused(x *exchange, err error) bool {
	f := faultOf(err)
	if f == nil || f.status != http.StatusUnauthorized {
		return false
	}
	c.tokens.drop(x.auth)
	return true
}

func (c *Client) once(ctx context.Context, n need, call func(context.Context) error) (x *exchange, err error) {
	x = &exchange{}
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("the SDK could not read an answer", "to", n.doing, "panic", fmt.Sprintf("%T", r))
			err = odd("what was asked for (to " + n.doing + ")")
		}
	}()
	return x, call(context.WithValue(ctx, exchangeKey{}, x))
}

// read makes a call that changes nothing and gives its model, never nil.
func read[T any](ctx context.Context, c *Client, n need, call func(context.Context) (T, error)) (T, error) {
	var out T
	_, err := c.ask(ctx, n, func(ctx context.Context) (err error) {
		out, err = call(ctx)
		return err
	})
	if err == nil && any(out) == nil {
		err = odd("what was asked for (to " + n.doing + ")")
	}
	return out, err
}

// change makes a changing call. Its answer must be the one Graph gives to it:
// anything else comes from somebody else, and the change must be read back.
func (c *Client) change(ctx context.Context, n need, expected func(*exchange) bool, call func(context.Context) error) error {
	x, err := c.ask(ctx, n, call)
	if err == nil && !expected(x) {
		return oddChange()
	}
	return err
}

// learn remembers the policies that restrain, so that a change to them is
// recognised, also after they are gone.
func (c *Client) learn(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.restraints[strings.ToLower(id)] = true
	}
	c.dec.SetRestraintPolicies(slices.Sorted(maps.Keys(c.restraints)))
}

// Decode reads a delivery, see Decoder.
func (c *Client) Decode(d holds.Delivery) []holds.Event { return c.dec.Decode(d) }
