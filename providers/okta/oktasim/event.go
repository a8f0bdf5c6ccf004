package oktasim

import (
	"encoding/json"
	"time"
)

// stampLayout is how Okta writes times: UTC with milliseconds.
const stampLayout = "2006-01-02T15:04:05.000Z"

// Event is one System Log event in Okta's wire shape.
// See https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/.
type Event struct {
	Actor                 Entity          `json:"actor"`
	Client                Client          `json:"client"`
	Device                map[string]any  `json:"device"`
	AuthenticationContext AuthContext     `json:"authenticationContext"`
	DisplayMessage        string          `json:"displayMessage"`
	EventType             string          `json:"eventType"`
	Outcome               Outcome         `json:"outcome"`
	Published             string          `json:"published"`
	SecurityContext       SecurityContext `json:"securityContext"`
	Severity              string          `json:"severity"`
	DebugContext          DebugContext    `json:"debugContext"`
	LegacyEventType       *string         `json:"legacyEventType"`
	Transaction           Transaction     `json:"transaction"`
	UUID                  string          `json:"uuid"`
	Version               string          `json:"version"`
	Request               RequestContext  `json:"request"`
	Target                []Entity        `json:"target"`
}

// Entity is an actor or a target.
type Entity struct {
	ID            string         `json:"id"`
	Type          string         `json:"type"`
	AlternateID   string         `json:"alternateId"`
	DisplayName   string         `json:"displayName"`
	DetailEntry   map[string]any `json:"detailEntry"`
	ChangeDetails *ChangeDetails `json:"changeDetails,omitempty"`
}

// ChangeDetails are the old and new values that a few event types carry.
type ChangeDetails struct {
	From map[string]any `json:"from"`
	To   map[string]any `json:"to"`
}

// Client says where a request came from.
type Client struct {
	UserAgent           UserAgent `json:"userAgent"`
	Zone                string    `json:"zone"`
	Device              string    `json:"device"`
	ID                  *string   `json:"id"`
	IPAddress           string    `json:"ipAddress"`
	GeographicalContext *Geo      `json:"geographicalContext"`
}

// UserAgent is the client's software.
type UserAgent struct {
	RawUserAgent string `json:"rawUserAgent"`
	OS           string `json:"os"`
	Browser      string `json:"browser"`
}

// Geo is a place on a map.
type Geo struct {
	City        string   `json:"city"`
	State       string   `json:"state"`
	Country     string   `json:"country"`
	PostalCode  string   `json:"postalCode"`
	Geolocation GeoPoint `json:"geolocation"`
}

// GeoPoint is a latitude and a longitude in degrees.
type GeoPoint struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// AuthContext names the session of the actor.
type AuthContext struct {
	AuthenticationProvider *string `json:"authenticationProvider"`
	CredentialProvider     *string `json:"credentialProvider"`
	CredentialType         *string `json:"credentialType"`
	Issuer                 *string `json:"issuer"`
	Interface              *string `json:"interface"`
	AuthenticationStep     int     `json:"authenticationStep"`
	RootSessionID          string  `json:"rootSessionId"`
	ExternalSessionID      string  `json:"externalSessionId"`
}

// Outcome is the result and, sometimes, its reason.
type Outcome struct {
	Result string  `json:"result"`
	Reason *string `json:"reason"`
}

// SecurityContext describes the network of the client.
type SecurityContext struct {
	ASNumber *int    `json:"asNumber"`
	ASOrg    *string `json:"asOrg"`
	ISP      *string `json:"isp"`
	Domain   *string `json:"domain"`
	IsProxy  *bool   `json:"isProxy"`
}

// DebugContext carries what Okta calls no data contract; all values are text.
type DebugContext struct {
	DebugData map[string]string `json:"debugData"`
}

// Transaction groups the events of one request. Detail carries
// requestApiTokenId for a call made with an API token.
type Transaction struct {
	Type   string            `json:"type"`
	ID     string            `json:"id"`
	Detail map[string]string `json:"detail"`
}

// RequestContext is the chain of addresses of the request.
type RequestContext struct {
	IPChain []IPHop `json:"ipChain"`
}

// IPHop is one address of the chain.
type IPHop struct {
	IP                  string  `json:"ip"`
	GeographicalContext *Geo    `json:"geographicalContext"`
	Version             string  `json:"version"`
	Source              *string `json:"source"`
}

// stamp renders a time as Okta does; the zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(stampLayout)
}

// asMap renders an event as decoded JSON, for filters and for hook bodies.
func (e Event) asMap() map[string]any {
	data, err := json.Marshal(e)
	if err != nil {
		panic("oktasim: an event cannot be encoded: " + err.Error()) // only plain values are ever put in
	}
	var m map[string]any
	_ = json.Unmarshal(data, &m)
	return m
}
