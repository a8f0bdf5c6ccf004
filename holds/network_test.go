package holds

import "testing"

// TestNetworkOf: neighbours share a network, a port and a notation change
// nothing, and what is no address is in none.
func TestNetworkOf(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7":              "203.0.113.0/24",
		"203.0.113.250:51034":      "203.0.113.0/24",
		"::ffff:203.0.113.9":       "203.0.113.0/24",
		"2001:db8:1:2::7":          "2001:db8:1::/48",
		"[2001:db8:1:ffff::1]:443": "2001:db8:1::/48",
		"fe80::1%eth0":             "fe80::/48",
		"":                         "",
		"<null>":                   "",
		"203.0.113":                "",
		"203.0.113.7, 10.0.0.1":    "",
	} {
		if got := NetworkOf(ip); got != want {
			t.Errorf("%q lies in %q, want %q", ip, got, want)
		}
	}
}
