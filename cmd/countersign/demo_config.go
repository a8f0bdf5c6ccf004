package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/notify/directory"
)

// writeConfig makes the keys, secrets, people and configuration of the
// demonstration, as an installation would have them.
func (w *demoWorld) writeConfig() (string, error) {
	okta, entra := w.sim.ready.Okta, w.sim.ready.Entra
	if len(okta.Company.Tokens) == 0 {
		return "", errors.New("the simulated company has no API token")
	}
	if err := createKeys(w.file("keys"), "demo"); err != nil {
		return "", err
	}
	for name, secret := range map[string]string{
		"hook.secret": w.secret, "okta.token": okta.Token, "entra.secret": entra.ClientSecret, "mail.pem": w.sim.ready.Mail.CertificatePEM,
	} {
		if err := writeOnce(w.file(name), secret+"\n", 0o600); err != nil {
			return "", err
		}
	}
	if err := w.writePeople(); err != nil {
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
	path := w.file(demoFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = demoConfig.Execute(f, map[string]any{
		"Tenant": demoTenant, "OktaID": demoOkta, "EntraID": demoEntra, "Database": demoDatabase, "Public": public, "Console": console,
		"MailHost": host, "MailPort": port, "Okta": okta, "Token": okta.Company.Tokens[0], "Entra": entra,
		"Reviewers": w.withDuty("reviewer"), "BreakGlass": w.withDuty("break-glass"),
	})
	return path, errors.Join(err, f.Close())
}

var demoConfig = template.Must(template.New(demoFile).Parse(`installation: demo
keys: keys
database: {private: {{.Database}}}
public: {listen: "{{.Public}}", url: "http://{{.Public}}"}
console: {listen: "{{.Console}}"}
health: {listen: "127.0.0.1:0"}
audit: {checkpoints: checkpoints}
mail: {host: "{{.MailHost}}", port: {{.MailPort}}, ca_file: mail.pem, from: "Countersign <countersign@nordwind.example>"}
tenants:
  - id: {{.Tenant}}
    organisation: {{.Okta.Company.Name}}
    contact: call the security desk, extension 4711
    people: people.csv
    duty: [security@nordwind.example]
    reviewers: [{{range $i, $p := .Reviewers}}{{if $i}}, {{end}}{{$p.PersonID}}{{end}}]
    connections:
      - id: {{.OktaID}}
        provider: okta
        mode: contain
        break_glass: [{{range $i, $p := .BreakGlass}}{{if $i}}, {{end}}{{$p.ID}}{{end}}]
        hook: {secret_file: hook.secret}
        okta:
          org_url: {{.Okta.URL}}
          token_file: okta.token
          token_id: {{.Token.ID}}
          own_accounts: [{{.Token.Owner}}]
          restraint_group: {{.Okta.Company.RestraintGroup}}
          poll_every: 2s
      - id: {{.EntraID}}
        provider: entra
        mode: contain
        break_glass: [{{range $i, $p := .BreakGlass}}{{if $i}}, {{end}}{{$.Entra.Account $p}}{{end}}]
        entra:
          directory_tenant: {{.Entra.TenantID}}
          client_id: {{.Entra.ClientID}}
          client_secret_file: entra.secret
          own_accounts: [{{.Entra.Principal}}]
          restraint_group: {{.Entra.Company.RestraintGroup}}
          graph_url: {{.Entra.URL}}
          login_url: {{.Entra.URL}}
          notification_url: http://{{.Public}}/hooks/entra/{{.EntraID}}
          poll_every: 4s
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

// writePeople makes the directory of people from the company: everybody with their
// accounts on both platforms, and a private address that has been on file for long.
func (w *demoWorld) writePeople() error {
	byName := map[string]string{}
	for _, p := range w.sim.ready.Okta.Company.People {
		byName[p.Profile["firstName"]+" "+p.Profile["lastName"]] = p.PersonID()
	}
	for _, p := range w.sim.ready.Okta.Company.People {
		if p.Profile["userType"] != "employee" && p.Profile["userType"] != "contractor" {
			continue
		}
		person := holds.Person{
			ID: holds.PersonID(p.PersonID()), Name: p.Profile["firstName"] + " " + p.Profile["lastName"],
			Belonging: holds.Belonging(p.Profile["userType"]), Department: p.Profile["department"],
			Manager:  holds.PersonID(byName[p.Profile["manager"]]),
			Accounts: []holds.PersonAccount{{Connection: demoOkta, Account: p.ID}},
			Points: []holds.ContactPoint{
				{Kind: holds.EmailPoint, Value: p.PersonID() + "@private.example", Recorded: onFile()},
				{Kind: holds.EmailPoint, Value: p.Profile["email"], Recorded: onFile(), Within: demoEntra},
			},
		}
		if account := w.sim.ready.Entra.Account(p); account != "" {
			person.Accounts = append(person.Accounts, holds.PersonAccount{Connection: demoEntra, Account: account})
		}
		if phone := p.Profile["mobilePhone"]; phone != "" {
			person.Points = append(person.Points, holds.ContactPoint{Kind: holds.PhonePoint, Value: phone, Recorded: onFile()})
		}
		w.people = append(w.people, person)
	}
	f, err := os.OpenFile(w.file("people.csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(directory.WriteCSV(f, w.people), f.Close())
}

func onFile() time.Time { return time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC) }

// freePorts finds two free addresses on loopback. They lie below the ports that
// systems give to outgoing connections, or one might be given away before we listen
// on it. Another program could still take one; the start then says so.
func freePorts() (string, string, error) {
	var ports []int
	for range 100 {
		port := 20000 + rand.N(12000)
		if slices.Contains(ports, port) {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return "", "", err
		}
		if ports = append(ports, port); len(ports) == 2 {
			return fmt.Sprintf("localhost:%d", ports[0]), fmt.Sprintf("localhost:%d", ports[1]), nil
		}
	}
	return "", "", errors.New("no free ports were found on 127.0.0.1 between 20000 and 31999")
}
