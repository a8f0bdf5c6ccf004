package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/entra/entrasim/entraspec"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// directoryConnection is the connection of every test's directory.
const directoryConnection = holds.ConnectionID("nordwind-entra")

// directoryWorld is a world whose people have accounts in a simulated Entra directory.
type directoryWorld struct {
	*world
	*entrasim.Sim
	url string
}

// graph is Graph's API description, read once for all tests.
var graph struct { //nolint:gochecknoglobals // reading it takes a second
	sync.Once
	spec *entraspec.Spec
}

// newDirectory starts a directory and the service on it. The audit log is read
// every poll, or when something is notified. The Okta org of the world is there, and
// quiet.
func newDirectory(t *testing.T, poll string) *directoryWorld {
	t.Helper()
	d := openDirectory(t)
	d.begin(options{noHook: true, slowPoll: true}, poll, func(l *layout) { l.People, l.linked = directoryPeople(d.Company()) })
	return d
}

// newBoth starts a directory beside an org that is not quiet: everybody has an
// account on both platforms. Both tell what happens half a second late.
func newBoth(t *testing.T) *directoryWorld {
	t.Helper()
	d := openDirectory(t)
	d.begin(options{}, "4s", func(l *layout) {
		for _, p := range d.Company().People {
			if p.EmployeeType == "employee" || p.EmployeeType == "contractor" {
				l.People += fmt.Sprintf("%s,,,,,%s:%s,,,,\n", strings.ToLower(p.GivenName), directoryConnection, p.ID)
				l.linked = append(l.linked, p.ID)
			}
		}
	})
	d.registerHooks()
	d.sim().Switch(func(s *oktasim.Switches) {
		s.HookDelay, s.LogDelay = oktasim.Duration(500*time.Millisecond), oktasim.Duration(500*time.Millisecond)
	})
	d.Switch(func(s *entrasim.Switches) { s.AuditDelay = entrasim.Duration(500 * time.Millisecond) })
	return d
}

func openDirectory(t *testing.T) *directoryWorld {
	t.Helper()
	sim, err := entrasim.New(entrasim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close(); sim.Close() })
	return &directoryWorld{Sim: sim, url: srv.URL, world: &world{T: t}}
}

// begin makes the world around the directory and starts the service.
func (d *directoryWorld) begin(o options, poll string, edit func(*layout)) {
	d.Helper()
	public, _, err := freePorts()
	d.must(err)
	o.notYet = true
	o.edit = func(l *layout) {
		l.Public = strings.Replace(public, "localhost", "127.0.0.1", 1)
		edit(l)
		l.swap("    connections:\n", "    connections:\n"+d.section(l.Public, poll))
	}
	o.seams = func(s *seams) { s.feeds = 300 * time.Millisecond }
	d.world = newWorld(d.T, o)
	graph.Do(func() {
		d.Run("the description of Graph", func(t *testing.T) { graph.spec = entraspec.Load(t) })
	})
	if graph.spec != nil {
		d.seams.graph = graph.spec.Transport(d.T, nil)
	}
	d.write("entra.secret", d.ClientSecret(entrasim.OwnApp)+"\n")
	d.start()
	d.baselined()
	d.subscribed()
}

// section is the connection as an administrator writes it.
func (d *directoryWorld) section(public, poll string) string {
	return fmt.Sprintf(`      - id: %s
        provider: entra
        mode: contain
        break_glass: [%s, %s]
        entra:
          directory_tenant: %s
          client_id: %s
          client_secret_file: entra.secret
          restraint_group: %s
          own_accounts: [%s]
          graph_url: %s
          login_url: %s
          notification_url: http://%s/hooks/entra/%s
          poll_every: %s
`, directoryConnection, entrasim.BreakGlass, entrasim.BreakGlassTwo, entrasim.Tenant, entrasim.OwnApp, entrasim.RestraintGroup,
		entrasim.OwnPrincipal, d.url, d.url, public, directoryConnection, poll)
}

// directoryPeople is the directory as its spreadsheet of people has it, and the
// accounts that it links to somebody.
func directoryPeople(c entrasim.Company) (file string, linked []string) {
	who := map[string]string{}
	for _, p := range c.People {
		who[p.ID] = strings.ToLower(p.GivenName)
	}
	var b strings.Builder
	b.WriteString("person,name,belonging,department,manager,account,contact_kind,contact,recorded,inside\n")
	for _, p := range c.People {
		if p.EmployeeType != "employee" && p.EmployeeType != "contractor" {
			continue
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s:%s,email,%s@private.example,2024-05-06,\n",
			who[p.ID], p.DisplayName, p.EmployeeType, p.Department, who[p.Manager], directoryConnection, p.ID, who[p.ID])
		fmt.Fprintf(&b, "%s,,,,,,phone,%s,2024-05-06,\n", who[p.ID], strings.ReplaceAll(p.MobilePhone, " ", ""))
		linked = append(linked, p.ID)
	}
	return b.String(), linked
}

// subscribed waits until there is a subscription to each resource, made through
// a handshake, and nobody waits for another.
func (d *directoryWorld) subscribed() (feeds []holds.Feed) {
	d.Helper()
	d.until("the subscriptions", func() (bool, string) {
		var err error
		feeds, err = d.svc().store.Feeds(d.Context(), tenant, directoryConnection)
		d.must(err)
		ready := len(feeds) == 2
		for _, f := range feeds {
			ready = ready && f.ID != "" && f.Pending.IsZero() && f.Trouble == "" &&
				slices.ContainsFunc(d.Subscriptions(), func(s entrasim.SubscriptionState) bool { return s.ID == f.ID })
		}
		return ready, fmt.Sprintf("there are %+v for %+v", d.Subscriptions(), feeds)
	})
	return feeds
}

// told fails when the simulator refuses a story.
func (d *directoryWorld) told(told entrasim.Told, err error) entrasim.Told {
	d.Helper()
	if err != nil {
		d.Fatalf("the simulator refuses the story: %v", err)
	}
	return told
}

// restrained asks the simulator, not us.
func (d *directoryWorld) restrained(account string) {
	d.Helper()
	p, _ := d.Person(account)
	if !d.member(account) || len(p.Sessions) > 0 || d.SignIn(account).Access != "DENY" || p.Enabled != p.Synced {
		d.Errorf("%s: in the restraint group %v, enabled %v (synced %v), %d sessions, sign-in %s",
			p.UPN, d.member(account), p.Enabled, p.Synced, len(p.Sessions), d.SignIn(account).Access)
	}
}

// free is the opposite.
func (d *directoryWorld) free(account string) {
	d.Helper()
	p, _ := d.Person(account)
	if d.member(account) || !p.Enabled || d.SignIn(account).Access == "DENY" {
		d.Errorf("%s: in the restraint group %v, enabled %v, sign-in %s", p.UPN, d.member(account), p.Enabled, d.SignIn(account).Access)
	}
}

func (d *directoryWorld) member(account string) bool {
	for _, g := range d.Company().Groups {
		if g.ID == entrasim.RestraintGroup {
			return slices.Contains(g.Members, account)
		}
	}
	return false
}

// post sends something to the connection's door, as a stranger can.
func (d *directoryWorld) post(path, body string) (int, string) {
	d.Helper()
	req, err := http.NewRequestWithContext(d.Context(), http.MethodPost,
		"http://"+d.svc().public.Addr()+"/hooks/entra/"+string(directoryConnection)+path, strings.NewReader(body))
	d.must(err)
	req.Header.Set("Content-Type", "application/json")
	res, err := client().Do(req)
	d.must(err)
	defer res.Body.Close()
	return res.StatusCode, res.Header.Get("Content-Type")
}

func (d *directoryWorld) health() holds.ConnectionHealth {
	d.Helper()
	all, err := d.svc().store.Health(d.Context(), tenant)
	d.must(err)
	for _, h := range all {
		if h.Connection == directoryConnection {
			return h
		}
	}
	d.Fatal("nothing is known of the directory")
	return holds.ConnectionHealth{}
}

// idle waits until all records are visible and read, and everything that follows
// from them has come to rest.
func (d *directoryWorld) idle() {
	d.Helper()
	d.must(d.Visible(d.Context()))
	d.must(d.Delivered(d.Context()))
	for _, p := range d.svc().platforms {
		if p.wake == nil {
			continue
		}
		seen := d.readings()
		d.until("the audit log to be read", func() (bool, string) {
			p.wake()
			n := d.readings()
			return n >= seen+2, itoa(n-seen) + " readings so far"
		})
	}
	d.settled()
}

func (d *directoryWorld) readings() int {
	n := 0
	for _, e := range d.Sim.Journal() {
		if strings.Contains(e.Path, "/auditLogs/") && e.Status == http.StatusOK {
			n++
		}
	}
	return n
}
