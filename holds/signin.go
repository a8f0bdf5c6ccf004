package holds

import "time"

// Session is a reviewer's signed-in session. Token is the SHA-256 of the
// cookie's value; the value itself is stored nowhere.
type Session struct {
	Token   [32]byte
	Tenant  TenantID
	Person  PersonID
	Created time.Time
	Expires time.Time
}
