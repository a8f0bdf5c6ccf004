package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra"
	"github.com/countersign/countersign/providers/okta"
)

// The providers that a connection can name.
const (
	providerOkta  = "okta"
	providerEntra = "entra"
)

// Entra is how Countersign acts at a Microsoft Entra directory.
type Entra struct {
	// DirectoryTenant is the id of the directory, which its overview page calls
	// tenant ID.
	DirectoryTenant string `yaml:"directory_tenant"`
	// ClientID is the application (client) id of the app registration that
	// Countersign acts as. It proves itself in exactly one of three ways.
	ClientID string `yaml:"client_id"`
	// ClientSecretFile holds a client secret.
	ClientSecretFile string `yaml:"client_secret_file"`
	// CertificateFile and KeyFile are a certificate and its RSA key in PEM.
	CertificateFile string `yaml:"certificate_file"`
	KeyFile         string `yaml:"key_file"`
	// FederatedTokenFile is a token that the platform Countersign runs on writes and
	// renews, such as Kubernetes' for a workload identity.
	FederatedTokenFile string `yaml:"federated_token_file"`
	// RestraintGroup is the object id of the group that Conditional Access denies.
	RestraintGroup string `yaml:"restraint_group"`
	// OwnAccounts are object ids of the app registration's service principal (the
	// page Enterprise applications shows it) and of other accounts of Countersign's.
	OwnAccounts []string `yaml:"own_accounts"`
	// PollEvery is the interval of the audit log's poller when nothing is notified;
	// 30s by default. Entra allows five readings in ten seconds to everybody together.
	PollEvery time.Duration `yaml:"poll_every"`
	// LogDays is for how many days the directory keeps its audit log: 7, the default,
	// or 30 with a P1 or P2 licence. A longer silence of ours is told as a gap.
	LogDays int `yaml:"log_days"`
	// NotificationURL is where Microsoft Graph reaches the connection's door, without
	// a slash at the end; by default public.url with /hooks/entra/ and the
	// connection's id. A proxy in front may give it another address.
	NotificationURL string `yaml:"notification_url"`
	// GraphURL and LoginURL take the place of Microsoft's addresses, both or neither.
	// They are for a simulator: on loopback only.
	GraphURL string `yaml:"graph_url"`
	LoginURL string `yaml:"login_url"`
}

// defaults fills in what belongs to the connection's provider.
func (n *Connection) defaults(public string) {
	switch n.Provider {
	case providerOkta:
		if n.Hook.Header == "" {
			n.Hook.Header = "Authorization"
		}
		if n.Okta.PollEvery == 0 {
			n.Okta.PollEvery = 10 * time.Second
		}
	case providerEntra:
		if n.Entra.PollEvery == 0 {
			n.Entra.PollEvery = 30 * time.Second
		}
		if n.Entra.LogDays == 0 {
			n.Entra.LogDays = 7
		}
		if n.Entra.NotificationURL == "" && public != "" {
			n.Entra.NotificationURL = strings.TrimSuffix(public, "/") + "/hooks/entra/" + n.ID
		}
	}
}

// feedTerms is what is expected of the ways on which the connection's changes reach
// us.
func (n Connection) feedTerms() holds.FeedTerms {
	if n.Provider == providerEntra {
		return holds.FeedTerms{PollEvery: n.Entra.PollEvery, Kept: time.Duration(n.Entra.LogDays) * 24 * time.Hour, Advice: entra.FeedAdvice}
	}
	return holds.FeedTerms{PollEvery: n.Okta.PollEvery, Kept: okta.LogKept, Hook: true, HookID: n.Hook.ID, Advice: okta.HookAdvice}
}

// where is the organisation in words for people.
func (n Connection) where() string {
	if n.Provider == providerEntra {
		return "directory " + n.Entra.DirectoryTenant
	}
	return n.Okta.OrgURL
}

// ownAccounts are the accounts of Countersign's own at the provider.
func (n Connection) ownAccounts() []string {
	if n.Provider == providerEntra {
		return n.Entra.OwnAccounts
	}
	return n.Okta.OwnAccounts
}

// section is one part of a connection that only one provider has.
type section struct {
	name, provider string
	value          any
}

func (n Connection) sections() []section {
	return []section{{"hook", providerOkta, n.Hook}, {"okta", providerOkta, n.Okta}, {"entra", providerEntra, n.Entra}}
}

// checkProvider checks the section of the connection's provider, and refuses
// those of others: whoever wrote them means something that would not happen.
func (n Connection) checkProvider(p *problems, at string) {
	switch n.Provider {
	case providerOkta:
		n.checkOkta(p, at)
	case providerEntra:
		n.Entra.check(p, at+".entra")
		n.checkObjects(p, at)
	default:
		p.add(at+".provider", "%q is not known; this version speaks okta and entra", n.Provider)
		return
	}
	for _, s := range n.sections() {
		if s.provider != n.Provider && !reflect.ValueOf(s.value).IsZero() {
			p.add(at+"."+s.name, "a connection of provider %s has none; take it out", n.Provider)
		}
	}
}

func (n Connection) checkOkta(p *problems, at string) {
	p.need(at+".hook.secret_file", n.Hook.SecretFile, "deliveries are authenticated by a shared secret")
	if (n.Hook.PreviousSecretFile == "") != n.Hook.PreviousUntil.IsZero() {
		p.add(at+".hook.previous_until", "previous_secret_file and previous_until are needed together")
	}
	n.Okta.check(p, at+".okta")
	for _, list := range n.spared() {
		for _, id := range list.ids {
			switch {
			case !oktaID.MatchString(id):
				p.add(at+"."+list.key, "%q is not an Okta id of 20 letters and digits; logins can be renamed", id)
			case !strings.HasPrefix(id, "00u"):
				p.add(at+"."+list.key, "%q is not the id of an account, which begins with 00u", id)
			}
		}
	}
	n.checkSpared(p, at, n.Okta.OwnAccounts)
}

// spared are the lists of accounts that are treated with care, by their keys.
func (n Connection) spared() []spared {
	return []spared{{"break_glass", n.BreakGlass}, {"never_suspend", n.NeverSuspend}}
}

type spared struct {
	key string
	ids []string
}

// checkSpared refuses an account of which two lists say different things.
func (n Connection) checkSpared(p *problems, at string, own []string) {
	for _, id := range n.BreakGlass {
		if containsFold(own, id) {
			p.add(at+".break_glass", "%q is Countersign's own account; emergency accounts are people's", id)
		}
	}
	for _, id := range n.NeverSuspend {
		if containsFold(own, id) || containsFold(n.BreakGlass, id) {
			p.add(at+".never_suspend", "%q is an emergency account or Countersign's own, of which not even the sessions are ended; name it in one list", id)
		}
	}
}

// guid is an object id of Entra's.
var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// checkObjects checks the ids of a directory's accounts that are treated with care.
func (n Connection) checkObjects(p *problems, at string) {
	for _, list := range n.spared() {
		for _, id := range list.ids {
			if !guid.MatchString(id) {
				p.add(at+"."+list.key, "%q is not an object id like %s; user principal names can be renamed", id, exampleID)
			}
		}
	}
	n.checkSpared(p, at, n.Entra.OwnAccounts)
}

const exampleID = "11111111-2222-3333-4444-555555555555"

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

func (e Entra) check(p *problems, at string) {
	for _, id := range []struct{ key, value, what string }{
		{"directory_tenant", e.DirectoryTenant, "the overview page of Entra shows it as tenant ID"},
		{"client_id", e.ClientID, "the app registration shows it as application (client) ID"},
		{"restraint_group", e.RestraintGroup, "the group's page shows it as object ID"},
	} {
		if !guid.MatchString(id.value) {
			p.add(at+"."+id.key, "%q is not an id like %s; %s", id.value, exampleID, id.what)
		}
	}
	e.checkOwn(p, at)
	e.checkProof(p, at)
	e.checkAddresses(p, at)
	if e.PollEvery < time.Second || e.PollEvery > 24*time.Hour {
		p.add(at+".poll_every", "%s is not between 1s and 24h", e.PollEvery)
	}
	if e.LogDays < 1 || e.LogDays > 365 {
		p.add(at+".log_days", "%d is not a number of days from 1 to 365; it is 7 without a P1 licence and 30 with one", e.LogDays)
	}
}

func (e Entra) checkOwn(p *problems, at string) {
	if len(e.OwnAccounts) == 0 {
		p.add(at+".own_accounts", "missing; without the object id of its service principal, Countersign cannot tell its own acts from an intruder's")
	}
	for _, id := range e.OwnAccounts {
		if !guid.MatchString(id) {
			p.add(at+".own_accounts", "%q is not an object id like %s", id, exampleID)
		}
	}
	if containsFold(e.OwnAccounts, e.ClientID) && len(different(e.OwnAccounts)) < 2 {
		p.add(at+".own_accounts", "%q is the application's client id; the object id of its service principal is another one, and the page Enterprise applications shows it", e.ClientID)
	}
}

// checkProof demands one way to prove who we are.
func (e Entra) checkProof(p *problems, at string) {
	ways := 0
	for _, set := range []bool{e.ClientSecretFile != "", e.CertificateFile != "" || e.KeyFile != "", e.FederatedTokenFile != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		p.add(at, "give exactly one of client_secret_file, certificate_file with key_file, and federated_token_file")
	}
	if (e.CertificateFile == "") != (e.KeyFile == "") {
		p.add(at+".key_file", "certificate_file and key_file are needed together")
	}
}

// checkAddresses: Microsoft's own addresses are not to be replaced by others
// that would be given our credential, and Microsoft must be able to call ours.
func (e Entra) checkAddresses(p *problems, at string) {
	if (e.GraphURL == "") != (e.LoginURL == "") {
		p.add(at+".login_url", "graph_url and login_url are needed together")
	}
	for _, a := range []struct{ key, value string }{{"graph_url", e.GraphURL}, {"login_url", e.LoginURL}} {
		if u, err := plainURL(a.value); a.value != "" && (err != nil || strings.Trim(u.Path, "/") != "" || !loopback(u.Host)) {
			p.add(at+"."+a.key, "%q is not an address on loopback, without a path; leave it out for Microsoft's own", a.value)
		}
	}
	u, err := plainURL(e.NotificationURL)
	switch {
	case e.NotificationURL == "": // there is no public.url to make it of, which is told there
	case err != nil || strings.HasSuffix(u.Path, "/"):
		p.add(at+".notification_url", "%q is not an address like https://countersign.example.com/hooks/entra/acme, without a slash at the end", e.NotificationURL)
	case e.GraphURL != "": // the simulator reaches whatever this machine does
	case u.Scheme != "https":
		p.add(at+".notification_url", "%q must be https: Microsoft Graph calls no other address", e.NotificationURL)
	case loopback(u.Host):
		p.add(at+".notification_url", "%q is on loopback, where Microsoft Graph cannot call; set public.url, or this to the address that it can", e.NotificationURL)
	}
}
