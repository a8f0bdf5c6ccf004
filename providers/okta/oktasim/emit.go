package oktasim

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// cause is who makes a change, from where and through what. It collects the
// events the change writes.
type cause struct {
	actor    Entity
	client   Client
	security SecurityContext
	tokenID  string // API token of the call, "" for pages and service apps
	session  string
	uri      string // requestUri of the System Log
	query    string
	txn      string
	fails    string // a story's wish: every event is a FAILURE with this reason
	events   []Event
}

// note adds to an event before it is logged.
type note func(*Event)

func reason(text string) note { return func(e *Event) { e.Outcome.Reason = &text } }

func result(r string) note { return func(e *Event) { e.Outcome.Result = r } }

func debug(key, value string) note {
	return func(e *Event) { e.DebugContext.DebugData[key] = value }
}

func device(d map[string]any) note { return func(e *Event) { e.Device = d } }

// emit writes one System Log event about the targets and hands it to the hooks.
// The lock must be held.
func (s *Sim) emit(c *cause, eventType string, targets []Entity, notes ...note) Event {
	k, ok := s.kinds[eventType]
	if !ok {
		panic("oktasim: event type " + eventType + " is not in kinds()")
	}
	e := Event{
		Actor: c.actor, Client: c.client, SecurityContext: c.security,
		AuthenticationContext: AuthContext{ExternalSessionID: c.session, RootSessionID: c.session},
		DisplayMessage:        k.display, EventType: eventType,
		Outcome:   Outcome{Result: "SUCCESS"},
		Published: s.now().Format(stampLayout), Severity: "INFO",
		DebugContext: DebugContext{DebugData: map[string]string{
			"requestId": c.txn, "requestUri": c.uri, "url": c.uri + "?" + c.query, "threatSuspected": "false",
		}},
		Transaction: Transaction{Type: "WEB", ID: c.txn, Detail: map[string]string{}},
		UUID:        newUUID(), Version: "0",
		Request: RequestContext{IPChain: []IPHop{{IP: c.client.IPAddress, GeographicalContext: c.client.GeographicalContext, Version: "V4"}}},
		Target:  targets,
	}
	if k.legacy != "" {
		e.LegacyEventType = &k.legacy
	}
	if k.severity != "" {
		e.Severity = k.severity
	}
	if c.tokenID != "" {
		e.Transaction.Detail["requestApiTokenId"] = c.tokenID
	}
	for _, n := range notes {
		n(&e)
	}
	if c.fails != "" {
		e.Outcome = Outcome{Result: "FAILURE", Reason: &c.fails}
	}
	c.events = append(c.events, e)
	s.log.add(e, s.now().Add(s.switches.LogDelay.D()))
	if k.hook {
		s.offer(e)
	}
	return e
}

// byPerson is a cause for what a person does on Okta's own pages.
func (s *Sim) byPerson(p *Person, place, uri string) *cause {
	if place == "" {
		place = p.Place
	}
	session := "idx" + randomText(22)
	if n := len(p.Sessions); n > 0 {
		session = p.Sessions[n-1].ID
	}
	c := &cause{actor: personEntity(p), session: session, uri: uri, txn: randomText(27)}
	c.client, c.security = s.org.Places[place].seen()
	return c
}

// byCall is a cause for what an API call does: the actor is the token's owner,
// or the service app itself.
func (s *Sim) byCall(r *http.Request, by principal) *cause {
	c := &cause{uri: r.URL.Path, query: r.URL.RawQuery, txn: randomText(27), tokenID: by.tokenID, session: "trs" + randomText(22)}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "127.0.0.1"
	}
	c.client = Client{
		Zone: "null", Device: "Unknown", IPAddress: host,
		UserAgent: UserAgent{RawUserAgent: r.UserAgent(), OS: "Unknown", Browser: "UNKNOWN"},
	}
	if by.app != nil {
		id := by.app.ID
		c.actor = Entity{ID: id, Type: "PublicClientAppEntity", AlternateID: id, DisplayName: by.app.Name}
		c.client.ID = &id
		return c
	}
	c.actor = personEntity(by.person)
	return c
}

// bySystem is a cause for what Okta does by itself.
func (s *Sim) bySystem(uri string) *cause {
	return &cause{
		actor:  Entity{ID: s.org.ID, Type: "SystemPrincipal", AlternateID: "system@okta.com", DisplayName: "Okta System"},
		client: Client{Zone: "null", Device: "Unknown", UserAgent: UserAgent{OS: "Unknown", Browser: "UNKNOWN"}},
		uri:    uri, txn: randomText(27),
	}
}

// seen renders a place as the System Log sees it.
func (p Place) seen() (Client, SecurityContext) {
	ip := p.IP
	if ip == "" {
		ip = "192.0.2.1"
	}
	c := Client{
		Zone: "null", Device: p.Device, IPAddress: ip,
		UserAgent: UserAgent{RawUserAgent: p.UserAgent, OS: p.OS, Browser: p.Browser},
		GeographicalContext: &Geo{
			City: p.City, State: p.State, Country: p.Country, PostalCode: p.PostalCode,
			Geolocation: GeoPoint{Lat: p.Lat, Lon: p.Lon},
		},
	}
	return c, SecurityContext{ASNumber: &p.ASNumber, ASOrg: &p.ASOrg, ISP: &p.ASOrg, Domain: &p.Domain, IsProxy: &p.Proxy}
}

func personEntity(p *Person) Entity {
	return Entity{ID: p.ID, Type: "User", AlternateID: p.Profile.Get("login"), DisplayName: p.Profile.Name()}
}

func groupEntity(g *Group) Entity {
	return Entity{ID: g.ID, Type: "UserGroup", AlternateID: "unknown", DisplayName: g.Name}
}

// isOf reports whether list holds s without regard to case.
func isOf(s string, list ...string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}
