package entra

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// cmdlet is what an operation on mailboxes means.
type cmdlet struct {
	// judge decides by the parameters.
	judge func(*record) (holds.Class, holds.Verb)
	// shows are the parameters that become fields.
	shows []string
	// role is the parameter that names the role a role cmdlet gives.
	role string
	// wide is set where the change is made to the organisation.
	wide bool
}

// cmdlets lists the operations that can open a mailbox, by name in lower case.
//
// See https://learn.microsoft.com/powershell/module/exchange and
// https://learn.microsoft.com/purview/audit-log-activities#exchange-mailbox-activities.
func cmdlets() map[string]cmdlet {
	table := map[string]cmdlet{}
	add := func(c cmdlet, names ...string) {
		for _, n := range names {
			table[n] = c
		}
	}
	forwards := []string{"ForwardTo", "RedirectTo", "ForwardAsAttachmentTo", "DeleteMessage", "SoftDeleteMessage", "RuleOperation", "Name", "RuleName"}
	add(cmdlet{judge: forwarding, shows: []string{"ForwardingSmtpAddress", "ForwardingAddress", "DeliverToMailboxAndForward", "GrantSendOnBehalfTo"}}, "set-mailbox")
	add(cmdlet{judge: inboxRule, shows: forwards}, "new-inboxrule", "set-inboxrule")
	add(cmdlet{judge: always(holds.MailboxDelegation, holds.Update), shows: forwards}, "enable-inboxrule")
	add(cmdlet{judge: outlookRule, shows: forwards}, "updateinboxrules")
	add(cmdlet{judge: delegation, shows: []string{"User", "Trustee", "AccessRights", "SendAsRights", "Delegate"}}, "add-mailboxpermission", "add-recipientpermission",
		"add-mailboxfolderpermission", "set-mailboxfolderpermission", "set-mailboxpermission", "addfolderpermissions", "modifyfolderpermissions",
		"updatefolderpermissions", "updatecalendardelegation", "add-adpermission")
	add(cmdlet{judge: transportRule, shows: []string{"BlindCopyTo", "CopyTo", "RedirectMessageTo", "AddToRecipients", "ModeratedByUsers", "Name"}, wide: true},
		"new-transportrule", "set-transportrule")
	add(cmdlet{judge: always(holds.MailboxDelegation, holds.Update), shows: []string{"Identity", "Name"}, wide: true}, "enable-transportrule", "new-outboundconnector",
		"set-outboundconnector", "new-inboundconnector", "set-inboundconnector", "new-journalrule", "set-journalrule", "enable-journalrule")
	add(cmdlet{judge: autoForward, shows: []string{"AutoForwardEnabled", "AutoForwardingMode", "DomainName", "Identity"}, wide: true}, "new-remotedomain", "set-remotedomain",
		"set-hostedoutboundspamfilterpolicy", "new-hostedoutboundspamfilterpolicy")
	add(cmdlet{judge: always(holds.RoleActivation, holds.Grant), shows: []string{"Role", "User", "App"}, role: "Role"}, "new-managementroleassignment")
	add(cmdlet{judge: always(holds.RoleActivation, holds.Grant), shows: []string{"Identity", "Member"}, role: "Identity"}, "add-rolegroupmember")
	add(cmdlet{judge: blindLog, wide: true, shows: []string{"UnifiedAuditLogIngestionEnabled", "AdminAuditLogEnabled", "AuditBypassEnabled", "Identity"}},
		"set-adminauditlogconfig", "set-mailboxauditbypassassociation")
	add(cmdlet{judge: always(holds.None, holds.Revoke)}, "remove-mailboxpermission", "remove-recipientpermission", "remove-mailboxfolderpermission",
		"removefolderpermissions", "remove-inboxrule", "disable-inboxrule", "remove-transportrule", "disable-transportrule", "remove-managementroleassignment",
		"remove-rolegroupmember", "remove-outboundconnector", "remove-inboundconnector")
	return table
}

func always(c holds.Class, v holds.Verb) func(*record) (holds.Class, holds.Verb) {
	return func(*record) (holds.Class, holds.Verb) { return c, v }
}

// given tells whether a parameter was given with a value; an empty one takes what
// was there away.
func (r *record) given(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		v := strings.TrimSpace(r.parameter(n))
		return v != "" && !strings.EqualFold(v, "$null") && !strings.EqualFold(v, "False")
	})
}

// mentioned tells whether a parameter was given at all.
func (r *record) mentioned(names ...string) bool {
	return slices.ContainsFunc(r.parameters, func(p pair) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(p.name, n) })
	})
}

// forwarding is Set-Mailbox.
func forwarding(r *record) (holds.Class, holds.Verb) {
	switch {
	case r.given("ForwardingSmtpAddress", "ForwardingAddress", "GrantSendOnBehalfTo"):
		return holds.MailboxDelegation, holds.Grant
	case r.mentioned("ForwardingSmtpAddress", "ForwardingAddress", "GrantSendOnBehalfTo"):
		return holds.None, holds.Revoke
	case r.mentioned("DeliverToMailboxAndForward"):
		return holds.MailboxDelegation, holds.Update
	}
	return holds.None, holds.Update
}

// inboxRule is a rule made by cmdlet or on the web: mail that leaves, or is
// deleted unseen.
func inboxRule(r *record) (holds.Class, holds.Verb) {
	if r.given("ForwardTo", "RedirectTo", "ForwardAsAttachmentTo", "DeleteMessage", "SoftDeleteMessage") {
		return holds.MailboxDelegation, holds.Grant
	}
	return holds.None, holds.Other
}

// outlookRule is a rule made by Outlook. Of one that is changed the log tells
// neither conditions nor actions, only that it was.
func outlookRule(r *record) (holds.Class, holds.Verb) {
	actions := strings.ToLower(r.parameter("RuleActions"))
	for _, word := range []string{"forward", "redirect", "delete"} {
		if strings.Contains(actions, word) {
			return holds.MailboxDelegation, holds.Grant
		}
	}
	operation := strings.ToLower(r.parameter("RuleOperation"))
	if strings.Contains(operation, "remove") || strings.Contains(operation, "delete") {
		return holds.None, holds.Revoke
	}
	if inboxClass, verb := inboxRule(r); inboxClass != holds.None {
		return inboxClass, verb
	}
	if v, err := providers.ReadJSON([]byte(actions)); actions == "" || err == nil && len(v.Values()) == 0 {
		r.doubt("The log does not tell what the changed rule does.")
		return holds.MailboxDelegation, holds.Update
	}
	return holds.None, holds.Other
}

// recipients reads where a rule of Outlook's sends mail: its actions as JSON, or,
// where they are words, those.
func recipients(actions string) []holds.FieldChange {
	v, err := providers.ReadJSON([]byte(actions))
	if err != nil || v.Kind != providers.Array {
		lower := strings.ToLower(actions)
		if strings.Contains(lower, "forward") || strings.Contains(lower, "redirect") {
			return []holds.FieldChange{{Field: "ForwardTo", New: providers.Plain(actions, most)}}
		}
		return nil
	}
	var out []holds.FieldChange
	for _, action := range v.Items {
		kind := strings.ToLower(memberOf(action, "ActionType").Text)
		if !strings.Contains(kind, "forward") && !strings.Contains(kind, "redirect") {
			continue
		}
		var to []string
		memberOf(action, "Recipients").Strings(func(s string) { to = append(to, s) })
		field := "ForwardTo"
		if strings.Contains(kind, "redirect") {
			field = "RedirectTo"
		}
		out = append(out, holds.FieldChange{Field: field, New: providers.Plain(strings.Join(to, ";"), most)})
	}
	return out
}

// delegation gives somebody the mailbox, a folder of it or its name. What the
// default and anonymous readers may do, and taking rights away, hands it to
// nobody in particular.
func delegation(r *record) (holds.Class, holds.Verb) {
	rights := strings.ToLower(r.parameter("AccessRights"))
	if rights == "none" || isTrue(r.parameter("Deny")) {
		return holds.None, holds.Revoke
	}
	return holds.MailboxDelegation, holds.Grant
}

func transportRule(r *record) (holds.Class, holds.Verb) {
	if r.given("BlindCopyTo", "CopyTo", "RedirectMessageTo", "AddToRecipients", "AddManagerAsRecipientType", "ModerateMessageByUser", "DeleteMessage") {
		return holds.MailboxDelegation, holds.Grant
	}
	return holds.None, holds.Other
}

// autoForward opens the whole organisation for forwarding to outside.
func autoForward(r *record) (holds.Class, holds.Verb) {
	mode := strings.ToLower(strings.TrimSpace(r.parameter("AutoForwardingMode")))
	if isTrue(r.parameter("AutoForwardEnabled")) || mode == "on" || mode == "automatic" {
		return holds.MailboxDelegation, holds.Update
	}
	return holds.None, holds.Update
}

// blindLog switches off the log that these records come from, for everybody or
// for one account.
func blindLog(r *record) (holds.Class, holds.Verb) {
	off := func(name string) bool { return strings.EqualFold(strings.TrimSpace(r.parameter(name)), "False") }
	if off("UnifiedAuditLogIngestionEnabled") || off("AdminAuditLogEnabled") || isTrue(r.parameter("AuditBypassEnabled")) {
		return holds.Tamper, holds.Update
	}
	return holds.None, holds.Update
}
