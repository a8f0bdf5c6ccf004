package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/countersign/countersign/sql/localpg"
)

// world is an installation: a database, a simulated provider, and the service on a
// real configuration, all of them fresh.
type world struct {
	b       *bench
	db      *database
	sim     *simulator
	watch   *watch
	service *child
	public  string // the address of its public listener
	dir     string
	secret  string
	next    int // the first account that no event was about yet
	spare   int // the first that the plain service has not had
}

// shape says how a world differs from the smallest.
type shape struct {
	organisations int  // how many connections there are; a provider's limits are for each
	accounts      int  // people of the simulated company beside its own
	told          int  // so many of the accounts have owners who can be told
	idle          bool // the service is not started
}

func (b *bench) world(ctx context.Context, s shape) (w *world, err error) {
	w = &world{b: b, secret: rand.Text()}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.db, err = b.database(ctx); err != nil {
		return w, err
	}
	if w.sim, err = b.simulator(ctx, s.accounts); err != nil {
		return w, err
	}
	if w.watch, err = newWatch(w.sim.ready.Okta.URL, max(1, s.organisations)); err != nil {
		return w, err
	}
	if err = w.configure(s); err != nil || s.idle {
		return w, err
	}
	return w, w.serve(ctx)
}

func (w *world) close() {
	if w.service != nil {
		w.service.kill()
	}
	if w.watch != nil {
		w.watch.close()
	}
	if w.sim != nil && w.sim.child != nil {
		w.sim.kill()
	}
	if w.db != nil && w.db.DB != nil {
		_ = w.db.Close()
	}
}

// serve starts the service and waits until it is up.
func (w *world) serve(ctx context.Context) (err error) {
	cmd := exec.Command(filepath.Join(w.b.programs, "countersign"), "serve", "--config", w.file("countersign.yaml"))
	w.service, err = start(ctx, cmd, func(c *exec.Cmd) (io.ReadCloser, error) { return c.StderrPipe() }, serviceUp(&w.public))
	return err
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// Every organisation is a tenant of its own: within one tenant the accounts of a
// person are looked for at each of its connections.
func tenantID(n int) string     { return fmt.Sprintf("nordwind-%d", n) }
func connectionID(n int) string { return fmt.Sprintf("nordwind-okta-%d", n) }

// secretOf is what a connection's hook is known by.
func (w *world) secretOf(connection int) string { return fmt.Sprintf("%s-%d", w.secret, connection) }

// connectionOf is the connection that an account belongs to.
func (w *world) connectionOf(account int) int { return account % len(w.watch.urls) }

// configure writes what an administrator would.
func (w *world) configure(s shape) (err error) {
	if w.dir, err = os.MkdirTemp(w.b.dir, "world-"); err != nil {
		return err
	}
	company, err := w.sim.company()
	if err != nil {
		return err
	}
	if len(company.Tokens) == 0 {
		return fmt.Errorf("the simulated company has no API token")
	}
	host, port, err := net.SplitHostPort(w.sim.ready.Mail.SMTPAddr)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = configuration.Execute(&text, map[string]any{
		"MailHost": host, "MailPort": port, "URLs": w.watch.urls, "Token": company.Tokens[0],
		"Group": company.RestraintGroup, "BreakGlass": strings.Join(company.withDuty("break-glass"), ", "),
	})
	if err != nil {
		return err
	}
	files := map[string]string{
		"countersign.yaml": text.String(), "mail.pem": w.sim.ready.Mail.CertificatePEM,
		"okta.token": w.sim.ready.Okta.Token + "\n", "app.url": w.db.dsn(localpg.RoleApp) + "\n", "owner.url": w.db.dsn(localpg.RoleOwner) + "\n",
	}
	for n := range w.watch.urls {
		files[fmt.Sprintf("hook-%d.secret", n)] = w.secretOf(n) + "\n"
		files[fmt.Sprintf("people-%d.csv", n)] = w.people(n, s.told)
	}
	for name, content := range files {
		if err := os.WriteFile(w.file(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	out, err := exec.Command(filepath.Join(w.b.programs, "countersign"), "keys", "create", "--installation=bench", w.file("keys")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("make the keys: %w: %s", err, out)
	}
	return nil
}

// people are the reviewers of an organisation and the owners of its accounts, as far as
// they have any.
func (w *world) people(organisation, told int) string {
	var b strings.Builder
	b.WriteString("person,name,belonging,department,manager,account,contact_kind,contact,recorded,inside\n")
	b.WriteString("ruth,Ruth Abara,employee,Security,,,email,ruth@private.example,2024-05-06,\n")
	b.WriteString("omar,Omar Farouk,employee,Security,,,email,omar@private.example,2024-05-06,\n")
	for n := organisation; n < told; n += len(w.watch.urls) {
		fmt.Fprintf(&b, "person%d,Person %d,employee,Engineering,,%s:%s,email,person%d@private.example,2024-05-06,\n",
			n, n, connectionID(organisation), accountID(n), n)
	}
	return b.String()
}

var configuration = template.Must(template.New("").Funcs(template.FuncMap{"tenant": tenantID, "connection": connectionID}).Parse(`installation: bench
keys: keys
database: {url_file: app.url, owner_url_file: owner.url}
public: {listen: "127.0.0.1:0", url: "https://countersign.nordwind.example"}
console: {listen: "127.0.0.1:0"}
health: {listen: none}
audit: {checkpoints: checkpoints}
mail: {host: "{{.MailHost}}", port: {{.MailPort}}, ca_file: mail.pem, from: "Countersign <countersign@nordwind.example>"}
tenants:
{{- range $i, $url := .URLs}}
  - id: {{tenant $i}}
    organisation: Nordwind Instruments
    contact: call the security desk, extension 4711
    people: people-{{$i}}.csv
    duty: [duty@nordwind.example]
    reviewers: [ruth, omar]
    caps: {per_hour: 100000, per_actor: 100000} # what bounds a storm is not what is measured
    connections:
      - id: {{connection $i}}
        provider: okta
        mode: contain
        break_glass: [{{$.BreakGlass}}]
        hook: {secret_file: hook-{{$i}}.secret}
        okta:
          org_url: {{$url}}
          token_file: okta.token
          token_id: {{$.Token.ID}}
          own_accounts: [{{$.Token.Owner}}]
          restraint_group: {{$.Group}}
          poll_every: 1h
{{- end}}
`))
