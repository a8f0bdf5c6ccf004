package providers

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The defaults of Rules.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMaxBody = 8 << 20
	defaultRate    = 25
	defaultBurst   = 50
)

// Rules configure one connection's transport.
type Rules struct {
	// Name is the provider as people know it, such as "Okta"; it begins sentences.
	Name string
	// Origin is the only place that may be called: "https://acme.okta.com", with
	// no path. Others are further origins of the same provider, such as the host
	// that issues tokens.
	Origin string
	Others []string
	// Loopback permits http and loopback addresses, for the simulator.
	Loopback bool
	// Timeout bounds each call from the first byte to the last; zero is 10 s.
	Timeout time.Duration
	// MaxBody bounds an answer in bytes after decompression; zero is 8 MiB.
	MaxBody int64
	// Rate and Burst are how many calls a second this connection makes; zero is
	// 25 and 50, so that one containment is a single burst. What the provider itself
	// allows it says with 429s, which close a bucket.
	Rate  rate.Limit
	Burst int
	// Bucket names the provider's rate-limit bucket of a request. A 429 closes that
	// bucket alone; nil is one bucket for all.
	Bucket func(*http.Request) string
	// Secrets are values that must never appear in an error.
	Secrets []string
	// Base makes the calls; nil is a transport of our own that checks addresses
	// while dialling. Tests put a validating one here.
	Base http.RoundTripper
}

// Transport is an http.RoundTripper that keeps the Rules. It is safe for
// concurrent use.
type Transport struct {
	rules    Rules
	origins  []*url.URL
	base     http.RoundTripper
	gate     *gate
	attempts atomic.Int64
}

// NewTransport checks the rules. Its errors name the wrong setting.
func NewTransport(r Rules) (*Transport, error) {
	if r.Name == "" {
		r.Name = "The provider"
	}
	if r.Timeout <= 0 {
		r.Timeout = DefaultTimeout
	}
	if r.MaxBody <= 0 {
		r.MaxBody = DefaultMaxBody
	}
	if r.Rate <= 0 {
		r.Rate = defaultRate
	}
	if r.Burst <= 0 {
		r.Burst = defaultBurst
	}
	if r.Bucket == nil {
		r.Bucket = func(*http.Request) string { return "" }
	}
	t := &Transport{rules: r, base: r.Base, gate: newGate(r.Rate, r.Burst)}
	for _, o := range append([]string{r.Origin}, r.Others...) {
		u, err := parseOrigin(o, r.Loopback)
		if err != nil {
			return nil, err
		}
		t.origins = append(t.origins, u)
	}
	if t.base == nil {
		t.base = newBase(t.allowsAddr)
	}
	return t, nil
}

// Client is an http.Client over the transport that follows no redirect.
func (t *Transport) Client() *http.Client {
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Attempts is how many requests were sent, each try counted once.
func (t *Transport) Attempts() int64 { return t.attempts.Load() }

// parseOrigin refuses everything but a scheme, a host and a port.
func parseOrigin(s string, loopback bool) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("the provider's address %q is not an address such as https://acme.okta.com", Plain(s, 80))
	}
	switch {
	case u.User != nil:
		return nil, errors.New("the provider's address must not contain a name or password")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the provider's address %q must end after the host, without a path or query", Plain(u.Redacted(), 80))
	case u.Scheme == "https":
	case u.Scheme == "http" && loopback && isLoopbackHost(u.Hostname()):
	default:
		return nil, fmt.Errorf("the provider's address %q must begin with https://", Plain(u.Redacted(), 80))
	}
	return &url.URL{Scheme: u.Scheme, Host: hostport(u)}, nil
}

// hostport is the lower-case host with its port, also when the port is implied.
func hostport(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func isLoopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
