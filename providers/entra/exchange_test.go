package entra

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// cmdletRecord is a record of Exchange with parameters as name, value, name, value.
func cmdletRecord(operation, user string, parameters ...string) string {
	var list []string
	for i := 0; i+1 < len(parameters); i += 2 {
		list = append(list, `{"Name":"`+parameters[i]+`","Value":`+inString(parameters[i+1])+`}`)
	}
	return `{"CreationTime":"2026-11-20T11:00:00","Id":"11111111-2222-4333-8444-555555555555","Operation":"` + operation + `","RecordType":1,"ResultStatus":"True",` +
		`"UserKey":"10032000AAAA","UserType":2,"Workload":"Exchange","ClientIP":"[2001:db8::7]:50012","ObjectId":"EURP1.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/nordwind.onmicrosoft.com/ingrid",` +
		`"UserId":` + inString(user) + `,"ExternalAccess":false,"Parameters":[` + strings.Join(list, ",") + `]}`
}

func TestR30MailboxesAreJudgedByParametersAndActor(t *testing.T) {
	const who, them = "ingrid@nordwind.example", "tess@nordwind.example"
	for name, c := range map[string]struct {
		raw     string
		class   holds.Class
		verb    holds.Verb
		subject string
	}{
		"forwarding":           {cmdletRecord("Set-Mailbox", them, "Identity", who, "ForwardingSmtpAddress", "smtp:x@evil.example", "DeliverToMailboxAndForward", "True"), holds.MailboxDelegation, holds.Grant, who},
		"forwarding inside":    {cmdletRecord("Set-Mailbox", them, "Identity", who, "ForwardingAddress", "nils"), holds.MailboxDelegation, holds.Grant, who},
		"in another case":      {cmdletRecord("SET-MAILBOX", them, "identity", who, "FORWARDINGSMTPADDRESS", "smtp:x@evil.example"), holds.MailboxDelegation, holds.Grant, who},
		"in one's name":        {cmdletRecord("Set-Mailbox", them, "Identity", who, "GrantSendOnBehalfTo", "nils"), holds.MailboxDelegation, holds.Grant, who},
		"no copy is kept":      {cmdletRecord("Set-Mailbox", them, "Identity", who, "DeliverToMailboxAndForward", "False"), holds.MailboxDelegation, holds.Update, who},
		"forwarding ends":      {cmdletRecord("Set-Mailbox", them, "Identity", who, "ForwardingSmtpAddress", ""), holds.None, holds.Revoke, ""},
		"a quota":              {cmdletRecord("Set-Mailbox", them, "Identity", who, "IssueWarningQuota", "1"), holds.None, holds.Update, ""},
		"the platform's":       {cmdletRecord("Set-Mailbox", `NT AUTHORITY\SYSTEM (Microsoft.Exchange.Servicehost)`, "Identity", who, "ForwardingSmtpAddress", "smtp:x@y"), holds.None, holds.Other, ""},
		"its permissions, too": {cmdletRecord("Add-MailboxPermission", `NT AUTHORITY\SYSTEM (w3wp)`, "Identity", who, "User", them, "AccessRights", "FullAccess"), holds.None, holds.Other, ""},
		"and its services":     {cmdletRecord("Add-MailboxPermission", `NT SERVICE\MSExchangeAdminApiNetCore`, "Identity", who, "User", them), holds.None, holds.Other, ""},
		"a rule":               {cmdletRecord("New-InboxRule", who, "Mailbox", who, "ForwardTo", "x@evil.example"), holds.MailboxDelegation, holds.Grant, who},
		"a rule that hides":    {cmdletRecord("Set-InboxRule", who, "Identity", who+`\rule`, "DeleteMessage", "True"), holds.MailboxDelegation, holds.Grant, who},
		"a rule of one's own":  {cmdletRecord("New-InboxRule", who, "Name", ".", "RedirectTo", "x@evil.example"), holds.MailboxDelegation, holds.Grant, who},
		"a rule that files":    {cmdletRecord("New-InboxRule", who, "MoveToFolder", "GitHub", "DeleteMessage", "False"), holds.None, holds.Other, ""},
		"a rule taken away":    {cmdletRecord("Remove-InboxRule", who, "Identity", who), holds.None, holds.Revoke, ""},
		"a rule switched on":   {cmdletRecord("Enable-InboxRule", who, "Identity", who+`\rule`), holds.MailboxDelegation, holds.Update, who},
		"full access":          {cmdletRecord("Add-MailboxPermission", them, "Identity", who, "User", them, "AccessRights", "FullAccess"), holds.MailboxDelegation, holds.Grant, who},
		"sending as":           {cmdletRecord("Add-RecipientPermission", them, "Identity", who, "Trustee", them, "AccessRights", "SendAs"), holds.MailboxDelegation, holds.Grant, who},
		"a folder":             {cmdletRecord("Add-MailboxFolderPermission", them, "Identity", who+`:\Inbox`, "User", them, "AccessRights", "Reviewer"), holds.MailboxDelegation, holds.Grant, who},
		"a folder closed":      {cmdletRecord("Set-MailboxFolderPermission", them, "Identity", who+`:\Inbox`, "User", "Default", "AccessRights", "None"), holds.None, holds.Revoke, ""},
		"by object id":         {cmdletRecord("Set-Mailbox", them, "Identity", ingrid, "ForwardingAddress", "nils"), holds.MailboxDelegation, holds.Grant, ingrid},
		"every mail":           {cmdletRecord("New-TransportRule", them, "Name", "x", "BlindCopyTo", "x@evil.example"), holds.MailboxDelegation, holds.Grant, ""},
		"a disclaimer":         {cmdletRecord("New-TransportRule", them, "Name", "x", "ApplyHtmlDisclaimerText", "hello"), holds.None, holds.Other, ""},
		"a connector":          {cmdletRecord("New-OutboundConnector", them, "Name", "x", "SmartHosts", "evil.example"), holds.MailboxDelegation, holds.Update, ""},
		"outside is opened":    {cmdletRecord("Set-RemoteDomain", them, "Identity", "Default", "AutoForwardEnabled", "True"), holds.MailboxDelegation, holds.Update, ""},
		"outside is closed":    {cmdletRecord("Set-RemoteDomain", them, "Identity", "Default", "AutoForwardEnabled", "False"), holds.None, holds.Update, ""},
		"impersonation":        {cmdletRecord("New-ManagementRoleAssignment", them, "Role", "ApplicationImpersonation", "User", who), holds.RoleActivation, holds.Grant, who},
		"a role group":         {cmdletRecord("Add-RoleGroupMember", them, "Identity", "Organization Management", "Member", who), holds.RoleActivation, holds.Grant, who},
		"the log is blinded":   {cmdletRecord("Set-AdminAuditLogConfig", them, "UnifiedAuditLogIngestionEnabled", "False"), holds.Tamper, holds.Update, ""},
		"the log is opened":    {cmdletRecord("Set-AdminAuditLogConfig", them, "UnifiedAuditLogIngestionEnabled", "True"), holds.None, holds.Update, ""},
		"one account unseen":   {cmdletRecord("Set-MailboxAuditBypassAssociation", them, "Identity", who, "AuditBypassEnabled", "true"), holds.Tamper, holds.Update, ""},
		"mail was read":        {cmdletRecord("MailItemsAccessed", who), holds.None, holds.Other, ""},
		"unknown, sensitive":   {cmdletRecord("Set-ForwardingOfEverything", them), holds.Unclassified, holds.Other, ""},
		"unknown":              {cmdletRecord("Set-Clutter", them), holds.None, holds.Other, ""},
	} {
		e := one(t, c.raw)
		if e.Class != c.class || e.Verb != c.verb {
			t.Errorf("%s: %s %s, doubts %q", name, e.Class, e.Verb, e.Doubts)
		}
		got := ""
		if len(e.Subjects) > 0 {
			got = e.Subjects[0].ID
		}
		if got != c.subject {
			t.Errorf("%s: subjects %v, not %s; doubts %q", name, e.Subjects, c.subject, e.Doubts)
		}
		if c.subject == who && len(e.Doubts) == 0 && e.Subjects[0].ID != e.Actor.ID {
			t.Errorf("%s: that the account is known by its login alone is not said", name)
		}
		if e.Class == holds.MailboxDelegation && (e.IP != "2001:db8::7" || e.Outcome != holds.Succeeded) {
			t.Errorf("%s: from %q, outcome %s", name, e.IP, e.Outcome)
		}
	}
}

func TestR30MailboxesWithoutAnOwnerAreKept(t *testing.T) {
	raw := cmdletRecord("Set-Mailbox", "tess@nordwind.example", "Identity", "ingrid", "ForwardingAddress", "nils")
	if e := one(t, raw); e.Class != holds.MailboxDelegation || len(e.Subjects) != 0 || len(e.Doubts) == 0 {
		t.Errorf("an alias is no account: %v, %q", e.Subjects, e.Doubts)
	}
	if e := one(t, cmdletRecord("New-InboxRule", "", "ForwardTo", "x@evil.example")); e.Class != holds.MailboxDelegation || len(e.Subjects) != 0 || len(e.Doubts) == 0 {
		t.Errorf("a rule of nobody: %+v", e)
	}
	// The actor's own mailbox is theirs by the same id.
	e := one(t, cmdletRecord("New-InboxRule", "Ingrid@Nordwind.example", "Mailbox", "ingrid@nordwind.EXAMPLE", "ForwardTo", "x@evil.example"))
	if e.Subjects[0].ID != e.Actor.ID || e.Actor.Kind != holds.PartyPerson {
		t.Errorf("one person is two: %v, %v", e.Subjects, e.Actor)
	}
	// An operator in Microsoft's datacentre is not one of the organisation's people.
	e = one(t, strings.Replace(cmdletRecord("Add-MailboxPermission", "operator@prod.outlook.com", "Identity", "ingrid@nordwind.example", "User", "x"), `"UserType":2`, `"UserType":3`, 1))
	if e.Actor.Kind != holds.PartySupport {
		t.Errorf("an operator is %s", e.Actor.Kind)
	}
}

// What Outlook itself does stands in the mailbox's own audit.
func TestR30RulesOfOutlook(t *testing.T) {
	rule := func(properties ...string) string {
		raw := cmdletRecord("UpdateInboxRules", "ingrid@nordwind.example", properties...)
		return strings.Replace(raw, `"Parameters"`, `"MailboxOwnerUPN":"ingrid@nordwind.example","MailboxGuid":"`+finance+`","OperationProperties"`, 1)
	}
	forward := `[{"ActionType":"Forward","Recipients":["x@evil.example","y@evil.example"]},{"ActionType":"Delete"}]`
	e := one(t, rule("RuleOperation", "AddMailboxRule", "RuleName", ".", "RuleActions", forward))
	want := []holds.FieldChange{{Field: "ForwardTo", New: "x@evil.example;y@evil.example"}, {Field: "RuleName", New: "."}, {Field: "RuleOperation", New: "AddMailboxRule"}}
	if diff := cmp.Diff(want, e.Fields); diff != "" || e.Class != holds.MailboxDelegation || e.Verb != holds.Grant || e.Subjects[0].ID != "ingrid@nordwind.example" {
		t.Errorf("%s %s, %v\n%s", e.Class, e.Verb, e.Subjects, diff)
	}
	for name, c := range map[string]struct {
		raw   string
		class holds.Class
		verb  holds.Verb
	}{
		"in words":      {rule("RuleOperation", "AddMailboxRule", "RuleActions", "Forward to x@evil.example"), holds.MailboxDelegation, holds.Grant},
		"deletes":       {rule("RuleOperation", "AddMailboxRule", "RuleActions", `[{"ActionType":"PermanentDelete"}]`), holds.MailboxDelegation, holds.Grant},
		"moves":         {rule("RuleOperation", "AddMailboxRule", "RuleActions", `[{"ActionType":"Move","Folder":"x"}]`), holds.None, holds.Other},
		"not told":      {rule("RuleOperation", "ModifyMailboxRule", "RuleActions", "[]"), holds.MailboxDelegation, holds.Update},
		"not told, too": {rule("RuleOperation", "ModifyMailboxRule"), holds.MailboxDelegation, holds.Update},
		"taken away":    {rule("RuleOperation", "RemoveMailboxRule"), holds.None, holds.Revoke},
	} {
		if e := one(t, c.raw); e.Class != c.class || e.Verb != c.verb {
			t.Errorf("%s: %s %s, %q", name, e.Class, e.Verb, e.Doubts)
		}
	}
	// Log Analytics has the same in strings.
	row := `{"TimeGenerated":"2026-11-20T11:00:00Z","Type":"OfficeActivity","Operation":"New-InboxRule","OfficeWorkload":"Exchange","RecordType":"1","ResultStatus":"True","UserType":"Admin",` +
		`"UserId":"ingrid@nordwind.example","UserId_":"x","Client_IPAddress":"192.0.2.7","ClientIP":"","OfficeObjectId":"x","SourceRecordId":"11111111-2222-4333-8444-555555555555",` +
		`"Parameters":` + inString(`[{"Name":"Mailbox","Value":"ingrid@nordwind.example"},{"Name":"ForwardTo","Value":"x@evil.example"}]`) + `}`
	if e := one(t, row); e.Class != holds.MailboxDelegation || e.IP != "192.0.2.7" || len(e.Subjects) != 1 || e.ID != "11111111-2222-4333-8444-555555555555" {
		t.Errorf("a row of OfficeActivity: %+v", e)
	}
}
