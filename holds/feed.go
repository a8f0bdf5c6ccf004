package holds

import "time"

// Feed is a subscription at a provider that we keep alive, so that the provider
// tells us that something changed. What it tells is a hint; the provider's log is
// the truth.
type Feed struct {
	Tenant     TenantID
	Connection ConnectionID
	// Resource is what is subscribed to, in the provider's words ("users").
	Resource string
	// ID is the provider's id of the subscription, empty when there is none.
	ID string
	// Nonce is the last part of the address the provider calls, new for each
	// subscription. While Pending has not passed, a subscription with it is being
	// made, and the provider's handshake is answered.
	Nonce   string
	Pending time.Time
	// Secret is the SHA-256 of what every notification must carry.
	Secret [32]byte
	// Made and Expires are the subscription's life at the provider.
	Made    time.Time
	Expires time.Time
	// Lease is until when one replica alone looks after the feed.
	Lease time.Time
	// Trouble is what went wrong last, in words for people; empty when all is well.
	Trouble string
}
