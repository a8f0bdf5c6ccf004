package gateway

import (
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the declared reverse proxies.
//
// The rule for the client's address: the TCP peer is the only thing a stranger
// cannot write. If the peer is not a declared proxy, it is the client, whatever
// headers say. If it is one, it appended the address it saw at the right end of
// X-Forwarded-For; that address is the client, unless it is itself a declared
// proxy, which vouches for the next one to the left. Everything to the left of
// the first undeclared address is that stranger's own words and is not read.
type proxies []netip.Prefix

func (p proxies) has(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// client is the address of whoever sent the request, "" when the peer has no IP
// address (a unix socket).
func (p proxies) client(r *http.Request) string {
	at := peer(r)
	if !at.IsValid() {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.has(at); i-- {
		hop, ok := parseAddr(strings.TrimSpace(hops[i]))
		if !ok {
			break // the last address somebody vouched for is all we know
		}
		at = hop
	}
	return at.String()
}

// scheme is "https" when the connection is TLS, or when a declared proxy says
// so in exactly one X-Forwarded-Proto. No other header counts.
func (p proxies) scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	said := r.Header.Values("X-Forwarded-Proto")
	if p.has(peer(r)) && len(said) == 1 && strings.EqualFold(said[0], "https") {
		return "https"
	}
	return "http"
}

// peer is the other end of the TCP connection.
func peer(r *http.Request) netip.Addr {
	a, _ := parseAddr(r.RemoteAddr)
	return a
}

// parseAddr reads an address with or without port, brackets and zone, and
// writes an IPv4 address inside an IPv6 one as IPv4, so that one host has one
// spelling.
func parseAddr(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return tidy(ap.Addr()), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return tidy(a), true
}

func tidy(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
