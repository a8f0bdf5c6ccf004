package oktasim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a Sim behaves. The zero value is a small company on Identity
// Engine with the real clock.
type Options struct {
	Company Company          // zero: SmallCompany()
	Engine  Engine           // zero: IdentityEngine
	Now     func() time.Time // zero: time.Now
	// OrgURL is the organisation's address, as in hook envelopes and links.
	// Empty: links use the address the caller used, and envelopes
	// https://{subdomain}.okta.com. See also SetOrgURL.
	OrgURL string
	// HookClient sends hook deliveries; zero: a client of its own that follows
	// no redirect.
	HookClient *http.Client
	// HookTimeout is how long a hook may take to answer; zero: Okta's 3 s.
	HookTimeout time.Duration
	// BatchWindow is how long events are gathered into one delivery; zero: 20 ms.
	BatchWindow time.Duration
	// LogsPerMinute and CallsPerMinute limit each token's calls, to /api/v1/logs
	// and to all the rest. Zero: no limit is enforced, and the headers say 60
	// and 600.
	LogsPerMinute, CallsPerMinute int
}

// Sim is a simulated Okta organisation. All methods are safe for concurrent
// use. Close must be called so that no delivery outlives its test.
type Sim struct {
	opt   Options
	kinds map[string]kind
	mux   *http.ServeMux
	stop  context.CancelFunc
	ctx   context.Context
	work  sync.WaitGroup // deliveries under way

	mu       sync.Mutex
	org      Company
	orgURL   string
	hooks    []*hook
	log      eventLog
	pushes   map[string]*push
	bearers  map[string]bearer
	assertID map[string]bool // jti values seen
	switches Switches
	faults   []*Fault
	limits   rateLimiter
	journal  []Entry
	sent     []Delivery
	pending  int           // deliveries not finished
	quiet    chan struct{} // closed and replaced when pending falls to zero
}

// New starts an organisation. It fails when the company does not hold together.
func New(opt Options) (*Sim, error) {
	if opt.Company.Name == "" {
		opt.Company = SmallCompany()
	}
	if opt.Engine == "" {
		opt.Engine = IdentityEngine
	}
	if opt.Engine != IdentityEngine && opt.Engine != Classic {
		return nil, fmt.Errorf("okta simulator: the engine is %q, but must be %q or %q", opt.Engine, IdentityEngine, Classic)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.HookTimeout == 0 {
		opt.HookTimeout = 3 * time.Second
	}
	if opt.BatchWindow == 0 {
		opt.BatchWindow = 20 * time.Millisecond
	}
	if opt.HookClient == nil {
		opt.HookClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if err := opt.Company.check(); err != nil {
		return nil, fmt.Errorf("okta simulator: %w", err)
	}
	org, err := opt.Company.clone()
	if err != nil {
		return nil, fmt.Errorf("okta simulator: %w", err)
	}
	s := &Sim{
		opt: opt, kinds: kinds(), org: org, orgURL: strings.TrimRight(opt.OrgURL, "/"),
		pushes: map[string]*push{}, bearers: map[string]bearer{}, assertID: map[string]bool{},
		quiet: make(chan struct{}),
	}
	s.limits.perMinute = map[string]int{"logs": opt.LogsPerMinute, "rest": opt.CallsPerMinute}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.fillIn()
	s.mux = s.routes()
	return s, nil
}

// fillIn gives the seed the token values it leaves out, and takes from it what
// does not exist on Classic: access policies, FastPass and devices.
func (s *Sim) fillIn() {
	for i := range s.org.Tokens {
		if s.org.Tokens[i].Value == "" {
			s.org.Tokens[i].Value = "00" + randomText(40)
		}
	}
	if s.opt.Engine == Classic {
		for i := range s.org.People {
			p := &s.org.People[i]
			p.Factors = slices.DeleteFunc(p.Factors, func(f Factor) bool { return f.Type == "signed_nonce" })
			for j := range p.Factors {
				p.Factors[j].Device = ""
			}
		}
		s.org.Devices = nil
		kept := s.org.Policies[:0]
		for _, p := range s.org.Policies {
			if p.Type != typeAccess {
				kept = append(kept, p)
			}
		}
		s.org.Policies = kept
	}
}

// Close ends all deliveries and waits for them.
func (s *Sim) Close() {
	s.stop()
	s.mu.Lock()
	for _, h := range s.hooks {
		h.close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// SetOrgURL names the organisation's address once a server has one.
func (s *Sim) SetOrgURL(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgURL = strings.TrimRight(u, "/")
}

// Engine is the engine the organisation runs on.
func (s *Sim) Engine() Engine { return s.opt.Engine }

// Company returns a copy of the organisation as it is now, with every person's
// factors, roles, sessions and status, and every group, policy and token.
func (s *Sim) Company() Company {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Sim) snapshot() Company {
	c, err := s.org.clone()
	if err != nil {
		panic("oktasim: " + err.Error()) // the state was itself decoded from JSON
	}
	return c
}

// Person returns a copy of one person, found by id or login.
func (s *Sim) Person(idOrLogin string) (Person, bool) {
	for _, p := range s.Company().People {
		if p.ID == idOrLogin || strings.EqualFold(p.Profile.Get("login"), idOrLogin) {
			return p, true
		}
	}
	return Person{}, false
}

// Token returns the value of an SSWS token, found by its id or its owner's id
// or login; "" when there is none.
func (s *Sim) Token(idOrOwner string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.person(idOrOwner)
	for _, t := range s.org.Tokens {
		if t.ID == idOrOwner || owner != nil && t.Owner == owner.ID {
			return t.Value
		}
	}
	return ""
}

// person finds a person of the live state. The lock must be held.
func (s *Sim) person(idOrLogin string) *Person {
	for i := range s.org.People {
		p := &s.org.People[i]
		if p.ID == idOrLogin || strings.EqualFold(p.Profile.Get("login"), idOrLogin) {
			return p
		}
	}
	return nil
}

func (s *Sim) group(id string) *Group {
	for i := range s.org.Groups {
		if s.org.Groups[i].ID == id {
			return &s.org.Groups[i]
		}
	}
	return nil
}

func (s *Sim) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

// source is the address that hook envelopes name.
func (s *Sim) source() string {
	if s.orgURL != "" {
		return s.orgURL
	}
	return "https://" + s.org.Subdomain + ".okta.com"
}
