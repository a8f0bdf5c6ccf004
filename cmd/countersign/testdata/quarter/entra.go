package quarter

import (
	"encoding/json"
	"fmt"
	"time"
)

// Entra's audit log, in the shape of
// https://learn.microsoft.com/graph/api/resources/directoryaudit.

type audit struct {
	ID                  string    `json:"id"`
	Category            string    `json:"category"`
	CorrelationID       string    `json:"correlationId"`
	Result              string    `json:"result"`
	ResultReason        string    `json:"resultReason"`
	ActivityDisplayName string    `json:"activityDisplayName"`
	ActivityDateTime    string    `json:"activityDateTime"`
	LoggedByService     string    `json:"loggedByService"`
	OperationType       string    `json:"operationType"`
	UserAgent           *string   `json:"userAgent"`
	InitiatedBy         initiator `json:"initiatedBy"`
	TargetResources     []target  `json:"targetResources"`
	AdditionalDetails   []keyed   `json:"additionalDetails"`
}

type initiator struct {
	User *userActor `json:"user"`
	App  *appActor  `json:"app"`
}

type userActor struct {
	ID                string   `json:"id"`
	DisplayName       *string  `json:"displayName"`
	UserPrincipalName *string  `json:"userPrincipalName"`
	IPAddress         *string  `json:"ipAddress"`
	Roles             []string `json:"roles"`
}

type appActor struct {
	AppID                *string `json:"appId"`
	DisplayName          string  `json:"displayName"`
	ServicePrincipalID   *string `json:"servicePrincipalId"`
	ServicePrincipalName *string `json:"servicePrincipalName"`
}

type target struct {
	ID                 string     `json:"id"`
	DisplayName        *string    `json:"displayName"`
	Type               string     `json:"type"`
	UserPrincipalName  *string    `json:"userPrincipalName"`
	GroupType          *string    `json:"groupType"`
	ModifiedProperties []modified `json:"modifiedProperties"`
}

type modified struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

type keyed struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// The services that write, and how their records' ids begin.
const (
	directory   = "Core Directory"
	methods     = "Authentication Methods"
	selfService = "Self-service Password Management"
	privileged  = "PIM"
	access      = "Conditional Access"
	deviceReg   = "Device Registration Service"
	invited     = "Invited Users"
)

// deed is one request at Entra. Records of one service share a correlation id.
type deed struct {
	w      *world
	at     time.Time
	by     initiator
	shared map[string]string
	told   []string
}

// entra begins a request of a person's at Entra, from where they are.
func (w *world) entra(t time.Time, by *person) *deed { return w.entraFrom(t, by, w.address(by, t)) }

func (w *world) entraFrom(t time.Time, by *person, ip string) *deed {
	return w.entraBy(t, initiator{User: &userActor{ID: by.entra, UserPrincipalName: &by.login, IPAddress: &ip, Roles: []string{}}})
}

func (w *world) entraBy(t time.Time, by initiator) *deed {
	return &deed{w: w, at: t, by: by, shared: map[string]string{}}
}

// application is one of Microsoft's services, or one of the company's. Its appId is
// null in every live record.
func application(name, principal string) initiator {
	return initiator{App: &appActor{DisplayName: name, ServicePrincipalID: &principal}}
}

func pim() initiator { return application("MS-PIM", "5d6b1a8e-90d1-4f41-9c39-63b7d2b9a101") }
func strong() initiator {
	return application("Azure MFA StrongAuthenticationService", "2f9f7a06-1d0b-4d4f-8a1e-aa1c0b7e4402")
}

func devices() initiator {
	return application("Device Registration Service", "c3a0d1f4-7b6c-4a4e-8d55-7a1c9e0b1203")
}
func hr() initiator { return application("HR provisioning", provisioningPrincipal) }

// passwordService carries out what people do at the self-service page. It looks
// like a foreign administrator.
func passwordService() initiator {
	name, none := "fim_password_service@support.onmicrosoft.com", ""
	return initiator{User: &userActor{ID: "00000000-0000-0000-0000-000000000000", UserPrincipalName: &name, IPAddress: &none, Roles: []string{}}}
}

// does writes one record and returns its id.
func (d *deed) does(service, category, activity, reason string, targets []target, more ...keyed) string {
	return d.doesBy(d.by, service, category, activity, reason, targets, more...)
}

func (d *deed) doesBy(by initiator, service, category, activity, reason string, targets []target, more ...keyed) string {
	if d.shared[service] == "" {
		d.shared[service] = d.w.guid()
	}
	prefix := map[string]string{directory: "Directory", selfService: "SSPR", access: "IPCGraph"}[service]
	if prefix == "" {
		prefix = service
	}
	for i := range targets {
		if targets[i].ModifiedProperties == nil {
			targets[i].ModifiedProperties = []modified{}
		}
	}
	if more == nil {
		more = []keyed{}
	}
	r := audit{
		ID:       fmt.Sprintf("%s_%s_%s_%d", prefix, d.shared[service], d.w.digits("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 5), d.w.IntN(90_000_000)+1_000_000),
		Category: category, CorrelationID: d.shared[service], Result: "success", ResultReason: reason, ActivityDisplayName: activity,
		ActivityDateTime: d.at.Format("2006-01-02T15:04:05.0000000Z"), LoggedByService: service, OperationType: "Update",
		InitiatedBy: by, TargetResources: targets, AdditionalDetails: more,
	}
	d.w.directory = append(d.w.directory, Record{ID: r.ID, At: d.at, JSON: encoded(r)})
	d.at = d.at.Add(1300 * time.Millisecond)
	d.told = append(d.told, r.ID)
	return r.ID
}

func account(p *person, changes ...modified) target {
	return target{ID: p.entra, DisplayName: &p.name, Type: "User", UserPrincipalName: &p.login, ModifiedProperties: changes}
}

func object(kind, id, name string, changes ...modified) target {
	return target{ID: id, DisplayName: &name, Type: kind, ModifiedProperties: changes}
}

// changed is a property whose values are JSON in text, as the directory has them.
func changed(name string, before, after any) modified {
	m := modified{DisplayName: name}
	if before != nil {
		s := text(before)
		m.OldValue = &s
	}
	if after != nil {
		s := text(after)
		m.NewValue = &s
	}
	return m
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic("quarter: a value cannot be encoded: " + err.Error())
	}
	return string(out)
}

func included(names string) modified { return changed("Included Updated Properties", nil, names) }

type method struct {
	MethodType int
	Default    bool
}

func authenticator() []method { return []method{{6, true}, {7, false}} }

// registers is a person adding Microsoft Authenticator: their own record, and the
// directory's by a service of Microsoft's.
func (d *deed) registers(p *person, words string) string {
	id := d.does(methods, "UserManagement", "User registered security info", "User registered "+words, []target{account(p)})
	d.doesBy(strong(), directory, "UserManagement", "Update user", "", []target{account(p,
		changed("StrongAuthenticationMethod", []method{}, authenticator()), included("StrongAuthenticationMethod"))})
	return id
}

// deletes is a person taking a method of their own away.
func (d *deed) deletes(p *person, words string) string {
	id := d.does(methods, "UserManagement", "User deleted security info", "User deleted "+words, []target{account(p)})
	d.doesBy(strong(), directory, "UserManagement", "Update user", "", []target{account(p,
		changed("StrongAuthenticationMethod", authenticator(), authenticator()[:1]), included("StrongAuthenticationMethod"))})
	return id
}

const authenticatorApp = "Authenticator App with Notification and Code"

// deskDeletes is the help desk taking every method away.
func (d *deed) deskDeletes(p *person) string {
	id := d.does(methods, "UserManagement", "Admin deleted security info", "Admin deleted "+authenticatorApp+" for user", []target{account(p)})
	d.does(directory, "UserManagement", "Update user", "", []target{account(p,
		changed("StrongAuthenticationMethod", authenticator(), []method{}), included("StrongAuthenticationMethod"))})
	return id
}

// resetsOwn is the self-service page: its steps, the password service's twin, and
// the outcome.
func (d *deed) resetsOwn(p *person) string {
	for _, step := range []string{"User submitted their user ID", "User was presented with verification options", "User successfully passed a verification step"} {
		d.does(selfService, "UserManagement", "Self-service password reset flow activity progress", step, []target{account(p)})
	}
	d.doesBy(passwordService(), directory, "UserManagement", "Reset user password.", "", []target{account(p)})
	return d.does(selfService, "UserManagement", "Reset password (self-service)", "Successfully completed reset.", []target{account(p)})
}
