package holds

import "strings"

// TenantID names a customer organisation. It is chosen in the configuration:
// lower-case letters, digits and dashes.
type TenantID string

// ConnectionID names one Okta org or one Entra tenant of a customer. It is
// unique in the installation and part of the webhook's address.
type ConnectionID string

// HoldID is a UUID (version 7) in its usual text form.
type HoldID string

// Short is what people call a hold between them: the last eight letters of its
// id. (The first ones are a clock, and the same for all holds of a minute.)
// Anything in it that is no letter or digit is left out.
func (h HoldID) Short() string {
	s := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, string(h))
	return s[max(0, len(s)-8):]
}

// PersonID names a human in the directory of people, whatever accounts they
// have. Two accounts of one human share it.
type PersonID string

// NoticeID is a UUID in its usual text form; one message to one contact point.
type NoticeID string

// IntentID is a UUID in its usual text form; one call we mean to make.
type IntentID string

// Key addresses one hold. The tenant is always part of it, so that no query
// can forget the wall between customers.
type Key struct {
	Tenant TenantID `json:"tenant"`
	Hold   HoldID   `json:"hold"`
}

// By says who makes a change, in the form "person:ID", "owner:ID" or
// "system:NAME". It is an argument of every mutation and part of every audit
// entry, and never holds a name or an address.
type By string

// ByPerson is a reviewer acting in person.
func ByPerson(p PersonID) By { return By("person:" + string(p)) }

// ByOwner is the owner of an account, speaking through a link sent to them.
func ByOwner(p PersonID) By { return By("owner:" + string(p)) }

// BySystem is a part of the program acting on its own account.
func BySystem(part string) By { return By("system:" + part) }
