package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// directorySection is a connection to a directory as an administrator writes it.
const directorySection = `      - id: nordwind-entra
        provider: entra
        mode: contain
        break_glass: [b1000000-0000-4000-8000-000000000001, b1000000-0000-4000-8000-000000000002]
        entra:
          directory_tenant: d1000000-0000-4000-8000-000000000000
          client_id: c1000000-0000-4000-8000-000000000000
          client_secret_file: entra.secret
          restraint_group: 61000000-0000-4000-8000-000000000000
          own_accounts: [51000000-0000-4000-8000-000000000000]
`

// withDirectory is an installation with an org and a directory.
func withDirectory(t *testing.T) *world {
	t.Helper()
	return newWorld(t, options{notYet: true, edit: func(l *layout) {
		l.swap("    connections:\n", "    connections:\n"+directorySection)
	}})
}

func TestCheckConfigOfADirectory(t *testing.T) {
	t.Parallel()
	w := withDirectory(t)
	w.write("entra.secret", "a-client-secret-of-forty-characters-long\n")
	out := w.good("check-config")
	for _, want := range []string{
		"nordwind/nordwind-entra: entra at directory d1000000-0000-4000-8000-000000000000, mode contain\n",
		"nordwind/nordwind-okta: okta at http://127.0.0.1:", "The configuration is good.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	c, err := LoadConfig(w.file("countersign.yaml"))
	w.must(err)
	e := c.Tenants[0].Connections[0].Entra
	if e.PollEvery != 30*time.Second || e.NotificationURL != publicURL+"/hooks/entra/nordwind-entra" {
		t.Errorf("by default: every %s, notified at %s", e.PollEvery, e.NotificationURL)
	}
}

// Each of these is refused by serve as by check-config, with the key.
func TestConfigRefusalsOfADirectory(t *testing.T) {
	t.Parallel()
	w := withDirectory(t)
	w.write("entra.secret", "a-client-secret-of-forty-characters-long\n")
	w.must(writeOnce(w.file("entra.key"), "-", 0o600))
	const tenantLine, secretLine = "          directory_tenant: d1000000-0000-4000-8000-000000000000\n", "          client_secret_file: entra.secret\n"
	for name, c := range map[string]struct {
		old, with string
		words     []string
	}{
		"no directory":                 {tenantLine, "", []string{"entra.directory_tenant", "tenant ID"}},
		"a domain for a directory":     {"d1000000-0000-4000-8000-000000000000", "nordwind.example", []string{"entra.directory_tenant", "nordwind.example"}},
		"a client by name":             {"client_id: c1000000-0000-4000-8000-000000000000", "client_id: countersign", []string{"entra.client_id"}},
		"a group by name":              {"restraint_group: 61000000-0000-4000-8000-000000000000", "restraint_group: held", []string{"entra.restraint_group"}},
		"no accounts of our own":       {"          own_accounts: [51000000-0000-4000-8000-000000000000]\n", "", []string{"entra.own_accounts", "service principal"}},
		"an own account by name":       {"[51000000-0000-4000-8000-000000000000]", "[countersign]", []string{"entra.own_accounts", "countersign"}},
		"the client id for an account": {"[51000000-0000-4000-8000-000000000000]", "[C1000000-0000-4000-8000-000000000000]", []string{"entra.own_accounts", "client id", "Enterprise applications"}},
		"no proof":                     {secretLine, "", []string{"exactly one of client_secret_file"}},
		"two proofs":                   {secretLine, secretLine + "          federated_token_file: token\n", []string{"exactly one of client_secret_file"}},
		"a key without certificate":    {secretLine, "          key_file: entra.key\n", []string{"entra.key_file", "together"}},
		"too eager":                    {secretLine, secretLine + "          poll_every: 100ms\n", []string{"entra.poll_every", "1s"}},
		"a log kept for ever":          {secretLine, secretLine + "          log_days: 3650\n", []string{"entra.log_days", "365"}},
		"emergency accounts by name":   {"b1000000-0000-4000-8000-000000000001,", "breakglass@nordwind.example,", []string{"break_glass", "object id"}},
		"our own as emergency account": {"b1000000-0000-4000-8000-000000000001,", "51000000-0000-4000-8000-000000000000,", []string{"break_glass", "Countersign's own"}},
		"one emergency account twice":  {"b1000000-0000-4000-8000-000000000001,", "b1000000-0000-4000-8000-000000000002,", []string{"break_glass", "two different"}},
		"another Graph":                {secretLine, secretLine + "          graph_url: https://graph.example\n          login_url: https://login.example\n", []string{"entra.graph_url", "entra.login_url", "loopback"}},
		"a Graph without login":        {secretLine, secretLine + "          graph_url: http://127.0.0.1:1\n", []string{"entra.login_url", "together"}},
		"a Graph with a path":          {secretLine, secretLine + "          graph_url: http://127.0.0.1:1/v1.0\n          login_url: http://127.0.0.1:1\n", []string{"entra.graph_url", "path"}},
		"notified in the clear":        {secretLine, secretLine + "          notification_url: http://countersign.example/hooks/entra/x\n", []string{"entra.notification_url", "https"}},
		"notified on loopback":         {secretLine, secretLine + "          notification_url: https://localhost/hooks/entra/x\n", []string{"entra.notification_url", "loopback"}},
		"notified at a query":          {secretLine, secretLine + "          notification_url: https://countersign.example/hooks?x=1\n", []string{"entra.notification_url"}},
		"notified at a folder":         {secretLine, secretLine + "          notification_url: https://countersign.example/hooks/\n", []string{"entra.notification_url", "slash"}},
		"a public address on loopback": {"url: " + publicURL, "url: http://localhost:8443", []string{"entra.notification_url"}},
		"a hook's secret":              {"        entra:\n", "        hook: {secret_file: entra.secret}\n        entra:\n", []string{"connections[0].hook", "provider entra has none"}},
		"an org's section":             {"        entra:\n", "        okta: {org_url: https://nordwind.okta.com}\n        entra:\n", []string{"connections[0].okta", "provider entra has none"}},
		"a directory's at an org":      {"        okta:\n", "        entra: {client_id: x}\n        okta:\n", []string{"connections[1].entra", "provider okta has none"}},
		"an unknown provider":          {"provider: entra", "provider: azure", []string{"connections[0].provider", "azure", "okta and entra"}},
		"an unknown key":               {"          client_id:", "          client:", []string{"client", "unknown field"}},
		"the org's id again":           {"id: nordwind-entra", "id: nordwind-okta", []string{"connections[1].id", "used twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := *w.layout
			defer func() { *w.layout = before }()
			w.layout.swap(c.old, c.with)
			w.layout.rewrite(w)
			for _, command := range []string{"check-config", "serve"} {
				_, errs, code := w.command(command)
				if code != 1 {
					t.Errorf("%s: exit %d", command, code)
				}
				for _, want := range c.words {
					if !strings.Contains(errs, want) {
						t.Errorf("%s does not say %q but: %s", command, want, errs)
					}
				}
			}
		})
	}
}

// TestProofOfADirectory: each of the three ways is taken, and what is wrong with
// its files is said before the first call, and without a secret.
func TestProofOfADirectory(t *testing.T) {
	t.Parallel()
	w := withDirectory(t)
	key, certificate := keyPair(t)
	_, other := keyPair(t)
	for name, c := range map[string]struct {
		lines string
		files map[string]string
		want  string // empty: it is good
	}{
		"a secret":                {"client_secret_file: s", map[string]string{"s": "canary-secret"}, ""},
		"no such file":            {"client_secret_file: missing", nil, "nordwind-entra.entra.client_secret_file"},
		"an empty secret":         {"client_secret_file: s", map[string]string{"s": ""}, "is empty"},
		"a certificate":           {"{certificate_file: c, key_file: k}", map[string]string{"c": certificate, "k": key}, ""},
		"of another key":          {"{certificate_file: c, key_file: k}", map[string]string{"c": other, "k": key}, "do not belong together"},
		"a key of another kind":   {"{certificate_file: c, key_file: k}", map[string]string{"c": certificate, "k": ellipticKey(t)}, "RSA"},
		"no certificate file":     {"{certificate_file: missing, key_file: k}", map[string]string{"k": key}, "nordwind-entra.entra.certificate_file"},
		"no key file":             {"{certificate_file: c, key_file: missing}", map[string]string{"c": certificate}, "nordwind-entra.entra.key_file"},
		"a federated token":       {"federated_token_file: t", map[string]string{"t": "canary.token.x"}, ""},
		"no token where it is to": {"federated_token_file: missing", nil, "nordwind-entra.entra.federated_token_file"},
	} {
		t.Run(name, func(t *testing.T) {
			before := *w.layout
			defer func() { *w.layout = before }()
			for file, text := range c.files {
				w.write(file, text)
			}
			lines := strings.NewReplacer("{", "", "}", "", ", ", "\n          ").Replace(c.lines)
			w.layout.swap("client_secret_file: entra.secret", lines)
			w.layout.rewrite(w)
			out, errs, code := w.command("check-config")
			if (c.want == "") != (code == 0) || !strings.Contains(errs, c.want) {
				t.Errorf("exit %d, want %q: %s", code, c.want, errs)
			}
			if strings.Contains(out+errs, "canary") || strings.Contains(out+errs, "PRIVATE KEY-----\n") {
				t.Errorf("I7: a secret is printed: %s%s", out, errs)
			}
		})
	}
}

// keyPair makes a key and a certificate of it in PEM.
func keyPair(t *testing.T) (key, certificate string) {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "countersign"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k)), inPEM(t, "CERTIFICATE", der)
}

func ellipticKey(t *testing.T) string {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM(t, "PRIVATE KEY", der)
}

func inPEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
