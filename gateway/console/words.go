package console

import (
	"strings"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// className is the class of a change for people.
func className(c holds.Class) string {
	switch c {
	case holds.PasswordReset:
		return "Password reset"
	case holds.MFAChange:
		return "MFA change"
	case holds.RecoveryChange:
		return "Recovery change"
	case holds.RoleActivation:
		return "Admin role"
	case holds.MailboxDelegation:
		return "Mailbox delegation"
	case holds.VaultRecovery:
		return "Vault recovery"
	case holds.RemoteAccess:
		return "Remote access"
	case holds.DeviceRegistration:
		return "Device registration"
	case holds.EmergencyAccess:
		return "Emergency access"
	case holds.OtherTakeover:
		return "Other way to take over"
	case holds.Tamper:
		return "Tamper"
	case holds.Unclassified:
		return "Unclassified"
	case holds.None:
	}
	return "Change"
}

func verbName(v holds.Verb) string {
	switch v {
	case holds.Reset:
		return "reset"
	case holds.Remove:
		return "removed"
	case holds.Enrol:
		return "enrolled"
	case holds.Suspend:
		return "suspended"
	case holds.Update:
		return "updated"
	case holds.Grant:
		return "granted"
	case holds.Revoke:
		return "revoked"
	case holds.Other:
	}
	return "changed"
}

func partyKind(k holds.PartyKind) string {
	switch k {
	case holds.PartyPerson:
		return "person"
	case holds.PartySystem:
		return "the identity system"
	case holds.PartyToken:
		return "API token"
	case holds.PartyApp:
		return "app"
	case holds.PartySupport:
		return "vendor support"
	case holds.PartyPlatform:
		return "service of the platform"
	case holds.PartyUnknown:
	}
	return "not known"
}

func kindName(k holds.EvidenceKind) string {
	switch k {
	case holds.Callback:
		return "Call back to a number on file"
	case holds.ManagerConfirmed:
		return "Manager on record confirmed"
	case holds.DeviceConfirmed:
		return "Confirmed on a device enrolled before"
	case holds.LiveSession:
		return "Confirmed in a session opened before"
	case holds.HRRecord:
		return "Record its subject cannot edit"
	case holds.InPerson:
		return "Met in person or by video"
	}
	return page.Line(string(k), 60)
}

func decisionName(k holds.DecisionKind) string {
	switch k {
	case holds.Approve:
		return "Approve"
	case holds.Deny:
		return "Deny"
	case holds.RemoveAccess:
		return "Remove access"
	case holds.Restore:
		return "Restore"
	}
	return page.Line(string(k), 60)
}

func actionName(k holds.ActionKind) string {
	switch k {
	case holds.JoinRestraintGroup:
		return "Put into the restraint group"
	case holds.LeaveRestraintGroup:
		return "Take out of the restraint group"
	case holds.ClearSessions:
		return "End all sessions"
	case holds.SuspendAccount:
		return "Suspend the account"
	case holds.UnsuspendAccount:
		return "Unsuspend the account"
	case holds.RemoveRole:
		return "Remove a role"
	case holds.RemoveFactor:
		return "Remove a factor"
	case holds.LeaveGroup:
		return "Take out of a group"
	case holds.DisableDevice:
		return "Disable a device"
	case holds.RevokeToken:
		return "Revoke an API token"
	case holds.RevokeConsent:
		return "Revoke an application's permission"
	case holds.RemoveCredential:
		return "Remove an application's credential"
	case holds.DeactivateIDP:
		return "Deactivate an identity provider"
	case holds.RestoreProfile:
		return "Set contact attributes back"
	}
	return page.Line(string(k), 60)
}

func purposeName(p holds.Purpose) string {
	switch p {
	case holds.ToContain:
		return "contain"
	case holds.ToLift:
		return "lift"
	case holds.ToRevert:
		return "undo"
	}
	return page.Line(string(p), 60)
}

// resultName is what became of a call, and the class of its colour.
func resultName(r holds.Result) (word, tone string) {
	switch r.Status {
	case holds.Applied:
		return "done", "good"
	case holds.Already:
		return "was so already", "good"
	case holds.Refused:
		return "refused by the provider", "warn"
	case holds.Gone:
		return "no longer there", "over"
	case holds.Broken:
		return "failed", "bad"
	}
	return "no outcome yet: it may or may not have been made", "warn"
}

// noticeName is what is known of a message. Accepted is not delivered.
func noticeName(s holds.NoticeStatus) (word, tone string) {
	switch s {
	case holds.NoticeQueued:
		return "queued", "over"
	case holds.NoticeSending:
		return "being sent", "over"
	case holds.NoticeAccepted:
		return "accepted by the channel", "good"
	case holds.NoticeDelivered:
		return "delivered", "good"
	case holds.NoticeFailed:
		return "failed", "bad"
	}
	return page.Line(string(s), 60), "over"
}

// modeName says how far a connection is trusted to act.
func modeName(m holds.Mode) string {
	switch m {
	case holds.ModeWatch:
		return "watches only"
	case holds.ModeNotify:
		return "tells owners, restrains nobody"
	case holds.ModeContain:
		return "contains"
	}
	return "no mode"
}

// tierName is a tier; an empty one is a bug elsewhere and shown as one.
func tierName(t holds.Tier) string {
	if t == "" {
		return "no tier"
	}
	return page.Line(string(t), 20)
}

// list joins words as people do.
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
