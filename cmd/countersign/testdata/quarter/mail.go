package quarter

import (
	"time"
)

// Exchange's records, in the shape of the unified audit log:
// https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema.

type unified struct {
	CreationTime   string      `json:"CreationTime"` // UTC, without saying so
	ID             string      `json:"Id"`
	Operation      string      `json:"Operation"`
	OrganizationID string      `json:"OrganizationId"`
	RecordType     int         `json:"RecordType"`
	ResultStatus   string      `json:"ResultStatus"`
	UserKey        string      `json:"UserKey"`
	UserType       int         `json:"UserType"`
	Version        int         `json:"Version"`
	Workload       string      `json:"Workload"`
	ClientIP       string      `json:"ClientIP,omitempty"`
	ObjectID       string      `json:"ObjectId"`
	UserID         string      `json:"UserId"`
	Parameters     []parameter `json:"Parameters"`
}

type parameter struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

// cmdlet writes what somebody did to a mailbox.
func (w *world) cmdlet(t time.Time, by, ip, operation, object string, parameters ...parameter) string {
	r := unified{
		CreationTime: t.Format("2006-01-02T15:04:05"), ID: w.guid(), Operation: operation, OrganizationID: tenant, RecordType: 1, ResultStatus: "True",
		UserKey: by, UserType: 2, Version: 1, Workload: "Exchange", ObjectID: object, UserID: by, Parameters: parameters,
	}
	if ip != "" {
		r.ClientIP = ip + ":51044"
	}
	w.directory = append(w.directory, Record{ID: r.ID, At: t.Truncate(time.Second), JSON: encoded(r)})
	return r.ID
}

// provisionedMailbox is what Exchange writes by itself for a new account.
func (w *world) provisionedMailbox(p *person, t time.Time) {
	const exchange = `NT AUTHORITY\SYSTEM (Microsoft.Exchange.ServiceHost)`
	w.cmdlet(t, exchange, "", "Set-Mailbox", p.login, parameter{"Identity", p.login}, parameter{"EmailAddressPolicyEnabled", "True"})
	w.cmdlet(t.Add(time.Second), exchange, "", "Add-MailboxPermission", p.login, parameter{"Identity", p.login}, parameter{"User", "Discovery Management"}, parameter{"AccessRights", "FullAccess"})
}

// mail: administrators give people each other's mailboxes; people make rules of
// their own.
func (w *world) mail() {
	for range w.times("mailboxes delegated", delegations) {
		t := w.moment()
		whose, to, by := w.somebody(t), w.somebody(t), w.admin()
		w.cmdlet(t, by.login, w.address(by, t), "Add-MailboxPermission", whose.login, parameter{"Identity", whose.login}, parameter{"User", to.login}, parameter{"AccessRights", "FullAccess"})
	}
	for range w.times("own mail rules", ownRules) {
		t := w.moment()
		p := w.somebody(t)
		rule := parameter{"DeleteMessage", "True"}
		if w.often(0.2) {
			rule = parameter{"ForwardTo", w.somebody(t).login}
		}
		w.cmdlet(t, p.login, w.address(p, t), "New-InboxRule", p.login+`\newsletters`, parameter{"Mailbox", p.login}, parameter{"Name", "newsletters"}, rule)
	}
}
