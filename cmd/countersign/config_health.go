package main

import (
	"fmt"
	"strings"
)

// Health is what machines ask: /livez and /readyz for probes, /metrics for
// Prometheus.
type Health struct {
	// Listen is host:port, 127.0.0.1:9464 by default; "none" opens nothing. Away from
	// loopback the figures need a token.
	Listen string `yaml:"listen"`
	// TokenFile holds a token of sixteen letters or more that whoever reads /metrics
	// must carry as "Authorization: Bearer TOKEN". Probes need none.
	TokenFile string `yaml:"token_file"`
}

// noHealth opens no listener.
const noHealth = "none"

// leastToken is how long a token must be.
const leastToken = 16

func (h *Health) defaults() {
	if h.Listen == "" {
		h.Listen = "127.0.0.1:9464"
	}
}

// checkHealth: the figures tell how an attack goes, so that strangers must not read
// them.
func (c *Config) checkHealth(p *problems) {
	h := c.Health
	if h.Listen == noHealth {
		if h.TokenFile != "" {
			p.add("health.token_file", "there is no listener for it; take it out, or give health.listen")
		}
		return
	}
	p.hostPort("health.listen", h.Listen)
	for _, other := range []struct{ key, listen string }{{"public", c.Public.Listen}, {"console", c.Console.Listen}} {
		if h.Listen == other.listen && !strings.HasSuffix(h.Listen, ":0") {
			p.add("health.listen", "%q is the address of %s.listen; it needs one of its own", h.Listen, other.key)
		}
	}
	if !loopback(h.Listen) && h.TokenFile == "" {
		p.add("health.token_file", "missing; %q can be reached from outside, and the figures tell how an attack goes", h.Listen)
	}
}

// token reads what guards the figures, empty when nothing does.
func (c *Config) healthToken() (string, error) {
	if c.Health.TokenFile == "" {
		return "", nil
	}
	token, err := c.readSecret("health.token_file", c.Health.TokenFile)
	if err != nil {
		return "", err
	}
	if len(token) < leastToken {
		return "", fmt.Errorf("health.token_file: %s holds fewer than %d letters", c.path(c.Health.TokenFile), leastToken)
	}
	return token, nil
}
