package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// layout is the configuration as an administrator writes it, before it is
// written. Tests change the parts they are about.
type layout struct {
	Installation, Public, PublicURL, Console string
	MailHost, MailPort, MailExtra            string
	Certificate                              string // further keys of public
	Mode, PollEvery                          string
	Duty, Reviewers, BreakGlass, OwnAccounts []string
	Connections                              []layoutConnection
	DatabaseFile, OwnerFile                  string
	Hook                                     string // further keys of hook
	People                                   string
	linked                                   []string
	replace                                  [][2]string
}

type layoutConnection struct{ ID, URL string }

func newLayout(w *world) *layout {
	host, port, err := net.SplitHostPort(w.smtp)
	w.must(err)
	l := &layout{
		Installation: "test", Public: "127.0.0.1:0", PublicURL: publicURL, Console: "127.0.0.1:0",
		MailHost: host, MailPort: port, Mode: w.o.mode, PollEvery: "300ms",
		Duty: []string{"duty@nordwind.example"}, Reviewers: []string{"ruth", "omar", "sanne"},
		BreakGlass: []string{oktasim.BreakGlass, oktasim.BreakGlassTwo}, OwnAccounts: []string{oktasim.ServiceAccount},
		DatabaseFile: "database.url", OwnerFile: "database.owner.url",
	}
	if l.Mode == "" {
		l.Mode = "contain"
	}
	if w.o.slowPoll {
		l.PollEvery = "24h"
	}
	for _, o := range w.orgs {
		l.Connections = append(l.Connections, layoutConnection{ID: string(o.id), URL: o.url})
	}
	l.People, l.linked = peopleFile(w.orgs[0].Company(), string(connection))
	return l
}

// swap replaces a piece of the written configuration, for mistakes that no
// field stands for.
func (l *layout) swap(old, with string) { l.replace = append(l.replace, [2]string{old, with}) }

var configuration = template.Must(template.New("").Funcs(template.FuncMap{"join": strings.Join}).Parse(`installation: {{.Installation}}
keys: keys
database:
  url_file: {{.DatabaseFile}}
  owner_url_file: {{.OwnerFile}}
public:
  listen: "{{.Public}}"
  url: {{.PublicURL}}
{{- .Certificate}}
console:
  listen: "{{.Console}}"
audit:
  checkpoints: checkpoints
mail:
  host: "{{.MailHost}}"
  port: {{.MailPort}}
  ca_file: mail.pem
  from: Countersign <countersign@nordwind.example>
{{- .MailExtra}}
tenants:
  - id: nordwind
    organisation: Nordwind Instruments
    contact: call the security desk, extension 4711
    people: people.csv
    policy: policy.yaml
    duty: [{{join .Duty ", "}}]
    reviewers: [{{join .Reviewers ", "}}]
    connections:
{{- range .Connections}}
      - id: {{.ID}}
        provider: okta
        mode: {{$.Mode}}
        break_glass: [{{join $.BreakGlass ", "}}]
        hook:
          secret_file: {{.ID}}.secret
{{- $.Hook}}
        okta:
          org_url: {{.URL}}
          token_file: {{.ID}}.token
          token_id: 00TCountersignTok000
          own_accounts: [{{join $.OwnAccounts ", "}}]
          restraint_group: 00gCountersignHold00
          poll_every: {{$.PollEvery}}
{{- end}}
health:
  listen: "127.0.0.1:0"
`))

// write makes every file of the installation.
func (l *layout) write(w *world) {
	w.Helper()
	w.must(createKeys(filepath.Join(w.dir, "keys"), l.Installation))
	l.rewrite(w)
	w.write("people.csv", l.People)
	w.write("policy.yaml", "networks: [192.0.2.0/24, 198.51.100.0/24] # the simulated office, and homes\n")
	w.write("mail.pem", w.mail.CertificatePEM())
	w.write("database.url", w.db.AppDSN+"\n")
	w.write("database.owner.url", w.db.OwnerDSN+"\n")
	for _, o := range w.orgs {
		w.write(string(o.id)+".secret", o.secret+"\n")
		w.write(string(o.id)+".token", o.Token(oktasim.ServiceToken)+"\n")
	}
}

// rewrite writes the configuration alone, after a change.
func (l *layout) rewrite(w *world) {
	w.Helper()
	var b strings.Builder
	w.must(configuration.Execute(&b, l))
	text := b.String()
	for _, r := range l.replace {
		if !strings.Contains(text, r[0]) {
			w.Fatalf("the configuration has no %q to replace", r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	w.write("countersign.yaml", text)
}

// peopleFile is the company as its spreadsheet of people has it, and the
// accounts that it links to somebody.
func peopleFile(c oktasim.Company, conn string) (file string, linked []string) {
	id := map[string]string{}
	for _, p := range c.People {
		id[p.Profile.Get("firstName")+" "+p.Profile.Get("lastName")] = strings.ToLower(p.Profile.Get("firstName"))
	}
	var b strings.Builder
	b.WriteString("person,name,belonging,department,manager,account,contact_kind,contact,recorded,inside\n")
	for _, p := range c.People {
		get := p.Profile.Get
		if get("userType") != "employee" && get("userType") != "contractor" {
			continue
		}
		who, name := strings.ToLower(get("firstName")), get("firstName")+" "+get("lastName")
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s:%s,email,%s@private.example,2024-05-06,\n",
			who, name, get("userType"), get("department"), id[get("manager")], conn, p.ID, who)
		fmt.Fprintf(&b, "%s,,,,,,email,%s,2024-05-06,%s\n", who, get("email"), conn)
		fmt.Fprintf(&b, "%s,,,,,,phone,%s,2024-05-06,\n", who, get("mobilePhone"))
		linked = append(linked, p.ID)
	}
	return b.String(), linked
}
