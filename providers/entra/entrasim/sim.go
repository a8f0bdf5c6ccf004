package entrasim

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say how a Sim behaves. The zero value is a small company with the
// real clock.
type Options struct {
	Company Company          // zero: SmallCompany()
	Now     func() time.Time // zero: time.Now
	// HookClient sends handshakes and notifications; zero: a client of its own
	// that follows no redirect.
	HookClient *http.Client
	// HandshakeTimeout and NotifyTimeout are how long a listener may take;
	// zero: Graph's 10 s and 3 s.
	HandshakeTimeout, NotifyTimeout time.Duration
	// BatchWindow is how long changes are gathered into one notification; zero: 20 ms.
	BatchWindow time.Duration
	// RetryAfter is the pause before the second try of a notification, doubled
	// before each further one, and Tries how many there are. Graph tries for up
	// to four hours; zero: 100 ms and 5.
	RetryAfter time.Duration
	Tries      int
	// AuditDelay is how long, at most, an audit record takes to become visible:
	// each draws its own delay, so that they come out of order. Zero: 30 ms;
	// negative: none. See also Switches.AuditDelay.
	AuditDelay time.Duration
}

// Sim is a simulated Entra tenant. All methods are safe for concurrent use.
// Close must be called so that no notification outlives its test.
type Sim struct {
	opt  Options
	mux  *http.ServeMux
	stop context.CancelFunc
	ctx  context.Context
	work sync.WaitGroup // notifications under way

	mu         sync.Mutex
	org        Company
	log        auditLog
	subs       []*subscription
	bearers    map[string]bearer
	assertions map[string]time.Time // jti values seen, and when they end
	switches   Switches
	faults     []*Fault
	limits     rateLimiter
	journal    []Entry
	sent       []Delivery
	pending    int           // deliveries not finished
	quiet      chan struct{} // closed and replaced when pending falls to zero
}

// New starts a tenant. It fails when the company does not hold together.
func New(opt Options) (*Sim, error) {
	if opt.Company.Name == "" {
		opt.Company = SmallCompany()
	}
	opt.fillIn()
	if err := opt.Company.check(); err != nil {
		return nil, fmt.Errorf("entra simulator: %w", err)
	}
	org, err := opt.Company.clone()
	if err != nil {
		return nil, fmt.Errorf("entra simulator: %w", err)
	}
	s := &Sim{opt: opt, org: org, bearers: map[string]bearer{}, assertions: map[string]time.Time{}, quiet: make(chan struct{})}
	s.switches.AuditDelay = Duration(max(opt.AuditDelay, 0))
	s.ctx, s.stop = context.WithCancel(context.Background())
	for i := range s.org.Apps {
		for j := range s.org.Apps[i].Secrets {
			if k := &s.org.Apps[i].Secrets[j]; k.Value == "" {
				k.Value = newSecret(40)
			}
		}
	}
	s.mux = s.routes()
	return s, nil
}

func (o *Options) fillIn() {
	if o.Now == nil {
		o.Now = time.Now
	}
	for d, otherwise := range map[*time.Duration]time.Duration{
		&o.HandshakeTimeout: 10 * time.Second, &o.NotifyTimeout: 3 * time.Second, &o.BatchWindow: 20 * time.Millisecond,
		&o.RetryAfter: 100 * time.Millisecond, &o.AuditDelay: 30 * time.Millisecond,
	} {
		if *d == 0 {
			*d = otherwise
		}
	}
	if o.Tries == 0 {
		o.Tries = 5
	}
	if o.HookClient == nil {
		o.HookClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
}

// Close ends all notifications and waits for them.
func (s *Sim) Close() {
	s.stop()
	s.mu.Lock()
	for _, b := range s.subs {
		b.close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// Company returns a copy of the tenant as it is now, with every person's
// methods and sessions, and every role, policy, device, app and consent. It
// holds the client secrets.
func (s *Sim) Company() Company {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	return s.snapshot()
}

func (s *Sim) snapshot() Company {
	c, err := s.org.clone()
	if err != nil {
		panic("entrasim: " + err.Error()) // the state was itself decoded from JSON
	}
	return c
}

// Person returns a copy of one person, found by id or userPrincipalName.
func (s *Sim) Person(idOrUPN string) (Person, bool) {
	for _, p := range s.Company().People {
		if p.is(idOrUPN) {
			return p, true
		}
	}
	return Person{}, false
}

// ClientSecret returns the value of an application's newest client secret,
// found by its appId; "" when there is none.
func (s *Sim) ClientSecret(appID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.app(appID)
	if a == nil || len(a.Secrets) == 0 {
		return ""
	}
	return a.Secrets[len(a.Secrets)-1].Value
}

func (p *Person) is(idOrUPN string) bool {
	return strings.EqualFold(p.ID, idOrUPN) || strings.EqualFold(p.UPN, idOrUPN)
}

// find returns the address of the first element that is wanted. The lock must be held.
func find[T any](list []T, wanted func(*T) bool) *T {
	for i := range list {
		if wanted(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (s *Sim) person(idOrUPN string) *Person {
	return find(s.org.People, func(p *Person) bool { return p.is(idOrUPN) })
}

func (s *Sim) group(id string) *Group {
	return find(s.org.Groups, func(g *Group) bool { return strings.EqualFold(g.ID, id) })
}

func (s *Sim) role(id string) *RoleDefinition {
	return find(s.org.Roles, func(r *RoleDefinition) bool { return strings.EqualFold(r.ID, id) })
}

func (s *Sim) device(id string) *Device {
	return find(s.org.Devices, func(d *Device) bool { return strings.EqualFold(d.ID, id) })
}

// app finds an application by object id or appId.
func (s *Sim) app(id string) *Application {
	return find(s.org.Apps, func(a *Application) bool { return strings.EqualFold(a.ID, id) || strings.EqualFold(a.AppID, id) })
}

// principal finds a service principal by object id or appId.
func (s *Sim) principal(id string) *ServicePrincipal {
	return find(s.org.Principals, func(p *ServicePrincipal) bool { return strings.EqualFold(p.ID, id) || strings.EqualFold(p.AppID, id) })
}

// now is the simulator's time, in the 100 ns steps Microsoft writes.
func (s *Sim) now() time.Time { return s.opt.Now().UTC().Truncate(100 * time.Nanosecond) }
