package holds

import "net/netip"

// NetworkOf is the network that an address lies in, as far as it tells where
// somebody is: 203.0.113.0/24 of a 32-bit address, 2001:db8::/48 of a 128-bit one.
// A port behind the address is left out. It is empty for what is no address.
func NetworkOf(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		with, err := netip.ParseAddrPort(ip)
		if err != nil {
			return ""
		}
		addr = with.Addr()
	}
	addr, bits := addr.WithZone("").Unmap(), 48
	if addr.Is4() {
		bits = 24
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}
