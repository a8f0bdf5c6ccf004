package gateway

import (
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
)

// Options are what NewEcho needs to know.
type Options struct {
	// Logger takes failures; nil logs nothing.
	Logger *slog.Logger
	// TrustedProxies are the reverse proxies in front of us, and nothing else. A
	// request from one of them must say X-Forwarded-Proto: https, or it is
	// refused; the client's address is then read from X-Forwarded-For, from the
	// right, through declared proxies only. Empty means that nobody is in front:
	// the TCP peer is the client and all forwarding headers are ignored.
	TrustedProxies []netip.Prefix
	// ContentSecurityPolicy replaces DefaultPolicy, for parts that show pages.
	ContentSecurityPolicy string
	// Timeout is the deadline of a request's context: zero is DefaultTimeout, a
	// negative one is none (for answers that stream).
	Timeout time.Duration
	// Page, when set, shows errors as pages wherever a group sets no page of its
	// own with Pages.
	Page Page
}

const (
	// DefaultPolicy lets a browser do nothing with an answer of ours but read it.
	DefaultPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	// DefaultTimeout is the deadline of a request's context.
	DefaultTimeout = 10 * time.Second
)

// NewEcho makes an Echo with no routes and with everything set that Echo leaves
// open. Serve it with NewServer: Echo's own Start has no time-outs.
//
// Echo v4 by itself believes X-Forwarded-For, X-Real-IP and X-Forwarded-Proto
// from anybody on a private network or from everybody
// (https://github.com/labstack/echo/security/advisories/GHSA-246p-cpwv-v3jq);
// here both extractors are always set.
func NewEcho(o Options) *echo.Echo {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ContentSecurityPolicy == "" {
		o.ContentSecurityPolicy = DefaultPolicy
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	front := proxies(o.TrustedProxies)
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard)
	e.IPExtractor = front.client
	e.SchemeExtractor = front.scheme
	e.HTTPErrorHandler = ErrorHandler(o.Logger)
	// Pre runs in this order and before routing, so that unknown addresses pass
	// through it as well.
	e.Pre(identify, Pages(o.Page), headers(o.ContentSecurityPolicy, front), recovered,
		deadline(o.Timeout), requireHTTPS(front), plainPath)
	e.Use(routedMethod, wholeSegments)
	return e
}
