package main

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	slug   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	oktaID = regexp.MustCompile(`^[A-Za-z0-9]{20}$`)
)

// problems collects what is wrong, so that a person can mend it all at once.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, fmt.Errorf("  %s: %s", key, fmt.Sprintf(format, args...)))
}

func (p *problems) need(key, value, why string) {
	if strings.TrimSpace(value) == "" {
		p.add(key, "missing; %s", why)
	}
}

// check says everything that is wrong with a configuration that parses.
func (c *Config) check() []error {
	var p problems
	p.need("installation", c.Installation, "it names the audit log's checkpoints")
	p.need("keys", c.Keys, "make the directory with `countersign keys create DIR`")
	p.need("audit.checkpoints", c.Audit.Checkpoints, "signed checkpoints need a directory outside the database")
	c.checkPublic(&p)
	c.checkIntake(&p)
	c.checkConsole(&p)
	c.checkHealth(&p)
	c.checkMail(&p)
	c.checkRetention(&p)
	if c.Database.Private != "" && c.Database.URLFile+c.Database.OwnerURLFile != "" {
		p.add("database.private", "give either a private directory or a database's url_file, not both")
	}
	if len(c.Tenants) == 0 {
		p.add("tenants", "there is none, so there is nothing to guard")
	}
	seen := map[string]bool{}
	for i, t := range c.Tenants {
		t.check(&p, fmt.Sprintf("tenants[%d]", i), seen)
	}
	return p
}

// checkIntake refuses depths at which the intake would close for a handful, or
// never.
func (c *Config) checkIntake(p *problems) {
	depth := func(key string, n int) {
		if n != 0 && (n < 100 || n > 1_000_000) {
			p.add(key, "%d is not between 100 and 1000000", n)
		}
	}
	depth("intake.max_waiting", c.Intake.MaxWaiting)
	depth("intake.max_waiting_per_connection", c.Intake.MaxWaitingPerConnection)
}

// hostPort: a port is 0 for any that is free.
func (p *problems) hostPort(key, value string) {
	if value == "" {
		return
	}
	if _, port, err := net.SplitHostPort(value); err != nil || !isPort(port) {
		p.add(key, "%q is not host:port", value)
	}
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func (c *Config) checkPublic(p *problems) {
	p.need("public.listen", c.Public.Listen, "give host:port")
	u, err := url.Parse(c.Public.URL)
	switch {
	case c.Public.URL == "":
		p.add("public.url", "missing; account owners' links start with it")
	case err != nil || u.Host == "" || u.Path != "" && u.Path != "/":
		p.add("public.url", "%q is not an address like https://countersign.example.com", c.Public.URL)
	case u.Scheme != "https" && !loopback(u.Host):
		p.add("public.url", "must be https unless it is on loopback")
	}
	p.hostPort("public.listen", c.Public.Listen)
	for _, n := range c.Public.TrustedProxies {
		switch prefix, err := netip.ParsePrefix(n); {
		case err != nil:
			p.add("public.trusted_proxies", "%q is not a network like 10.0.0.0/8", n)
		case prefix.Bits() == 0:
			p.add("public.trusted_proxies", "%q is everybody; name your proxies, whose word on addresses and TLS is believed", n)
		}
	}
	withTLS := c.Public.Certificate != "" || c.Public.Key != ""
	if withTLS && (c.Public.Certificate == "" || c.Public.Key == "") {
		p.add("public.certificate", "certificate and key are needed together")
	}
	if c.Public.Listen != "" && !withTLS && len(c.Public.TrustedProxies) == 0 && !loopback(c.Public.Listen) {
		p.add("public.listen", "%q can be reached from outside but speaks no TLS; give certificate and key, or trusted_proxies", c.Public.Listen)
	}
}

// checkConsole: until reviewers sign in with passkeys, the console is for the
// machine itself.
func (c *Config) checkConsole(p *problems) {
	p.hostPort("console.listen", c.Console.Listen)
	if c.Console.Listen == c.Public.Listen && !strings.HasSuffix(c.Console.Listen, ":0") {
		p.add("console.listen", "%q is the public address; the console has one of its own", c.Console.Listen)
	}
	if !loopback(c.Console.Listen) {
		p.add("console.listen", "%q is not on loopback; bind to 127.0.0.1 and reach it over a tunnel", c.Console.Listen)
	}
}

func (c *Config) checkMail(p *problems) {
	p.need("mail.host", c.Mail.Host, "owners are told by mail")
	p.need("mail.from", c.Mail.From, "messages need a sender")
	if c.Mail.Port <= 0 || c.Mail.Port > 65535 {
		p.add("mail.port", "%d is not a port", c.Mail.Port)
	}
	if !slices.Contains([]string{"starttls", "implicit", "none"}, c.Mail.TLS) {
		p.add("mail.tls", "%q is not starttls, implicit or none", c.Mail.TLS)
	}
	if c.Mail.TLS == "none" && !loopback(c.Mail.Host) {
		p.add("mail.tls", "none is only for a server on loopback")
	}
	if (c.Mail.Username == "") != (c.Mail.PasswordFile == "") {
		p.add("mail.username", "username and password_file are needed together")
	}
	if c.Mail.From != "" {
		if _, err := mail.ParseAddress(c.Mail.From); err != nil {
			p.add("mail.from", "%q is not a mail address", c.Mail.From)
		}
	}
}

func (t Tenant) check(p *problems, at string, seen map[string]bool) {
	if !slug.MatchString(t.ID) {
		p.add(at+".id", "%q must be lower-case letters, digits and dashes", t.ID)
	}
	if seen["tenant "+t.ID] {
		p.add(at+".id", "%q is used twice", t.ID)
	}
	seen["tenant "+t.ID] = true
	p.need(at+".organisation", t.Organisation, "owners read it in messages")
	p.need(at+".contact", t.Contact, "an owner must be able to call somebody")
	p.need(at+".people", t.People, "owners are told at contact points from this file")
	if len(different(t.Reviewers)) < 2 {
		p.add(at+".reviewers", "at least two people are needed: one checks identity, another approves")
	}
	if len(t.Duty) == 0 {
		p.add(at+".duty", "name at least one address that is paged")
	}
	for _, d := range t.Duty {
		if _, err := mail.ParseAddress(d); err != nil {
			p.add(at+".duty", "%q is not a mail address", d)
		}
	}
	t.Caps.check(p, at+".caps")
	if len(t.Connections) == 0 {
		p.add(at+".connections", "there is none, so there is nothing to guard")
	}
	for i, n := range t.Connections {
		n.check(p, fmt.Sprintf("%s.connections[%d]", at, i), seen)
	}
}

func (n Connection) check(p *problems, at string, seen map[string]bool) {
	if !slug.MatchString(n.ID) {
		p.add(at+".id", "%q must be lower-case letters, digits and dashes", n.ID)
	}
	if seen["connection "+n.ID] {
		p.add(at+".id", "%q is used twice in the installation", n.ID)
	}
	seen["connection "+n.ID] = true
	if !slices.Contains([]string{"watch", "notify", "contain"}, n.Mode) {
		p.add(at+".mode", "%q is not watch, notify or contain", n.Mode)
	}
	if n.Mode == "contain" && len(different(lowered(n.BreakGlass))) < 2 {
		p.add(at+".break_glass", "containment needs at least two different emergency accounts that are never restrained")
	}
	n.Caps.check(p, at+".caps")
	n.checkProvider(p, at)
}

// lowered makes ids that differ in case alone the same, as they are at Entra.
func lowered(list []string) []string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = strings.ToLower(id)
	}
	return out
}

func different(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

func (o Okta) check(p *problems, at string) {
	u, err := url.Parse(o.OrgURL)
	switch {
	case o.OrgURL == "":
		p.add(at+".org_url", "missing; for example https://acme.okta.com")
	case err != nil || u.Host == "" || u.Path != "" && u.Path != "/":
		p.add(at+".org_url", "%q is not an address like https://acme.okta.com", o.OrgURL)
	case u.Scheme != "https" && !loopback(u.Host):
		p.add(at+".org_url", "must be https")
	}
	if (o.TokenFile == "") == (o.ClientID == "") {
		p.add(at, "give either token_file, or client_id with key_file")
	}
	if (o.ClientID == "") != (o.KeyFile == "") {
		p.add(at+".key_file", "client_id and key_file are needed together")
	}
	if !oktaID.MatchString(o.RestraintGroup) {
		p.add(at+".restraint_group", "%q is not an Okta id of 20 letters and digits", o.RestraintGroup)
	}
	if o.PollEvery < 100*time.Millisecond || o.PollEvery > 24*time.Hour {
		p.add(at+".poll_every", "%s is not between 100ms and 24h", o.PollEvery)
	}
	if len(o.OwnAccounts) == 0 {
		p.add(at+".own_accounts", "missing; without the id of the token's owner or the service app, Countersign cannot tell its own acts from an intruder's")
	}
}

// plainURL reads an address that has a scheme of the web, a host and at most a
// path.
func plainURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err == nil && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "") {
		err = errors.New("not a plain address")
	}
	return u, err
}

// loopback tells whether a host, or host:port, is this machine's own.
func loopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
