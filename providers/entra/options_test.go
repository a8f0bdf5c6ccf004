package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// newPair is an RSA key in PKCS#8 and its certificate.
var newPair = sync.OnceValues(func() (string, string) { return makePair(time.Now().Add(24 * time.Hour)) })

func makePair(until time.Time) (key, cert string) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "countersign"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		panic(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestOptionsAreChecked(t *testing.T) {
	key, cert := newPair()
	other, _ := makePair(time.Now().Add(time.Hour))
	oldKey, oldCert := makePair(time.Now().Add(-time.Hour))
	certificate := func(key, cert string) func(*Options) {
		return func(o *Options) { o.Secret, o.KeyPEM, o.CertPEM = "", key, cert }
	}
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"a secret":      {func(*Options) {}, ""},
		"a certificate": {certificate(key, cert), ""},
		"a token file":  {func(o *Options) { o.Secret, o.TokenFile = "", "/run/token" }, ""},
		"upper case":    {func(o *Options) { o.RestraintGroup = strings.ToUpper(o.RestraintGroup) }, ""},
		"another cloud": {func(o *Options) {
			o.GraphURL, o.LoginURL = "https://graph.microsoft.us", "https://login.microsoftonline.us"
		}, ""},
		"no tenant":              {func(o *Options) { o.Tenant = "" }, "the tenant"},
		"a domain as directory":  {func(o *Options) { o.DirectoryTenant = "contoso.onmicrosoft.com" }, "directory tenant"},
		"no app":                 {func(o *Options) { o.ClientID = "" }, "client id"},
		"a name as group":        {func(o *Options) { o.RestraintGroup = "Held accounts" }, "restraint group"},
		"a path as group":        {func(o *Options) { o.RestraintGroup = "../users/" + testAccount[9:] }, "restraint group"},
		"nothing own":            {func(o *Options) { o.OwnAccounts = nil }, "our own"},
		"a login as own":         {func(o *Options) { o.OwnAccounts = []string{"svc@acme.example"} }, "own"},
		"a login as break-glass": {func(o *Options) { o.BreakGlass = []string{"glass@acme.example"} }, "break-glass"},
		"a life too long":        {func(o *Options) { o.EffectiveAfter = 25 * time.Hour }, "24h"},
		"no proof":               {func(o *Options) { o.Secret = "" }, "exactly one"},
		"two proofs":             {func(o *Options) { o.TokenFile = "/run/token" }, "exactly one"},
		"no certificate":         {certificate(key, ""), "certificate"},
		"no key":                 {certificate("", cert), "key"},
		"another's key":          {certificate(other, cert), "belong together"},
		"expired":                {certificate(oldKey, oldCert), "expired"},
		"a key as certificate":   {certificate(key, key), "CERTIFICATE"},
		"plain http":             {func(o *Options) { o.GraphURL = "http://graph.microsoft.com" }, "https"},
		"a path":                 {func(o *Options) { o.GraphURL = "https://graph.microsoft.com/beta" }, "path"},
	} {
		o := goodOptions()
		c.change(&o)
		_, err := New(o)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "entra-main")) {
			t.Errorf("%s: %v, want words %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), testSecret) || strings.Contains(err.Error(), "PRIVATE KEY-----")) {
			t.Errorf("%s: the secret is shown", name)
		}
	}
}

func TestG15OnlyGUIDsAreIDs(t *testing.T) {
	for id, want := range map[string]bool{
		testAccount: true, strings.ToUpper(testAccount): true, "": false, "me": false, testAccount + "/": false, testAccount[:35]: false,
		strings.Replace(testAccount, "-", "/", 1): false, strings.Replace(testAccount, "7", "g", 1): false, "{" + testAccount[:34] + "}": false,
		strings.ReplaceAll(testAccount, "-", ""): false, testAccount[:35] + "é": false,
	} {
		if isGUID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
	for id, want := range map[string]bool{
		"l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk": true, "5wuT_mJe20eRr5jDpJo4sUZl7gMT8cVOup3lc4GwySg-1": true,
		"..": false, "../../../x": false, "abcdefg/": false, "abcdefgh?": false, "abcdefg.": false, "": false, "abc": false,
	} {
		if isKey(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
	for s, want := range map[string]bool{
		"/": true, "/administrativeUnits/" + testGroup: true, "/" + testGroup: true, "/attributeSets/Engineering": true,
		"": false, "//": false, "/../x": false, "/a/..": false, "/a b": false, "a": false, "/--": false,
	} {
		if isScope(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
