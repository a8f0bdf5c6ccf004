package entra

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// The addresses of the worldwide service. National clouds have others
// (https://learn.microsoft.com/graph/deployments).
const (
	worldGraph = "https://graph.microsoft.com"
	worldLogin = "https://login.microsoftonline.com"
)

// Options are everything that configures a connection to an Entra tenant.
// Nothing is read from the environment.
type Options struct {
	Tenant     holds.TenantID
	Connection holds.ConnectionID
	// DirectoryTenant is the tenant's id, a GUID.
	DirectoryTenant string
	// ClientID is the application (client) id of our app registration. It proves
	// itself with exactly one of Secret, KeyPEM with CertPEM (an RSA key and its
	// certificate), and TokenFile (a federated token that the platform writes and
	// renews; read at each use).
	ClientID  string
	Secret    string
	KeyPEM    string
	CertPEM   string
	TokenFile string
	// RestraintGroup is the object id of the group that Conditional Access denies.
	RestraintGroup string
	// BreakGlass are the object ids of the accounts that the restraint policy may
	// exclude. Any other exclusion is told as a problem.
	BreakGlass []string
	// OwnAccounts are the object ids of our service principal and of other accounts
	// of ours. The client id is ours without being named.
	OwnAccounts []string
	// GraphURL and LoginURL are origins without a path; empty is the worldwide
	// service.
	GraphURL string
	LoginURL string
	// EffectiveAfter is how long an access token issued before a restraint may live
	// on. Applications with continuous access evaluation end it within 15 minutes,
	// others when the token does, which is an hour by default and the zero value here
	// (https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation).
	EffectiveAfter time.Duration
	Now            func() time.Time
	Logger         *slog.Logger
	// Loopback permits http and loopback addresses, for the simulator.
	Loopback bool
	// Timeout bounds each call; zero is 10 s.
	Timeout time.Duration
	// Base makes the calls instead of the network, in tests.
	Base http.RoundTripper
}

// isGUID tells whether a text has the form of an object id, so that no id can
// end a path or begin another.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
		if dash != (r == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

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
	for what, id := range map[string]string{
		"the directory tenant": o.DirectoryTenant, "the client id": o.ClientID, "the restraint group": o.RestraintGroup,
	} {
		need(isGUID(id), "%s must be an id such as 11111111-2222-3333-4444-555555555555, not %q", what, providers.Plain(id, 60))
	}
	for _, id := range append(slices.Clone(o.OwnAccounts), o.BreakGlass...) {
		need(isGUID(id), "the own and the break-glass accounts are object ids, not %q", providers.Plain(id, 60))
	}
	need(len(o.OwnAccounts) > 0, "the object id of our own service principal is missing; without it our own acts cannot be recognised")
	need(o.EffectiveAfter >= 0 && o.EffectiveAfter <= 24*time.Hour, "access tokens live at most 24h")
	bad = append(bad, o.checkProof())
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("entra connection %s: %w", o.Connection, err)
	}
	o.fill()
	return nil
}

// checkProof demands exactly one way to prove who we are.
func (o *Options) checkProof() error {
	ways := 0
	for _, set := range []bool{o.Secret != "", o.KeyPEM != "" || o.CertPEM != "", o.TokenFile != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return errors.New("give exactly one of a client secret, a key with its certificate, and a federated token file")
	}
	if o.KeyPEM != "" || o.CertPEM != "" {
		_, err := readCertificate(o.KeyPEM, o.CertPEM, o.now()())
		return err
	}
	return nil
}

func (o *Options) now() func() time.Time {
	if o.Now == nil {
		return time.Now
	}
	return o.Now
}

// fill puts defaults in and ids into the case that Graph writes them in.
func (o *Options) fill() {
	for _, id := range []*string{&o.DirectoryTenant, &o.ClientID, &o.RestraintGroup} {
		*id = strings.ToLower(*id)
	}
	lower := func(ids []string) []string {
		out := make([]string, 0, len(ids))
		for _, id := range ids {
			out = append(out, strings.ToLower(id))
		}
		return out
	}
	o.OwnAccounts, o.BreakGlass = lower(o.OwnAccounts), lower(o.BreakGlass)
	o.GraphURL = strings.TrimSuffix(strings.TrimRight(cmp.Or(o.GraphURL, worldGraph), "/"), "/v1.0")
	o.LoginURL = strings.TrimRight(cmp.Or(o.LoginURL, worldLogin), "/")
	o.EffectiveAfter = cmp.Or(o.EffectiveAfter, time.Hour)
	o.Now = o.now()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}
