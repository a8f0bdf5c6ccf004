package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/cmd/idpsim/mailsink"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/okta/oktasim"
	"github.com/countersign/countersign/providers/okta/oktasim/oktaspec"
	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// The names of every test's installation.
const (
	tenant     = holds.TenantID("nordwind")
	connection = holds.ConnectionID("nordwind-okta")
	publicURL  = "https://countersign.nordwind.example"
	// colleagueToken is an API token that another administrator uses in scripts.
	colleagueToken = "00TJonasScripts00000"
)

// options say how a test's world differs from the usual one: one Okta
// organisation on Identity Engine, in contain mode, with a hook and a poller.
type options struct {
	mode     string
	engine   oktasim.Engine
	sim      oktasim.Options
	noHook   bool          // no event hook is registered: only the poller sees
	slowPoll bool          // the System Log shows nothing yet: only the hook sees
	second   bool          // a second organisation of the same tenant
	edit     func(*layout) // changes the configuration before it is written
	seams    func(*seams)
	notYet   bool // the service is not started
	unaware  bool // do not wait for the before-images
}

// world is a whole installation: a database of its own, simulated
// organisations, a mail server, files as an administrator writes them, and the
// service running on them.
type world struct {
	*testing.T
	o      options
	db     pgtest.Database
	orgs   []*org
	mail   *mailsink.Sink
	smtp   string
	dir    string
	layout *layout
	seams  seams
	log    *record
	nodes  []*node
	seen   []oktasim.Event    // of all stories told
	root   map[string]*sql.DB // the superuser's connections, by database
}

// org is a simulated organisation. The first one is the world's own.
type org struct {
	*oktasim.Sim
	id     holds.ConnectionID
	url    string
	secret string
	hook   string
}

// newWorld starts a world and ends it with the test.
func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{T: t, o: o, log: &record{}, root: map[string]*sql.DB{}, seams: testSeams()}
	w.db = pgtest.New(t, "countersign", migrations.Up)
	w.openMail()
	w.orgs = append(w.orgs, w.openOrg(connection, o.sim))
	if o.second {
		w.orgs = append(w.orgs, w.openOrg(connection+"-2", oktasim.Options{}))
	}
	w.checkConversation()
	if o.seams != nil {
		o.seams(&w.seams)
	}
	w.dir = t.TempDir()
	w.layout = newLayout(w)
	if o.edit != nil {
		o.edit(w.layout)
	}
	w.layout.write(w)
	t.Cleanup(w.stopAll)
	if !o.notYet {
		w.start()
		if !o.noHook {
			w.registerHooks()
		}
		if !o.unaware {
			w.baselined()
		}
	}
	return w
}

// sim is the first organisation.
func (w *world) sim() *oktasim.Sim { return w.orgs[0].Sim }

func (w *world) openOrg(id holds.ConnectionID, o oktasim.Options) *org {
	w.Helper()
	if o.Engine == "" {
		o.Engine = w.o.engine
	}
	if len(o.Company.People) == 0 {
		o.Company = oktasim.SmallCompany()
		o.Company.Tokens = append(o.Company.Tokens, oktasim.APIToken{ID: colleagueToken, Name: "scripts", Owner: oktasim.ITLead})
	}
	s, err := oktasim.New(o)
	w.must(err)
	srv := httptest.NewServer(s)
	w.Cleanup(func() { srv.CloseClientConnections(); srv.Close(); s.Close() })
	s.SetOrgURL(srv.URL)
	if w.o.slowPoll {
		s.Switch(func(s *oktasim.Switches) { s.LogDelay = oktasim.Duration(24 * time.Hour) })
	}
	return &org{Sim: s, id: id, url: srv.URL, secret: rand.Text()}
}

func (w *world) openMail() {
	w.Helper()
	sink, err := mailsink.New(mailsink.Options{})
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	go func() { _ = sink.ServeSMTP(l) }() // it ends with Close
	w.Cleanup(sink.Close)
	w.mail, w.smtp = sink, l.Addr().String()
}

// description is Okta's API description, read once for all tests.
var description struct { //nolint:gochecknoglobals // reading it takes a second
	sync.Once
	spec *oktaspec.Spec
}

// checkConversation puts Okta's own API description between the service and
// the simulator, where that file is there.
func (w *world) checkConversation() {
	description.Do(func() {
		w.Run("the API description", func(t *testing.T) { description.spec = oktaspec.Load(t) })
	})
	if description.spec != nil {
		w.seams.transport = description.spec.Transport(w.T, nil)
	}
}

// node is one running process of the service; two of them are replicas.
type node struct {
	*service
	cancel  context.CancelFunc
	running chan error
}

// start starts a replica on the world's configuration.
func (w *world) start() *node {
	w.Helper()
	n, err := w.tryStart()
	w.must(err)
	return n
}

func (w *world) tryStart() (*node, error) {
	c, err := LoadConfig(w.file("countersign.yaml"))
	if err != nil {
		return nil, err
	}
	s, err := newService(w.context(), c, w.log.logger())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(w.context())
	n := &node{service: s, cancel: cancel, running: make(chan error, 1)}
	go func() { n.running <- s.Run(ctx) }()
	w.nodes = append(w.nodes, n)
	return n, nil
}

// context carries the seams, and outlives the test's own context for the
// clean-up.
func (w *world) context() context.Context {
	return withSeams(context.WithoutCancel(w.Context()), w.seams)
}

// svc is the newest node.
func (w *world) svc() *service { return w.nodes[len(w.nodes)-1].service }

// stop stops the newest node in good order.
func (w *world) stop() {
	w.Helper()
	n := w.nodes[len(w.nodes)-1]
	w.nodes = w.nodes[:len(w.nodes)-1]
	if err := n.stop(); err != nil {
		w.Errorf("the service did not stop well: %v", err)
	}
}

func (n *node) stop() error {
	n.cancel()
	select {
	case err := <-n.running:
		return errors.Join(err, n.close(context.Background()))
	case <-time.After(waiting):
		return errors.New("it still runs")
	}
}

func (w *world) stopAll() {
	for len(w.nodes) > 0 {
		w.stop()
	}
	if w.Failed() {
		w.Logf("the service said:\n%s", w.log.tail(60))
	}
}

// registerHooks has every organisation's administrator point its event hook at
// the newest node, which Okta verifies.
func (w *world) registerHooks() {
	w.Helper()
	for _, o := range w.orgs {
		id, err := o.RegisterHook(oktasim.HookTarget{
			URL: "http://" + w.svc().public.Addr() + "/hooks/okta/" + string(o.id), Secret: o.secret,
		})
		w.must(err)
		for _, h := range o.Hooks() {
			if h.ID == id && !h.Verified {
				w.Fatalf("the hook of %s was not verified", o.id)
			}
		}
		o.hook = id
	}
}

// baselined waits until there is a before-image of every person's account, as
// there would be on any day but the first.
func (w *world) baselined() {
	w.Helper()
	w.until("the before-images", func() (bool, string) {
		n := w.count("SELECT count(DISTINCT (connection_id, account_id)) FROM snapshots")
		return n >= len(w.layout.linked), "there are " + itoa(n) + " of " + itoa(len(w.layout.linked))
	})
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, content string) {
	w.Helper()
	w.must(os.WriteFile(w.file(name), []byte(content), 0o600))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// told fails when the simulator refuses a story.
func (w *world) told(told oktasim.Told, err error) oktasim.Told {
	w.Helper()
	if err != nil {
		w.Fatalf("the simulator refuses the story: %v", err)
	}
	w.seen = append(w.seen, told.Events...)
	return told
}

// person is the name the people file gives to an account's human.
func person(account string) holds.PersonID {
	for _, p := range oktasim.SmallCompany().People {
		if p.ID == account {
			return holds.PersonID(strings.ToLower(p.Profile.Get("firstName")))
		}
	}
	return ""
}

// client makes requests of a person's browser that nobody else shares.
func client() *http.Client {
	return &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{}}
}
