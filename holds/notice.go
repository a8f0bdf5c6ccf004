package holds

import "time"

// Audience is whom a notice is for.
type Audience string

// The audiences.
const (
	ToOwner Audience = "owner"
	ToDuty  Audience = "duty"
)

// NoticeStatus is what is known of a message. Accepted is the most an SMTP 250
// proves; it is never called delivered.
type NoticeStatus string

// The statuses.
const (
	NoticeQueued    NoticeStatus = "queued"
	NoticeSending   NoticeStatus = "sending"
	NoticeAccepted  NoticeStatus = "accepted"
	NoticeDelivered NoticeStatus = "delivered"
	NoticeFailed    NoticeStatus = "failed"
)

// Notice is one message to one contact point about one version of a hold.
type Notice struct {
	ID       NoticeID
	Tenant   TenantID
	Hold     HoldID
	Version  int
	Audience Audience
	Channel  string // "smtp"
	Point    ContactPoint
	Why      string
	Status   NoticeStatus
	Created  time.Time
	// Expires is the end of the links in it.
	Expires time.Time
	// Tries counts wrong codes typed on its page; Used is when the code was
	// accepted, after which it is void.
	Tries int
	Used  time.Time
	// Bearer is the digest that says what this message would have said, empty for one
	// that goes out by itself. Due is when a digest goes out, zero for what is none.
	Bearer NoticeID
	Due    time.Time
}

// Attempt is one line of the ledger: one try to send one notice.
type Attempt struct {
	Notice NoticeID
	Status NoticeStatus
	// Reference is the other side's id of the message, if it gave one.
	Reference string
	Detail    string
	At        time.Time
	// Again tells whether trying again can help.
	Again bool
}
