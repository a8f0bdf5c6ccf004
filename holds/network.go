package holds

import (
	"net/netip"
	"slices"
	"strings"
)

// NetworkOf is the network that an address lies in, as far as it tells where
// somebody is: 203.0.113.0/24 of a 32-bit address, 2001:db8::/48 of a 128-bit one.
// A port behind the address is left out. It is empty for what is no address.
func NetworkOf(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		with, err := netip.ParseAddrPort(ip)
		if err != nil {
			return ""
		}
		addr = with.Addr()
	}
	addr, bits := addr.WithZone("").Unmap(), 48
	if addr.Is4() {
		bits = 24
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}

// Settled tells whether an event speaks for the network it came from: whoever does
// such a thing from an unknown network is noticed. Asking for a new password or an
// unlocking needs no sign-in at all, and what else people do to their own account
// from anywhere is told and not held; if that made a network known, an intruder would
// only have to knock a day before.
func (e Event) Settled() bool {
	if e.Outcome == Failed || e.Actor.ID == "" {
		return false
	}
	if slices.ContainsFunc(e.Subjects, func(s Account) bool { return s.ID != e.Actor.ID }) {
		return true // done to somebody else
	}
	switch e.Class {
	case None, "":
		return !knocks(e.Type)
	case DeviceRegistration, RemoteAccess:
		return true
	case PasswordReset:
		return e.Verb == Update // by who knew the old one
	case MFAChange:
		return e.Verb == Enrol || e.Verb == Update
	case RecoveryChange, RoleActivation, MailboxDelegation, VaultRecovery, EmergencyAccess, OtherTakeover, Tamper, Unclassified:
	}
	return false
}

// knocks tells of what is logged under an account's name while somebody only tries:
// messages sent, prompts, and Microsoft 365's UserLoginFailed, whose result may
// be a success all the same.
func knocks(eventType string) bool {
	return strings.HasPrefix(eventType, "system.") || strings.HasPrefix(eventType, "user.mfa.") || strings.HasSuffix(eventType, "Failed")
}
