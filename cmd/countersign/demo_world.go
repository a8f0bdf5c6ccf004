package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/notify/directory"
)

// The names of the demonstration's tenant, connection and configuration.
const (
	demoTenant     = "nordwind"
	demoConnection = "nordwind-okta"
	demoFile       = "countersign.yaml"
)

// demoWorld is everything the demonstration runs: a directory that is removed
// at the end, the simulator, and the real service on a real configuration.
type demoWorld struct {
	dir     string
	sim     *simulator
	service *service
	secret  string
	people  map[string]holds.Person // by account id
	running chan error
	cancel  context.CancelFunc
}

// newDemoWorld starts it all. What was started when a later part fails is
// stopped again.
func newDemoWorld(ctx context.Context, std streams) (w *demoWorld, err error) {
	w = &demoWorld{secret: rand.Text(), people: map[string]holds.Person{}, running: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "countersign-demo-"); err != nil {
		return w, err
	}
	// As root the private Postgres runs as another account, which has to pass.
	if err = os.Chmod(w.dir, 0o711); err != nil { //nolint:gosec // nothing in it can be read: its parts are 0700 and 0600
		return w, err
	}
	if w.sim, err = startSimulator(ctx, std.err); err != nil {
		return w, err
	}
	path, err := w.writeConfig()
	if err != nil {
		return w, err
	}
	config, err := LoadConfig(path)
	if err != nil {
		return w, err
	}
	log, err := os.OpenFile(filepath.Join(w.dir, "service.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return w, err
	}
	if w.service, err = newService(ctx, config, newLogger(log)); err != nil {
		return w, err
	}
	run, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	go func() { w.running <- w.service.Run(run) }()
	return w, w.registerHook(ctx)
}

// registerHook points the simulated provider's event hook at us, which makes
// it verify the address.
func (w *demoWorld) registerHook(ctx context.Context) error {
	return w.sim.post(ctx, "/sim/hook", map[string]any{
		"url": "http://" + w.service.public.Addr() + "/hooks/okta/" + demoConnection, "header": "Authorization", "secret": w.secret,
	}, nil)
}

// stop ends everything and removes the directory.
func (w *demoWorld) stop() error {
	var errs []error
	if w.cancel != nil {
		w.cancel()
		errs = append(errs, <-w.running)
	}
	if w.service != nil {
		errs = append(errs, w.service.close(context.Background()))
	}
	if w.sim != nil {
		errs = append(errs, w.sim.stop())
	}
	if w.dir != "" {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}

// writeConfig makes the keys, secrets, people and configuration of the
// demonstration, as an installation would have them.
func (w *demoWorld) writeConfig() (string, error) {
	company := w.sim.ready.Okta.Company
	if len(company.Tokens) == 0 {
		return "", errors.New("the simulated company has no API token")
	}
	if err := createKeys(filepath.Join(w.dir, "keys"), "demo"); err != nil {
		return "", err
	}
	for name, secret := range map[string]string{
		"hook.secret": w.secret, "okta.token": w.sim.ready.Okta.Token, "mail.pem": w.sim.ready.Mail.CertificatePEM,
	} {
		if err := writeOnce(filepath.Join(w.dir, name), secret+"\n", 0o600); err != nil {
			return "", err
		}
	}
	if err := w.writePeople(company); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(w.sim.ready.Mail.SMTPAddr)
	if err != nil {
		return "", err
	}
	public, console, err := freePorts()
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.dir, demoFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = demoConfig.Execute(f, map[string]any{
		"Public": public, "Console": console, "MailHost": host, "MailPort": port, "Org": w.sim.ready.Okta.URL,
		"Company": company, "Token": company.Tokens[0], "BreakGlass": w.withDuty("break-glass"), "Reviewers": w.withDuty("reviewer"),
		"Tenant": demoTenant, "Connection": demoConnection,
	})
	return path, errors.Join(err, f.Close())
}

var demoConfig = template.Must(template.New(demoFile).Parse(`installation: demo
keys: keys
database: {private: database}
public: {listen: "{{.Public}}", url: "http://{{.Public}}"}
console: {listen: "{{.Console}}"}
audit: {checkpoints: checkpoints}
mail: {host: "{{.MailHost}}", port: {{.MailPort}}, ca_file: mail.pem, from: "Countersign <countersign@nordwind.example>"}
tenants:
  - id: {{.Tenant}}
    organisation: {{.Company.Name}}
    contact: call the security desk, extension 4711
    people: people.csv
    duty: [security@nordwind.example]
    reviewers: [{{range $i, $p := .Reviewers}}{{if $i}}, {{end}}{{$p.PersonID}}{{end}}]
    connections:
      - id: {{.Connection}}
        provider: okta
        mode: contain
        break_glass: [{{range $i, $p := .BreakGlass}}{{if $i}}, {{end}}{{$p.ID}}{{end}}]
        hook: {secret_file: hook.secret}
        okta:
          org_url: {{.Org}}
          token_file: okta.token
          token_id: {{.Token.ID}}
          own_accounts: [{{.Token.Owner}}]
          restraint_group: {{.Company.RestraintGroup}}
          poll_every: 2s
`))

// PersonID is the id of the person in the directory.
func (p simPerson) PersonID() string {
	return strings.ToLower(p.Profile["firstName"])
}

func (w *demoWorld) withDuty(duty string) []simPerson {
	var out []simPerson
	for _, p := range w.sim.ready.Okta.Company.People {
		if p.Duty == duty {
			out = append(out, p)
		}
	}
	return out
}

// writePeople makes the directory of people from the company: everybody with a
// private address that has been on file for long.
func (w *demoWorld) writePeople(c simCompany) error {
	byName := map[string]string{}
	for _, p := range c.People {
		byName[p.Profile["firstName"]+" "+p.Profile["lastName"]] = p.PersonID()
	}
	var people []holds.Person
	for _, p := range c.People {
		if p.Profile["userType"] != "employee" && p.Profile["userType"] != "contractor" {
			continue
		}
		person := holds.Person{
			ID: holds.PersonID(p.PersonID()), Name: p.Profile["firstName"] + " " + p.Profile["lastName"],
			Belonging: holds.Belonging(p.Profile["userType"]), Department: p.Profile["department"],
			Manager:  holds.PersonID(byName[p.Profile["manager"]]),
			Accounts: []holds.PersonAccount{{Connection: demoConnection, Account: p.ID}},
			Points: []holds.ContactPoint{
				{Kind: holds.EmailPoint, Value: p.PersonID() + "@private.example", Recorded: onFile()},
				{Kind: holds.EmailPoint, Value: p.Profile["email"], Recorded: onFile(), Within: demoConnection},
			},
		}
		if phone := p.Profile["mobilePhone"]; phone != "" {
			person.Points = append(person.Points, holds.ContactPoint{Kind: holds.PhonePoint, Value: phone, Recorded: onFile()})
		}
		people = append(people, person)
		w.people[p.ID] = person
	}
	f, err := os.OpenFile(filepath.Join(w.dir, "people.csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(directory.WriteCSV(f, people), f.Close())
}

func onFile() time.Time { return time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC) }

// freePorts finds two free addresses on loopback. Another program could take
// one before we do; the start then says so.
func freePorts() (string, string, error) {
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", errors.Join(err, a.Close())
	}
	pa, pb := a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port
	return fmt.Sprintf("localhost:%d", pa), fmt.Sprintf("localhost:%d", pb), errors.Join(a.Close(), b.Close())
}

// say prints a line for people.
func say(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}
