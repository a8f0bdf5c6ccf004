package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// Config is the whole configuration of an installation; each field's comment
// is its manual. Paths are relative to the file. Unknown keys are refused.
type Config struct {
	// Installation names this installation in the audit log's checkpoints. It
	// must never change once the log has entries.
	Installation string `yaml:"installation"`
	// Keys is the directory made by `countersign keys create`.
	Keys string `yaml:"keys"`
	// Database says where the data lives.
	Database Database `yaml:"database"`
	// Public is the listener that providers and account owners reach.
	Public Public `yaml:"public"`
	// Intake bounds how many deliveries wait to be decided; leave it out for the
	// defaults.
	Intake Intake `yaml:"intake"`
	// Console is the listener of the review console: loopback only.
	Console Console `yaml:"console"`
	// Health is the listener for probes and Prometheus.
	Health Health `yaml:"health"`
	// Audit says where signed checkpoints go: a place outside the database, best
	// on another machine.
	Audit Audit `yaml:"audit"`
	// Mail is the server messages are handed to.
	Mail Mail `yaml:"mail"`
	// Retention says how long what no hold rests on is kept.
	Retention Retention `yaml:"retention"`
	// Tenants are the organisations this installation guards.
	Tenants []Tenant `yaml:"tenants"`

	// dir is where the file lies.
	dir string
}

// Database: leave all empty to use DATABASE_URL (the application's role) and
// DATABASE_OWNER_URL (the owner's role, for migrate only).
type Database struct {
	// URLFile is a file with the application role's connection string; sslmode
	// must be given.
	URLFile string `yaml:"url_file"`
	// OwnerURLFile is a file with the owner role's, read by `migrate` and
	// `audit verify` only.
	OwnerURLFile string `yaml:"owner_url_file"`
	// Private is a directory for a private Postgres that Countersign runs itself
	// from installed binaries.
	Private string `yaml:"private"`
}

// Public: a certificate, or a proxy that ends TLS, or a loopback address.
type Public struct {
	// Listen is host:port.
	Listen string `yaml:"listen"`
	// URL is the address account owners and providers use, without a path.
	URL string `yaml:"url"`
	// Certificate and Key are PEM files.
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
	// TrustedProxies are the networks whose X-Forwarded headers count.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// Intake: when more wait than this, providers are answered 503 with a Retry-After
// until fewer do. Their logs are read all the same.
type Intake struct {
	// MaxWaiting is for all connections together; 0 is 50000.
	MaxWaiting int `yaml:"max_waiting"`
	// MaxWaitingPerConnection is for each; 0 is 10000.
	MaxWaitingPerConnection int `yaml:"max_waiting_per_connection"`
}

// Console is where reviewers work.
type Console struct {
	// Listen is host:port on loopback, for use on the machine or over a tunnel.
	Listen string `yaml:"listen"`
}

// Audit is the outside of the audit log.
type Audit struct {
	// Checkpoints is a directory outside the database.
	Checkpoints string `yaml:"checkpoints"`
}

// Mail is an SMTP submission server.
type Mail struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// TLS is "starttls" (the default), "implicit", or "none", which is refused
	// for anything but loopback.
	TLS string `yaml:"tls"`
	// CAFile is a PEM file of roots to trust instead of the system's.
	CAFile       string `yaml:"ca_file"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`
}

// Tenant is one organisation.
type Tenant struct {
	ID string `yaml:"id"`
	// Organisation is its name in messages.
	Organisation string `yaml:"organisation"`
	// Contact says, in words for an account owner, how to reach the security
	// team without using this product.
	Contact string `yaml:"contact"`
	// People is a CSV file of people, accounts and contact points; see
	// `countersign people example`.
	People string `yaml:"people"`
	// Policy is a YAML file with what the policy must know of this organisation:
	// its networks, the groups and applications it watches, its provisioning
	// automation, its sensitive departments, and for how many days somebody counts
	// as a joiner. Without it the policy is as shipped.
	Policy string `yaml:"policy"`
	// Duty are the mail addresses that are paged.
	Duty []string `yaml:"duty"`
	// Reviewers are ids of people who may check identity and decide.
	Reviewers []string `yaml:"reviewers"`
	// Caps bound how many accounts are restrained; see there.
	Caps        Caps         `yaml:"caps"`
	Connections []Connection `yaml:"connections"`
}

// Connection is one Okta org or one Entra directory.
type Connection struct {
	ID string `yaml:"id"`
	// Provider is "okta" or "entra"; the section of that name says the rest.
	Provider string `yaml:"provider"`
	// Mode is "watch" (the default), "notify" or "contain".
	Mode string `yaml:"mode"`
	// BreakGlass are at least two ids of emergency accounts that are never
	// restrained. Without them a connection cannot contain.
	BreakGlass []string `yaml:"break_glass"`
	// NeverSuspend are ids of accounts whose sessions are ended and who are restrained
	// no further, such as the one that synchronises directories.
	NeverSuspend []string `yaml:"never_suspend"`
	// Caps are what differs here from the tenant's.
	Caps Caps `yaml:"caps"`
	// Hook is Okta's alone: at Entra Countersign makes its subscriptions itself.
	Hook  Hook  `yaml:"hook"`
	Okta  Okta  `yaml:"okta"`
	Entra Entra `yaml:"entra"`
}

// Hook is the shared secret of the provider's webhook.
type Hook struct {
	// Header is the header that carries the secret; "Authorization" by default.
	Header string `yaml:"header"`
	// SecretFile holds the secret; PreviousSecretFile the one before, which is
	// accepted until PreviousUntil during a rotation.
	SecretFile         string    `yaml:"secret_file"`
	PreviousSecretFile string    `yaml:"previous_secret_file"`
	PreviousUntil      time.Time `yaml:"previous_until"`
	// ID is the hook's id at the provider, so that changes to it are tamper.
	ID string `yaml:"id"`
}

// Okta is how Countersign acts at an Okta org.
type Okta struct {
	OrgURL string `yaml:"org_url"`
	// TokenFile holds an SSWS API token; or ClientID and KeyFile (PKCS#1 PEM)
	// name a service app.
	TokenFile string   `yaml:"token_file"`
	ClientID  string   `yaml:"client_id"`
	KeyFile   string   `yaml:"key_file"`
	Scopes    []string `yaml:"scopes"`
	// TokenID is the id of the API token, which log events carry.
	TokenID string `yaml:"token_id"`
	// OwnAccounts are ids of the token's owner or the service app.
	OwnAccounts []string `yaml:"own_accounts"`
	// RestraintGroup is the id of the group whose deny rules hold an account.
	RestraintGroup string `yaml:"restraint_group"`
	// PollEvery is the interval of the System Log poller; 10s by default.
	PollEvery time.Duration `yaml:"poll_every"`
}

// LoadConfig reads a file strictly. A mistake is shown with its line; one that
// is not a matter of syntax names the key.
func LoadConfig(path string) (*Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w; name it with --config FILE", err)
	}
	if err := notForAll(path); err != nil {
		return nil, err
	}
	c, err := parseConfig(raw)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%s", path, yaml.FormatError(err, false, true))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c.dir = filepath.Dir(abs)
	c.defaults()
	if problems := c.check(); len(problems) > 0 {
		return nil, fmt.Errorf("%s:\n%w", path, errors.Join(problems...))
	}
	return c, nil
}

// parseConfig reads one document strictly: what stood in a second one would be
// left out in silence. The library panics on some files that are no configuration,
// such as a tag before a word where a list belongs; they are refused like any other.
func parseConfig(raw []byte) (c *Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, errors.New("this cannot be read as keys with plain values; take tags (!) and anchors (&) out")
		}
	}()
	c = &Config{}
	d := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict())
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.Decode(&Config{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is a second document (after ---); put everything into one")
	}
	return c, nil
}

func (c *Config) defaults() {
	if c.Console.Listen == "" {
		c.Console.Listen = "127.0.0.1:8080"
	}
	c.Health.defaults()
	if c.Mail.TLS == "" {
		c.Mail.TLS = "starttls"
	}
	for i := range c.Tenants {
		for j := range c.Tenants[i].Connections {
			n := &c.Tenants[i].Connections[j]
			if n.Mode == "" {
				n.Mode = "watch"
			}
			n.defaults(c.Public.URL)
		}
	}
}

// path makes a configured path absolute.
func (c *Config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
