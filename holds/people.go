package holds

import "time"

// Party of a person: how they belong to the organisation.
type Belonging string

// The ways to belong. Vendor covers contractors' firms and service providers.
const (
	Employee   Belonging = "employee"
	Contractor Belonging = "contractor"
	Vendor     Belonging = "vendor"
)

// Person is a human of the directory.
type Person struct {
	ID        PersonID
	Tenant    TenantID
	Name      string
	Belonging Belonging
	Manager   PersonID
	// Department as the directory has it; policies ask for finance and payroll.
	Department string
	Accounts   []PersonAccount
	Points     []ContactPoint
}

// PersonAccount links a person to an account in a connection, by the
// provider's immutable id.
type PersonAccount struct {
	Connection ConnectionID
	Account    string
}

// PointKind is a kind of contact point.
type PointKind string

// The kinds of contact point.
const (
	EmailPoint PointKind = "email"
	PhonePoint PointKind = "phone"
)

// ContactPoint is a way to reach a person. Value is personal data: sealed at
// rest, masked on screens.
type ContactPoint struct {
	ID     string
	Person PersonID
	Kind   PointKind
	Value  string
	// Source says where the point was learnt: "csv", "hr", …
	Source string
	// Recorded is when it was put on file; only old points are trusted, and one
	// of an unknown day (zero) never is.
	Recorded time.Time
	// Shared is set for a point that more than one person has: nobody is told
	// anything there.
	Shared bool
	// Within is the connection whose account's own mailbox this is, when the
	// point can be read by whoever controls that account.
	Within ConnectionID
}
