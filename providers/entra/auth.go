package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// tokenMargin is how long before its end a token is no longer used, and
// tokenLife how long one is used whose life is not told.
const (
	tokenMargin = 2 * time.Minute
	tokenLife   = 5 * time.Minute
)

// assertionType says that the client proves itself with a signed JWT (RFC 7523).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// tokens gives access tokens by the client-credentials flow
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
// It is the authentication provider of the adapter.
type tokens struct {
	opt   Options
	http  *http.Client
	url   string
	scope string
	proof *certificate // nil without one
	turn  chan struct{}

	mu    sync.Mutex
	token string
	until time.Time
}

func newTokens(o Options, t *providers.Transport) (*tokens, error) {
	out := &tokens{
		opt: o, http: t.Client(), url: o.LoginURL + "/" + o.DirectoryTenant + "/oauth2/v2.0/token",
		scope: scopeOf(o.GraphURL), turn: make(chan struct{}, 1),
	}
	var err error
	if o.KeyPEM != "" {
		out.proof, err = readCertificate(o.KeyPEM, o.CertPEM, o.Now())
	}
	return out, err
}

// scopeOf is every application permission that was consented to. Another cloud
// has a scope of its own; the simulator has that of the worldwide service.
func scopeOf(graph string) string {
	for _, cloud := range []string{"https://graph.microsoft.us", "https://dod-graph.microsoft.us", "https://microsoftgraph.chinacloudapi.cn"} {
		if graph == cloud {
			return cloud + "/.default"
		}
	}
	return worldGraph + "/.default"
}

// AuthenticateRequest puts the token onto a request of the adapter.
func (t *tokens) AuthenticateRequest(ctx context.Context, r *abs.RequestInformation, _ map[string]any) error {
	token, err := t.get(ctx)
	if err != nil {
		return err
	}
	r.Headers.Remove("Authorization")
	r.Headers.Add("Authorization", "Bearer "+token)
	return nil
}

// get gives the cached token or fetches one. One fetch is in flight at a time;
// whoever waits for it takes its token.
func (t *tokens) get(ctx context.Context) (string, error) {
	if token, ok := t.cached(); ok {
		return token, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", providers.Classify(nil, ctx.Err())
	}
	if token, ok := t.cached(); ok {
		return token, nil
	}
	got, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	life := time.Duration(got.ExpiresIn) * time.Second
	if life <= 0 {
		life = tokenLife
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token, t.until = got.AccessToken, time.Now().Add(life-min(tokenMargin, life/2))
	return t.token, nil
}

func (t *tokens) cached() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, t.token != "" && time.Now().Before(t.until)
}

// drop forgets a token that was refused, unless another took its place.
func (t *tokens) drop(header string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if header == "Bearer "+t.token {
		t.token = ""
	}
}

func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	c := clientcredentials.Config{
		ClientID: t.opt.ClientID, ClientSecret: t.opt.Secret, TokenURL: t.url, Scopes: []string{t.scope}, AuthStyle: oauth2.AuthStyleInParams,
	}
	if t.opt.Secret == "" {
		assertion, err := t.assertion()
		if err != nil {
			return nil, err
		}
		c.EndpointParams = map[string][]string{"client_assertion_type": {assertionType}, "client_assertion": {assertion}}
	}
	got, err := c.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return nil, t.refused(err)
	}
	if !strings.EqualFold(got.TokenType, "Bearer") {
		return nil, odd("an access token")
	}
	return got, nil
}

func (t *tokens) assertion() (string, error) {
	if t.proof != nil {
		return t.proof.assertion(t.opt.ClientID, t.url, t.opt.Now())
	}
	text, err := os.ReadFile(t.opt.TokenFile)
	token := strings.TrimSpace(string(text))
	if err != nil || len(token) > 64<<10 || strings.Count(token, ".") != 2 || strings.ContainsAny(token, " \r\n") {
		return "", holds.Because(holds.Forbidden, err, "The federated token file of the connection %s cannot be read, or holds no token. Check the path and what writes it.", t.opt.Connection)
	}
	return token, nil
}

// refused types the failure of a fetch. The answer's words are not repeated:
// they name the tenant and the app; its AADSTS number says what is wrong.
func (t *tokens) refused(err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response == nil {
		return loginDown(providers.Classify(nil, err))
	}
	status := answer.Response.StatusCode
	if status < 400 || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return loginDown(providers.Classify(answer.Response, errors.New("the token endpoint failed")))
	}
	why := fmt.Sprint(status)
	if code := providers.Identifier(answer.ErrorCode); code != "" {
		why = code
	}
	if number := aadsts(answer.ErrorDescription); number != "" {
		why += ", " + number
	}
	return holds.Refuse(holds.Forbidden, "Microsoft Entra gives the connection %s no access token (%s). The client secret or certificate may have expired or been removed, or the app registration disabled.", t.opt.Connection, why)
}

// loginDown names the sign-in service as what could not be reached.
func loginDown(err error) error {
	var e *holds.Error
	if !errors.As(err, &e) || e.Kind == holds.Forbidden || e.Kind == holds.NotFound {
		return holds.Because(holds.Unavailable, err, "Microsoft Entra's sign-in service gave no access token.")
	}
	return err
}

// aadsts finds the number of an error of the sign-in service
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func aadsts(text string) string {
	i := strings.Index(text, "AADSTS")
	if i < 0 {
		return ""
	}
	end := i + len("AADSTS")
	for end < len(text) && end < i+20 && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	return text[i:end]
}
