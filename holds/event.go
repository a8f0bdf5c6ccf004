package holds

import (
	"strings"
	"time"
)

// Class is the kind of change an event makes, whoever made it. The nine
// request types of the requirements, and four of our own.
type Class string

// The classes. They win over any other spelling.
const (
	PasswordReset      Class = "password_reset"
	MFAChange          Class = "mfa_change"
	RecoveryChange     Class = "recovery_change"
	RoleActivation     Class = "role_activation"
	MailboxDelegation  Class = "mailbox_delegation"
	VaultRecovery      Class = "vault_recovery"
	RemoteAccess       Class = "remote_access"
	DeviceRegistration Class = "device_registration"
	EmergencyAccess    Class = "emergency_access"
	OtherTakeover      Class = "other_takeover"
	// Tamper is a change to Countersign's own footing at the provider: its hook,
	// its service account, its restraint group, or an act of its account that it
	// did not intend.
	Tamper Class = "tamper"
	// Unclassified looks sensitive but is not understood: kept and shown.
	Unclassified Class = "unclassified"
	// None cannot hand an account to somebody else.
	None Class = "none"
)

// Verb says what the change does within its class.
type Verb string

// The verbs. Reset and remove take something away from the account, enrol and
// grant add something to it.
const (
	Reset   Verb = "reset"
	Remove  Verb = "remove"
	Enrol   Verb = "enrol"
	Suspend Verb = "suspend"
	Update  Verb = "update"
	Grant   Verb = "grant"
	Revoke  Verb = "revoke"
	Other   Verb = "other"
)

// Outcome is what the provider says became of the change.
type Outcome string

// The outcomes. Unknown is treated as success: a change that may have happened
// is held.
const (
	Succeeded Outcome = "success"
	Failed    Outcome = "failure"
	Unknown   Outcome = "unknown"
)

// PartyKind sorts actors. None of them is trusted by kind.
type PartyKind string

// The kinds of actor.
const (
	PartyPerson  PartyKind = "person"
	PartySystem  PartyKind = "system"
	PartyToken   PartyKind = "api_token"
	PartyApp     PartyKind = "app"
	PartySupport PartyKind = "vendor_support"
	// PartyPlatform is a service of the platform itself that carries out what
	// somebody asked for: the record of that request stands beside this one.
	PartyPlatform PartyKind = "platform"
	PartyUnknown  PartyKind = "unknown"
)

// Rank says how far a role reaches.
type Rank string

// The ranks. An empty rank is not known, and is judged like the top. Top roles
// can take the whole organisation over, privileged ones a part of it or people's
// accounts, ordinary ones neither.
const (
	RankTop        Rank = "top"
	RankPrivileged Rank = "privileged"
	RankOrdinary   Rank = "ordinary"
)

// Way says through which door of the platform a role came.
type Way string

// The ways. Empty where the platform has no such doors.
const (
	// WayActivation is somebody taking up, for a time, a role they were made
	// eligible for, as the platform's own rules allow.
	WayActivation Way = "activation"
	// WayEligibility makes somebody eligible: the role can be taken up later.
	WayEligibility Way = "eligibility"
	// WayOutside is an assignment that passes by those rules.
	WayOutside Way = "outside"
)

// Party is who made a change, as the provider tells it.
type Party struct {
	ID    string    `json:"id,omitempty"`
	Kind  PartyKind `json:"kind"`
	Login string    `json:"login,omitempty"`
	Name  string    `json:"name,omitempty"`
	// Credential is the id (never the value) of the API token or app that was
	// used, where the provider names it.
	Credential string `json:"credential,omitempty"`
	// Own is set when the credential or account is Countersign's own.
	Own bool `json:"own,omitempty"`
}

// Account is an account at the provider. ID is the provider's immutable id and
// the only field that anything is decided by; login and name are for people.
type Account struct {
	ID    string `json:"id"`
	Login string `json:"login,omitempty"`
	Name  string `json:"name,omitempty"`
}

// unresolved marks the subject of an event that names no account.
const unresolved = "unresolved:"

// UnresolvedAccount stands for the account an event does not name, so that the
// change is held all the same. Nothing is ever done to it at a provider.
func UnresolvedAccount(event string) Account {
	return Account{ID: unresolved + event, Name: "account not named by the event"}
}

// ownFooting marks a connection itself as the subject of a hold.
const ownFooting = "connection:"

// FootingOf stands for our own footing at a connection: the credential and the
// restraint rules everything rests on.
func FootingOf(c ConnectionID) Account {
	return Account{ID: ownFooting + string(c), Name: "Countersign's own footing at " + string(c)}
}

// Resolved tells whether this is an account at a provider.
func (a Account) Resolved() bool {
	return a.ID != "" && !strings.HasPrefix(a.ID, unresolved) && !strings.HasPrefix(a.ID, ownFooting)
}

// Object is any other thing an event names: a factor, a role, a group, a hook.
type Object struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// FieldChange is one attribute and its values before and after, as far as the
// provider tells them. Values are personal data: the store seals them.
type FieldChange struct {
	Field string `json:"field"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// Event is one change at a provider, normalised.
type Event struct {
	// ID is the provider's id of the event (not of the delivery). Within a
	// connection it names the event for ever.
	ID string `json:"id"`
	// Type is the provider's own name of it, verbatim.
	Type     string    `json:"type"`
	Class    Class     `json:"class"`
	Verb     Verb      `json:"verb"`
	Occurred time.Time `json:"occurred"`
	Outcome  Outcome   `json:"outcome"`
	Actor    Party     `json:"actor"`
	// Subjects are the accounts the change is made to, each once, sorted by id.
	// Every one of them is decided separately.
	Subjects []Account `json:"subjects,omitempty"`
	Factor   Object    `json:"factor,omitzero"`
	Role     Object    `json:"role,omitzero"`
	// Rank and Way describe the role of a role activation.
	Rank Rank `json:"rank,omitempty"`
	Way  Way  `json:"way,omitempty"`
	// Undo is the action that would undo the change where the event itself names
	// what came into being: an identity provider, a token, a device, a consent. Its
	// Account is empty. What only a before-image can tell is not here.
	Undo Action `json:"undo,omitzero"`
	// Objects are the other things named, sorted by type and id.
	Objects []Object      `json:"objects,omitempty"`
	Fields  []FieldChange `json:"-"`
	// Transaction groups the events of one request at the provider.
	Transaction string `json:"transaction,omitempty"`
	IP          string `json:"ip,omitempty"`
	Summary     string `json:"summary,omitempty"`
	// Echo is the action of ours that causes such an event, when there is one.
	Echo ActionKind `json:"echo,omitempty"`
	// Push is what the platform's push tells of such a change. It is kept beside the
	// event, since it is not what happened but how we hear of it.
	Push Push `json:"-"`
	// Lead is set on our own observation that another account of the same person is
	// held: this account is held, too, for as long as that one is.
	Lead *Lead `json:"lead,omitempty"`
	// Doubts are what decoding could not settle, in words for people.
	Doubts []string `json:"doubts,omitempty"`
}

// Source says how a delivery reached us.
type Source string

// The sources of deliveries.
const (
	FromHook   Source = "hook"
	FromPoller Source = "poller"
	// FromKeeper is an observation of our own, an Event in JSON, that takes the
	// same way as everybody else's so that it is durable, judged and audited.
	FromKeeper Source = "keeper"
)

// Delivery is raw bytes as received: one POST of a webhook or one page of the
// provider's log.
type Delivery struct {
	ID         int64
	Tenant     TenantID
	Connection ConnectionID
	Source     Source
	// Envelope is the provider's id of the delivery, when it has one.
	Envelope string
	Body     []byte
	// Digest is the SHA-256 of Body.
	Digest   [32]byte
	Received time.Time
	// Peer is the TCP peer (or the address a trusted proxy vouched for).
	Peer string
	// Secret says which of the configured secrets matched: "current" or
	// "previous".
	Secret string
}
