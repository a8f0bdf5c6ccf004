package entrasim

import (
	"encoding/json"
	"time"
)

// stampLayout is how the directory writes times: UTC, up to seven digits.
const stampLayout = "2006-01-02T15:04:05.9999999Z"

// Record is one directoryAudit in Graph's wire shape.
// See https://learn.microsoft.com/graph/api/resources/directoryaudit.
type Record struct {
	ID                  string      `json:"id"`
	Category            string      `json:"category"`
	CorrelationID       string      `json:"correlationId"`
	Result              string      `json:"result"`
	ResultReason        *string     `json:"resultReason"`
	ActivityDisplayName string      `json:"activityDisplayName"`
	ActivityDateTime    string      `json:"activityDateTime"`
	LoggedByService     string      `json:"loggedByService"`
	OperationType       string      `json:"operationType"`
	UserAgent           *string     `json:"userAgent"`
	InitiatedBy         Initiator   `json:"initiatedBy"`
	TargetResources     []Target    `json:"targetResources"`
	AdditionalDetails   []Detail    `json:"additionalDetails"`
	at                  time.Time   // activityDateTime
	asMap               lazilyAsMap // for filters
}

// lazilyAsMap is a record as decoded JSON.
type lazilyAsMap = map[string]any

// Initiator is who did it: a user or an app, never both.
type Initiator struct {
	App  *AppActor  `json:"app"`
	User *UserActor `json:"user"`
}

// AppActor is an application. Its appId is null on every live record; only the
// servicePrincipalId says which one it was.
type AppActor struct {
	AppID                *string `json:"appId"`
	DisplayName          string  `json:"displayName"`
	ServicePrincipalID   *string `json:"servicePrincipalId"`
	ServicePrincipalName *string `json:"servicePrincipalName"`
}

// UserActor is a person, or one of Microsoft's platform identities.
type UserActor struct {
	ID                string  `json:"id"`
	DisplayName       *string `json:"displayName"`
	UserPrincipalName *string `json:"userPrincipalName"`
	IPAddress         *string `json:"ipAddress"`
	UserType          *string `json:"userType"`
	HomeTenantID      *string `json:"homeTenantId"`
	HomeTenantName    *string `json:"homeTenantName"`
}

// Target is an object the activity is about. Its place in the list says
// nothing; its type does.
type Target struct {
	ID                 *string    `json:"id"`
	DisplayName        *string    `json:"displayName"`
	Type               string     `json:"type"`
	UserPrincipalName  *string    `json:"userPrincipalName"`
	GroupType          *string    `json:"groupType"`
	ModifiedProperties []Modified `json:"modifiedProperties"`
}

// Modified is a changed property. The values are text that usually is JSON.
type Modified struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

// Detail is a further key and value.
type Detail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// At is when the activity took place.
func (r Record) At() time.Time { return r.at }

// toMap renders a value as decoded JSON.
func toMap(v any) map[string]any {
	data, err := json.Marshal(v)
	if err != nil {
		panic("entrasim: a value cannot be encoded: " + err.Error()) // only plain values are ever put in
	}
	var m map[string]any
	_ = json.Unmarshal(data, &m)
	return m
}

// jsonText is how Core Directory writes old and new values.
func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

// text returns a pointer to s, or nil for the empty text.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// orNull is a text as Graph's answers have it; the empty one is null.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func some(s string) *string { return &s }

// stamp renders a time as Graph does; the zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(stampLayout)
}

// changed is a property with old and new value as JSON; nil stays null.
func changed(name string, before, after any) Modified {
	m := Modified{DisplayName: name}
	if before != nil {
		m.OldValue = some(jsonText(before))
	}
	if after != nil {
		m.NewValue = some(jsonText(after))
	}
	return m
}

// raw is a property whose values are written as they are.
func raw(name string, before, after *string) Modified {
	return Modified{DisplayName: name, OldValue: before, NewValue: after}
}
