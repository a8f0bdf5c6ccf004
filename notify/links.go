package notify

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// checkedLink refuses anything but a plain absolute address.
func checkedLink(s string) (string, error) {
	u, err := url.Parse(s)
	odd := strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune("\"<>`\\^{|}\x7f", r)
	})
	if err != nil || odd || len(s) > 1500 || u.Host == "" || u.User != nil {
		return "", errors.New("the link is not a plain absolute address")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", errors.New("the link is neither https nor on this machine")
	}
	return s, nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.IsLoopback()
}

// checkedCode refuses what could not be typed from one screen to another.
func checkedCode(s string) (string, error) {
	typed := func(r rune) bool {
		return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '-' || r == ' '
	}
	if len(s) < 6 || len(s) > 16 || strings.ContainsFunc(s, func(r rune) bool { return !typed(r) }) {
		return "", errors.New("the code is not 6 to 16 letters and digits")
	}
	return s, nil
}
