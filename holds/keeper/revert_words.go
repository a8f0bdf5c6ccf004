package keeper

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
)

// The words for what no call of ours undoes: what people do by hand, and how the
// owner gets back to work. They are words only; nothing is decided by a vendor's
// name of a thing here.

// wayBack is how an owner without factors gets in again.
const wayBack = "enrol new ones with the owner present, who gets in by a temporary access code or pass until then"

// byHand is one sentence about an event that cannot be undone by us.
func byHand(e holds.EventRef) string {
	switch e.Class {
	case holds.MFAChange:
		return factorWords(e)
	case holds.PasswordReset:
		return "the password that was set cannot be taken back; set a new one with the owner present (" + e.Type + ")"
	case holds.RoleActivation:
		return "a role that was taken away is not given back by a deny; grant it anew where it is needed (" + e.Type + ")"
	case holds.VaultRecovery, holds.EmergencyAccess:
		return "what was read cannot be taken back; change the password or key that was shown (" + e.Type + what(e) + ")"
	case holds.DeviceRegistration:
		return "which device was registered cannot be told; compare the owner's devices with the owner and disable the one they do not know (" + e.Type + what(e) + ")"
	case holds.MailboxDelegation:
		return "undo by hand in Exchange: " + cmdlet(e)
	case holds.OtherTakeover, holds.RemoteAccess:
		if federation(e) {
			return federationWords + " (" + e.Type + what(e) + ")"
		}
	case holds.RecoveryChange, holds.Tamper, holds.Unclassified, holds.None:
	}
	return "undo by hand: " + e.Type + what(e)
}

func factorWords(e holds.EventRef) string {
	switch e.Verb {
	case holds.Remove:
		if name := cmp.Or(e.Factor.Name, e.Factor.Type); name != "" {
			return "the factor that was deleted (" + name + ") cannot be put back; " + wayBack + " (" + e.Type + ")"
		}
	case holds.Reset, holds.Enrol:
	case holds.Suspend, holds.Update, holds.Grant, holds.Revoke, holds.Other:
		return "look at the account's factors with the owner; where one is missing or strange, " + wayBack + " (" + e.Type + what(e) + ")"
	}
	return "factors that were taken away cannot be put back; " + wayBack + " (" + e.Type + ")"
}

// what names the things an event is about.
func what(e holds.EventRef) string {
	var names []string
	for _, o := range e.Objects {
		if n := cmp.Or(o.Name, o.ID); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", " + strings.Join(names, ", ")
}

// cmdlet is the command that undoes what an Exchange command did, with the
// parameters that did it. A rule or permission that was added is removed; a
// setting is set to nothing
// (https://learn.microsoft.com/powershell/module/exchange/set-mailbox).
func cmdlet(e holds.EventRef) string {
	verb, noun, ok := strings.Cut(e.Type, "-")
	if !ok || strings.ContainsAny(noun, " -") {
		return e.Type + parameters(e, "") + what(e)
	}
	switch verb {
	case "New", "Add":
		return "Remove-" + noun + " what " + e.Type + parameters(e, "") + " made" + what(e)
	case "Enable":
		return "Disable-" + noun + what(e)
	case "Set":
		if p := parameters(e, " $null"); p != "" {
			return e.Type + p + what(e)
		}
	}
	return e.Type + " to what it was before" + what(e)
}

func parameters(e holds.EventRef, value string) string {
	var out strings.Builder
	for _, f := range e.Fields {
		out.WriteString(" -" + f + value)
	}
	return out.String()
}

// federation tells whether an event changed who signs a whole domain's people in.
func federation(e holds.EventRef) bool {
	t := strings.ToLower(e.Type)
	return strings.Contains(t, "federation settings") || strings.Contains(t, "domain authentication") ||
		strings.Contains(t, "federation") && strings.Contains(t, "domain")
}

// federationWords: Microsoft Graph takes a domain back in two steps, and sessions
// that the other side signed live on
// (https://learn.microsoft.com/graph/api/domain-delete-federationconfiguration).
const federationWords = "take the domain back by hand: Remove-MgDomainFederationConfiguration, then Update-MgDomain -AuthenticationType Managed, " +
	"and revoke the sessions of the domain's people, whom somebody else could sign in"
