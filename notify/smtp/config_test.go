package smtp

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

func valid() Config { return Config{Host: "mail.acme.example", From: "Acme <security@acme.example>"} }

// TestNew: what is refused before anything is sent, with the word that names it.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string // empty when it is taken
	}{
		{"the least there is", func(*Config) {}, ""},
		{"implicit", func(c *Config) { c.TLS = ImplicitTLS }, ""},
		{"a plain sender", func(c *Config) { c.From = "security@acme.example" }, ""},
		{"in clear on this machine", func(c *Config) { c.Host, c.TLS, c.Port = "127.0.0.1", NoTLS, 2525 }, ""},
		{"in clear on this machine by name", func(c *Config) { c.Host, c.TLS = "localhost", NoTLS }, ""},
		{"in clear on this machine, six", func(c *Config) { c.Host, c.TLS = "::1", NoTLS }, ""},
		{"in clear elsewhere", func(c *Config) { c.TLS = NoTLS }, "must be encrypted"},
		{"in clear in a private network", func(c *Config) { c.Host, c.TLS = "10.0.0.1", NoTLS }, "must be encrypted"},
		{"in clear at a look-alike", func(c *Config) { c.Host, c.TLS = "localhost.evil.example", NoTLS }, "must be encrypted"},
		{"a password in clear", func(c *Config) { c.Host, c.TLS, c.Username, c.Password = "127.0.0.1", NoTLS, username, password }, "never sent in clear"},
		{"opportunistic", func(c *Config) { c.TLS = "opportunistic" }, "starttls, implicit or none"},
		{"no host", func(c *Config) { c.Host = "" }, "host"},
		{"a host with a port", func(c *Config) { c.Host = "mail.acme.example:587" }, "host"},
		{"a socket", func(c *Config) { c.Host = "/run/mail.sock" }, "host"},
		{"a port too far", func(c *Config) { c.Port = 70000 }, "port"},
		{"half a sign-in", func(c *Config) { c.Username = username }, "belong together"},
		{"the other half", func(c *Config) { c.Password = password }, "belong together"},
		{"a line end in the password", func(c *Config) { c.Username, c.Password = username, password+"\n" }, "control character"},
		{"no sender", func(c *Config) { c.From = "" }, "sender"},
		{"E12 two headers in the sender", func(c *Config) { c.From = "Acme\r\nBcc: x <security@acme.example>" }, "sender"},
		{"two senders", func(c *Config) { c.From = "a@acme.example, b@acme.example" }, "sender"},
		{"an odd greeting", func(c *Config) { c.HelloName = "me\r\nMAIL" }, "introduce"},
		{"no authorities", func(c *Config) { c.RootCAs = []byte("not PEM") }, "PEM"},
		{"no time", func(c *Config) { c.Timeout = time.Millisecond }, "time limit"},
		{"all the time", func(c *Config) { c.Timeout = time.Hour }, "time limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := valid()
			c.change(&config)
			_, err := New(config)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if holds.KindOf(err) != holds.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// TestDefaults: the ports of the three kinds of line.
func TestDefaults(t *testing.T) {
	for encryption, port := range map[string]int{"": 587, StartTLS: 587, ImplicitTLS: 465, NoTLS: 25} {
		if got := (Config{TLS: encryption}).withDefaults(); got.Port != port || got.Timeout != 30*time.Second {
			t.Errorf("%q: %v", encryption, got)
		}
	}
}
