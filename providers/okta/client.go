package okta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// Client is one connection. It is safe for concurrent use.
type Client struct {
	opt       Options
	transport *providers.Transport
	log       *slog.Logger

	mu    sync.Mutex
	api   *sdk.Client
	extra map[string]*sdk.Client // by the scope each asks for
	dec   *Decoder
}

// New checks the options and builds the connection without calling Okta.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t, err := providers.NewTransport(providers.Rules{
		Name: "Okta", Origin: o.OrgURL, Loopback: o.Loopback, Timeout: o.Timeout, MaxBody: 32 << 20, // a page of the log
		Bucket: bucket, Secrets: []string{o.Token, o.KeyPEM}, Base: o.Base,
	})
	if err != nil {
		return nil, fmt.Errorf("okta connection %s: %w", o.Connection, err)
	}
	c := &Client{opt: o, transport: t, log: o.Logger.With("connection", string(o.Connection))}
	c.dec = NewDecoder(DecoderOptions{
		OwnAccounts: append(slices.Clone(o.OwnAccounts), o.ClientID), OwnTokens: o.OwnTokens,
		RestraintGroup: o.RestraintGroup, HookID: o.HookID,
	})
	return c, c.reconnect()
}

// bucket follows Okta's rate-limit buckets coarsely: by the first segment after
// the version, the log apart from everything else
// (https://developer.okta.com/docs/reference/rl-global-mgmt/).
func bucket(r *http.Request) string {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// connect builds the SDK's client: the only place that does. Every setting the
// SDK would otherwise take from ~/.okta/okta.yaml, .okta.yaml or OKTA_CLIENT_*
// is set here, since those are read first.
//
// The cache is off because it answers with the status from before our own
// change; the retries are off because an EOF is retried without end; the
// transport is ours and keeps the deadlines.
func (c *Client) connect(scopes []string) (*sdk.Client, error) {
	mode := "SSWS"
	if c.opt.Token == "" {
		mode = "PrivateKey"
	}
	timeout := c.opt.Timeout
	if timeout <= 0 {
		timeout = providers.DefaultTimeout
	}
	seconds := int64(timeout.Seconds()) + 5 // a belt behind the transport's own deadline
	_, api, err := sdk.NewClient(context.Background(),
		sdk.WithOrgUrl(c.opt.OrgURL),
		sdk.WithAuthorizationMode(mode),
		sdk.WithToken(c.opt.Token),
		sdk.WithClientId(c.opt.ClientID),
		sdk.WithPrivateKey(c.opt.KeyPEM),
		sdk.WithPrivateKeyId(""),
		sdk.WithClientAssertion(""),
		sdk.WithScopes(scopes),
		sdk.WithCache(false),
		sdk.WithCacheTtl(0),
		sdk.WithCacheTti(0),
		sdk.WithConnectionTimeout(seconds),
		sdk.WithRequestTimeout(seconds),
		sdk.WithRateLimitMaxRetries(0),
		sdk.WithRateLimitMaxBackOff(1),
		sdk.WithProxyHost(""), sdk.WithProxyPort(0), sdk.WithProxyUsername(""), sdk.WithProxyPassword(""),
		sdk.WithUserAgentExtra("countersign"),
		sdk.WithTestingDisableHttpsCheck(c.opt.Loopback),
		sdk.WithHttpClientPtr(c.transport.Client()),
	)
	if err != nil {
		return nil, fmt.Errorf("okta connection %s: the SDK refuses its settings: %s", c.opt.Connection, providers.Redact(err.Error(), c.opt.Token))
	}
	return api, nil
}

// reconnect builds the connection anew, which also forgets every access token.
func (c *Client) reconnect() error {
	api, err := c.connect(c.opt.Scopes)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.api, c.extra = api, map[string]*sdk.Client{}
	return nil
}

func (c *Client) sdk() *sdk.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.api
}

func (c *Client) decoder() *Decoder {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := *c.dec
	return &d
}

// learn remembers the policies and rules that restrain, so that a change to
// them is recognised.
func (c *Client) learn(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := *c.dec
	d.rules = append(slices.Clone(d.rules), ids...)
	slices.Sort(d.rules)
	d.rules = slices.Compact(d.rules)
	c.dec = &d
}

// call makes a request that the SDK has no method for, or whose answer its
// structs would cut down, and decodes the answer into v (nil for none).
func (c *Client) call(ctx context.Context, method, path string, v any) (*sdk.Response, error) {
	return send(ctx, c.sdk(), method, path, nil, v)
}

func send(ctx context.Context, api *sdk.Client, method, path string, body, v any) (*sdk.Response, error) {
	rq := api.CloneRequestExecutor()
	req, err := rq.NewRequest(method, path, body)
	if err != nil {
		return nil, err
	}
	return rq.Do(ctx, req, v)
}

// failed types the outcome of an SDK call. doing completes the sentence "to …"
// and scope is the scope such a call needs.
func (c *Client) failed(resp *sdk.Response, err error, doing, scope string) error {
	var raw *http.Response
	if resp != nil {
		raw = resp.Response
	}
	status := 0
	if raw != nil {
		status = raw.StatusCode
	}
	var own *holds.Error
	switch {
	case resp == nil && errors.As(err, &own) && own.Kind == holds.Forbidden:
		return own // refused before any call
	case codeOf(err) == "E0000015":
		return holds.Because(holds.Invalid, errNoFeature, "This organisation's Okta has not the feature it takes to %s.", doing)
	case ungranted(err):
		return holds.Because(holds.Forbidden, err, "%s", c.ungrantedScope(doing, scope))
	case refusedToken(err):
		status, raw = http.StatusUnauthorized, &http.Response{StatusCode: http.StatusUnauthorized}
	}
	out := c.transport.Classify(raw, err)
	switch holds.KindOf(out) {
	case holds.Forbidden:
		if status == http.StatusUnauthorized {
			c.forget()
		}
		return holds.Because(holds.Forbidden, errors.Unwrap(out), "%s", c.forbidden(status, err, doing, scope))
	case holds.NotFound:
		if code := codeOf(err); code != "E0000007" {
			// Only this code says that the thing is gone; anything else is a wrong
			// address or something in between that answers for Okta.
			return holds.Because(holds.Unavailable, errors.Unwrap(out), "Okta's address answered 404 to %s, but not in Okta's words. Check the configured address.", doing)
		}
	}
	return out
}

// forbidden says which scope or role is likely missing.
func (c *Client) forbidden(status int, err error, doing, scope string) string {
	if status == http.StatusUnauthorized {
		return "Okta does not accept Countersign's credential (401), needed to " + doing + ". The token or key may be revoked or expired, or its owner suspended."
	}
	why := ""
	if code := codeOf(err); code != "" {
		why = ", " + code
	}
	if c.opt.Token != "" {
		return "Okta does not let Countersign " + doing + " (403" + why + "). The API token's owner lacks the administrator role for it; acting on administrators needs super administrator."
	}
	return "Okta does not let Countersign " + doing + " (403" + why + "). The service app needs the scope " + scope + " granted, and an administrator role for it; acting on administrators needs super administrator."
}

// codeOf is Okta's error code, such as E0000007
// (https://developer.okta.com/docs/reference/error-codes/).
func codeOf(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return providers.Identifier(e.ErrorCode)
	}
	return ""
}

// errNoFeature: the organisation's edition or engine of Okta cannot do it, whoever
// asks.
var errNoFeature = errors.New("E0000015")

// refusedToken tells that the authorization server refused our key: the SDK
// reports it without the answer.
func refusedToken(err error) bool {
	var e *sdk.Error
	return errors.As(err, &e) && (e.ErrorMessage == "invalid_client" || e.ErrorMessage == "unauthorized_client")
}

// forget drops the access tokens the SDK keeps, which it does not do itself when
// one is refused.
func (c *Client) forget() {
	if c.opt.Token != "" {
		return
	}
	if err := c.reconnect(); err != nil {
		c.log.Error("the connection could not be built anew", "error", err)
	}
}
