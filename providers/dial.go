package providers

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// newBase is a transport without proxy that asks allow about every address it
// is about to connect to, after the name was resolved. Checking the name alone
// would leave the time between the check and the connection open to an answer
// of the name service that changes.
func newBase(allow func(netip.Addr) bool) *http.Transport {
	d := &net.Dialer{
		Timeout: 5 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("the address %s cannot be checked", address)
			}
			if !allow(ap.Addr()) {
				return &addressRefused{ap.Addr()}
			}
			return nil
		},
	}
	return &http.Transport{
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// addressRefused says that a name resolved to an address that is never called.
type addressRefused struct{ addr netip.Addr }

func (e *addressRefused) Error() string {
	return "the provider's name leads to " + e.addr.String() + ", which is not a public address"
}

// allowsAddr permits public addresses, loopback when the rules permit it, and
// the very address that the configuration names.
func (t *Transport) allowsAddr(a netip.Addr) bool {
	a = a.Unmap()
	if isPublic(a) || t.rules.Loopback && a.IsLoopback() {
		return true
	}
	for _, o := range t.origins {
		if ip, err := netip.ParseAddr(o.Hostname()); err == nil && ip.Unmap().WithZone("") == a.WithZone("") {
			return true
		}
	}
	return false
}

// reserved are the ranges beyond those netip has a name for: "this" network,
// shared address space, protocol assignments, benchmarking, documentation,
// former class E, and the IPv6 prefixes that carry an IPv4 address inside.
// See https://www.iana.org/assignments/iana-ipv4-special-registry/.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
		netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
		netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:db8::/32"),
	}
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range reserved() {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
