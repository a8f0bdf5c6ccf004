package quarter

import (
	"encoding/json"
	"time"
)

// Okta's System Log, in the shape of
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/.

type logEvent struct {
	Actor                 entity         `json:"actor"`
	Client                client         `json:"client"`
	AuthenticationContext authentication `json:"authenticationContext"`
	DisplayMessage        string         `json:"displayMessage"`
	EventType             string         `json:"eventType"`
	Outcome               outcome        `json:"outcome"`
	Published             string         `json:"published"`
	SecurityContext       struct{}       `json:"securityContext"`
	Severity              string         `json:"severity"`
	DebugContext          debugContext   `json:"debugContext"`
	LegacyEventType       *string        `json:"legacyEventType"`
	Transaction           transaction    `json:"transaction"`
	UUID                  string         `json:"uuid"`
	Version               string         `json:"version"`
	Request               request        `json:"request"`
	Target                []entity       `json:"target"`
}

type entity struct {
	ID            string         `json:"id"`
	Type          string         `json:"type"`
	AlternateID   string         `json:"alternateId"`
	DisplayName   string         `json:"displayName"`
	DetailEntry   map[string]any `json:"detailEntry"`
	ChangeDetails *changeDetails `json:"changeDetails,omitempty"`
}

type changeDetails struct {
	From map[string]any `json:"from"`
	To   map[string]any `json:"to"`
}

type client struct {
	UserAgent *agent  `json:"userAgent"`
	Zone      string  `json:"zone"`
	Device    string  `json:"device"`
	ID        *string `json:"id"`
	IPAddress string  `json:"ipAddress,omitempty"`
}

type agent struct {
	RawUserAgent string `json:"rawUserAgent"`
	OS           string `json:"os"`
	Browser      string `json:"browser"`
}

type authentication struct {
	AuthenticationStep int    `json:"authenticationStep"`
	ExternalSessionID  string `json:"externalSessionId"`
}

type outcome struct {
	Result string  `json:"result"`
	Reason *string `json:"reason"`
}

type debugContext struct {
	DebugData map[string]string `json:"debugData"`
}

type transaction struct {
	Type   string            `json:"type"`
	ID     string            `json:"id"`
	Detail map[string]string `json:"detail"`
}

type request struct {
	IPChain []hop `json:"ipChain"`
}

type hop struct {
	IP      string `json:"ip"`
	Version string `json:"version"`
}

// scene is one request at Okta: who makes it, from where and when. Its events
// share the transaction.
type scene struct {
	w       *world
	at      time.Time
	by      entity
	ip      string
	uri     string
	request string
	token   string
	session string
	told    []string
}

func user(p *person) entity {
	return entity{ID: p.okta, Type: "User", AlternateID: p.login, DisplayName: p.name}
}

// system is what Okta does by itself, provisioning what the HR system's
// application does.
func system() entity {
	return entity{ID: "00uquarterdecksys000", Type: "SystemPrincipal", AlternateID: "system@okta.com", DisplayName: "Okta System"}
}

func provisioning() entity {
	return entity{ID: provisioningApp, Type: "PublicClientAppEntity", AlternateID: provisioningApp, DisplayName: "HR provisioning"}
}

// The applications that provision accounts.
const (
	provisioningApp       = "0oaQuarterdeckHR0000"
	provisioningPrincipal = "7c1b6a54-3f0e-4e7f-8f7e-5b1f4a6d2c90"
)

// okta begins a request of a person's at Okta, from where they are.
func (w *world) okta(t time.Time, by *person, uri string) *scene {
	return w.oktaBy(t, user(by), w.address(by, t), uri)
}

func (w *world) oktaBy(t time.Time, by entity, ip, uri string) *scene {
	return &scene{w: w, at: t, by: by, ip: ip, uri: uri, request: w.digits(letters, 27), session: "idx" + w.digits(letters, 22)}
}

// detail adds to an event before it is written.
type detail func(*logEvent)

func debug(key, value string) detail {
	return func(e *logEvent) { e.DebugContext.DebugData[key] = value }
}

func because(reason string) detail { return func(e *logEvent) { e.Outcome.Reason = &reason } }

func failing(reason string) detail {
	return func(e *logEvent) { e.Outcome = outcome{Result: "FAILURE", Reason: &reason} }
}

// does writes one event of the request and returns its id.
func (s *scene) does(kind, words string, targets []entity, more ...detail) string {
	e := logEvent{
		Actor: s.by, DisplayMessage: words, EventType: kind, Outcome: outcome{Result: "SUCCESS"}, Published: s.at.Format("2006-01-02T15:04:05.000Z"),
		AuthenticationContext: authentication{ExternalSessionID: s.session}, Severity: "INFO", UUID: s.w.guid(), Version: "0", Target: targets,
		Client:       client{Zone: "null", Device: "Computer", IPAddress: s.ip, UserAgent: &agent{RawUserAgent: browser, OS: "Windows 11", Browser: "CHROME"}},
		DebugContext: debugContext{map[string]string{"requestId": s.request, "requestUri": s.uri, "url": s.uri + "?"}},
		Transaction:  transaction{Type: "WEB", ID: s.request, Detail: map[string]string{}},
	}
	if s.ip != "" {
		e.Request.IPChain = []hop{{s.ip, "V4"}}
	}
	if s.token != "" {
		e.Transaction.Detail["requestApiTokenId"] = s.token
	}
	for _, m := range more {
		m(&e)
	}
	s.w.system = append(s.w.system, Record{ID: e.UUID, At: s.at, JSON: encoded(e)})
	s.at = s.at.Add(37 * time.Millisecond)
	s.told = append(s.told, e.UUID)
	return e.UUID
}

const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

// encoded renders a record; only plain values are ever put in.
func encoded(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic("quarter: a record cannot be encoded: " + err.Error())
	}
	return out
}

func thing(kind, id, name string) entity {
	return entity{ID: id, Type: kind, AlternateID: name, DisplayName: name}
}

// factor is an enrolment as Identity Engine names it.
func (w *world) factor(method, name string) entity {
	return entity{
		ID: w.oktaID("pae"), Type: "AuthenticatorEnrollment", AlternateID: "unknown", DisplayName: name,
		DetailEntry: map[string]any{"methodTypeUsed": name, "methodUsedVerifiedProperties": "[USER_PRESENCE]", "method": method},
	}
}

// enrols is a person enrolling Okta Verify on a phone: the device and its factors.
func (s *scene) enrols(p *person) []string {
	from := len(s.told)
	phone := thing("UDDevice", s.w.oktaID("guo"), p.name+"'s phone")
	s.does("device.enrollment.create", "Create device enrollment", []entity{phone, user(p)})
	for _, f := range []string{"Okta Verify push", "Okta Verify FastPass", "Okta Verify code"} {
		s.does("user.mfa.factor.activate", "Activate factor or authenticator enrollment for user", []entity{s.w.factor("okta_verify", f), user(p)},
			because("User set up OKTA_VERIFY factor"))
	}
	return s.told[from:]
}

// drops is a factor taken away.
func (s *scene) drops(p *person, name string) string {
	return s.does("user.mfa.factor.deactivate", "Reset factor or authenticator enrollment for user", []entity{s.w.factor("okta_verify", name), user(p)},
		because("User reset OKTA_VERIFY factor"))
}

// resetsAll is the help desk taking every factor away.
func (s *scene) resetsAll(p *person) string {
	id := s.does("user.mfa.factor.reset_all", "Reset all factors for user", []entity{user(p)})
	s.drops(p, "Okta Verify push")
	s.drops(p, "Okta Verify code")
	return id
}
