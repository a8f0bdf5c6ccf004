package okta

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// Options are everything that configures a connection to an Okta organisation.
// Nothing is read from the environment or from the SDK's own files.
type Options struct {
	Tenant     holds.TenantID
	Connection holds.ConnectionID
	// OrgURL is the organisation's address, such as https://acme.okta.com, without
	// "-admin" and without a path.
	OrgURL string
	// Token is an API token (SSWS). Otherwise ClientID and KeyPEM are a service
	// app's, with an RSA key in PKCS#1 PEM, and Scopes what it asks for; none means
	// what this package needs always, and what single reverts need when they are made.
	Token    string
	ClientID string
	KeyPEM   string
	Scopes   []string
	// RestraintGroup is the id (00g…) of the group whose deny rules restrain.
	RestraintGroup string
	// HookID is the id of our event hook; optional.
	HookID string
	// HookURL is the address that the hook must call; empty is not checked.
	HookURL string
	// OwnAccounts are the ids of our service account or app, OwnTokens those (never
	// the values) of our API tokens.
	OwnAccounts []string
	OwnTokens   []string
	// TokenLife is how long an access token issued before a restraint may live on:
	// the longest that any authorization server of the organisation gives. Zero is
	// one hour, which is what Okta's own server gives always and a custom one by
	// default; a custom one may give up to 24 hours
	// (https://support.okta.com/help/s/article/What-is-the-lifetime-of-the-JWT-tokens).
	TokenLife time.Duration
	Now       func() time.Time
	Logger    *slog.Logger
	// Loopback permits http and loopback addresses, for the simulator.
	Loopback bool
	// Timeout bounds each call; zero is 10 s.
	Timeout time.Duration
	// Base makes the calls instead of the network, in tests.
	Base http.RoundTripper
}

// isID tells whether a text has the form of every id of Okta: 20 letters or
// digits, so that no id can end a path or begin another.
func isID(s string) bool { return len(s) == 20 && strings.IndexFunc(s, notWord) < 0 }

func notWord(r rune) bool { return !isWord(r) }

// check fills in defaults and refuses what cannot work. Its errors name the
// setting and never its value when that is a secret.
func (o *Options) check() error {
	var bad []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			bad = append(bad, fmt.Errorf(format, args...))
		}
	}
	need(o.Tenant != "" && o.Connection != "", "the tenant and the connection need names")
	need(!strings.Contains(o.OrgURL, "-admin."), "the org URL is that of the admin console; leave out \"-admin\"")
	need(isID(o.RestraintGroup) && strings.HasPrefix(o.RestraintGroup, "00g"), "the restraint group must be the id of a group (00g and 17 letters or digits), not %q", o.RestraintGroup)
	need(o.HookID == "" || isID(o.HookID), "the hook id must have 20 letters or digits, not %q", o.HookID)
	for _, id := range append(append([]string{}, o.OwnAccounts...), o.OwnTokens...) {
		need(isID(id), "the own accounts and tokens are ids of 20 letters or digits, not %q", shown(id))
	}
	need(len(o.OwnAccounts) > 0 || o.ClientID != "", "the id of our own service account or app is missing; without it our own acts cannot be recognised")
	need(o.TokenLife >= 0 && o.TokenLife <= 24*time.Hour, "the token life is at most 24h, which is the most Okta allows")
	if o.Token != "" {
		need(o.ClientID == "" && o.KeyPEM == "", "give either an API token or a service app with a key, not both")
	} else {
		need(isID(o.ClientID), "the client id must have 20 letters or digits, not %q (or give an API token)", shown(o.ClientID))
		need(checkKey(o.KeyPEM) == nil, "the service app's key: %v", checkKey(o.KeyPEM))
	}
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("okta connection %s: %w", o.Connection, err)
	}
	o.OrgURL = strings.TrimRight(o.OrgURL, "/")
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Scopes) == 0 {
		o.Scopes = defaultScopes()
	}
	return nil
}

// checkKey says in words what is wrong with a key, since the SDK would say so
// only at the first call.
func checkKey(text string) error {
	block, _ := pem.Decode([]byte(text))
	switch {
	case text == "":
		return errors.New("it is missing")
	case block == nil:
		return errors.New("it is not PEM")
	case block.Type == "PRIVATE KEY":
		return errors.New("it is PKCS#8; convert it with: openssl rsa -traditional -in key.pem")
	case block.Type != "RSA PRIVATE KEY":
		return fmt.Errorf("it is a %s, but must be an RSA PRIVATE KEY", shown(block.Type))
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
		return errors.New("it is not a PKCS#1 RSA key")
	}
	return nil
}
