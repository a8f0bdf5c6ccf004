package entra

import (
	"bytes"
	"context"
	"io"
	"net/http"

	khttp "github.com/microsoft/kiota-http-go"
	jsonser "github.com/microsoft/kiota-serialization-json-go"
	textser "github.com/microsoft/kiota-serialization-text-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	abs "github.com/microsoft/kiota-abstractions-go"
	ser "github.com/microsoft/kiota-abstractions-go/serialization"

	"github.com/countersign/countersign/providers"
)

// newAdapter builds what the SDK's request builders speak through: the only
// place that does. The SDK's own root client is never imported; it costs another
// two minutes of compiling, and would set all this otherwise.
//
// The middleware is a list of our own in a fixed order, since the SDK makes its
// own from a map, in another order each time. Left out are its retries (they
// repeat changes, and sleep in a worker), its redirects (they lead away from the
// configured origin), its telemetry and its rewriting of addresses. The
// transport below keeps the deadlines, the origin, the bounds and the rate.
func newAdapter(base string, auth *tokens, t *providers.Transport) (*core.GraphRequestAdapterBase, error) {
	a, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		auth, core.GraphClientOptions{}, parsers(), writers(), &http.Client{
			Transport:     khttp.NewCustomTransportWithParentTransport(t, middleware(t)...),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		})
	if err != nil {
		return nil, err
	}
	a.SetBaseUrl(base)
	return a, nil
}

// middleware is what every request passes, first to last.
func middleware(t *providers.Transport) []khttp.Middleware {
	return []khttp.Middleware{
		khttp.NewParametersNameDecodingHandler(), // %24select reads $select again
		khttp.NewUserAgentHandlerWithOptions(&khttp.UserAgentHandlerOptions{Enabled: true, ProductName: "countersign", ProductVersion: "1"}),
		khttp.NewCompressionHandler(), // request bodies go gzipped, as all of Microsoft's SDKs send them
		answers{t},
	}
}

// parsers and writers are registries of this adapter's own; the SDK's root would
// fill global ones.
func parsers() ser.ParseNodeFactory {
	r := &ser.ParseNodeFactoryRegistry{ContentTypeAssociatedFactories: map[string]ser.ParseNodeFactory{}}
	json, text := jsonser.NewJsonParseNodeFactory(), textser.NewTextParseNodeFactory()
	r.ContentTypeAssociatedFactories["application/json"] = json
	r.ContentTypeAssociatedFactories["text/plain"] = text
	return r
}

func writers() ser.SerializationWriterFactory {
	r := &ser.SerializationWriterFactoryRegistry{ContentTypeAssociatedFactories: map[string]ser.SerializationWriterFactory{}}
	r.ContentTypeAssociatedFactories["application/json"] = jsonser.NewJsonSerializationWriterFactory()
	return r
}

var _ abs.RequestAdapter = (*core.GraphRequestAdapterBase)(nil)

// exchange is what went over the wire for one call of ours, as far as the SDK
// would not tell.
type exchange struct {
	auth   string // the Authorization header that was sent
	status int
	body   []byte
}

type exchangeKey struct{}

// answers reads every answer whole, within the transport's bounds, and turns one
// that is an error into a typed one, before the SDK makes models of it.
type answers struct{ t *providers.Transport }

// Intercept makes the call.
func (a answers) Intercept(next khttp.Pipeline, index int, req *http.Request) (*http.Response, error) {
	resp, err := next.Next(req, index)
	if err != nil {
		return nil, a.t.Classify(nil, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, a.t.Classify(nil, err)
	}
	if x := exchangeOf(req.Context()); x != nil {
		*x = exchange{auth: req.Header.Get("Authorization"), status: resp.StatusCode, body: body}
	}
	if resp.StatusCode >= 300 {
		return nil, a.fault(resp, body)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}
