package entra

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// readCmdlet reads the parameters of an Exchange cmdlet. The mailbox audit has
// what a program of Outlook did in OperationProperties instead.
func (r *record) readCmdlet(d document, m *members) error {
	var err error
	if r.parameters, err = readPairs(d, m[fParameters]); err != nil {
		return err
	}
	more, err := readPairs(d, m[fOperationProperties])
	r.parameters = append(r.parameters, more...)
	return err
}

func (r *record) parameter(name string) string { return valueOf(r.parameters, name) }

// mailboxEvent is a change to who reads a mailbox or where its mail goes. The
// name of the cmdlet tells nothing: of 2,820 Set-Mailbox in a year of a real
// tenant's log eight set forwarding, and most Add-MailboxPermission are the
// platform provisioning. Parameters and actor decide.
func (x *Decoder) mailboxEvent(r *record, key name, received time.Time) holds.Event {
	c := x.cmdlets[string(key.bytes())]
	e := holds.Event{
		ID: r.id, Type: summary(r.activity), Class: holds.None, Verb: holds.Other, Outcome: outcome(r.result), Actor: x.who(r),
		Transaction: r.transaction, IP: r.ip, Summary: summary(r.activity),
	}
	var doubt string
	if e.Occurred, doubt = r.time(received); doubt != "" {
		r.doubt(doubt)
	}
	if e.Actor.Kind == holds.PartySystem {
		return e
	}
	if r.actor.userType == "3" && e.Actor.Kind == holds.PartyPerson {
		e.Actor.Kind = holds.PartySupport // an operator of Microsoft's datacentres
	}
	e.Class, e.Verb = c.judge(r)
	if e.Class == holds.None {
		return e
	}
	for _, name := range c.shows {
		if v := r.parameter(name); v != "" {
			e.Fields = append(e.Fields, holds.FieldChange{Field: name, New: providers.Plain(v, most)})
		}
	}
	e.Fields = append(e.Fields, recipients(r.parameter("RuleActions"))...)
	tidyFields(&e)
	if c.role != "" {
		e.Role = holds.Object{Type: "Exchange role", Name: providers.Plain(r.parameter(c.role), most)}
		e.Way = holds.WayOutside
	}
	switch {
	case c.wide:
		r.doubt("The change is made to the whole mail organisation; the accounts it reaches are not named.")
	case c.role != "":
		e.Subjects = r.named(cmp.Or(r.parameter("User"), r.parameter("Member"), r.parameter("SecurityGroup")))
	default:
		e.Subjects = r.owner(e.Actor)
	}
	if len(e.Subjects) == 0 && !c.wide {
		r.doubt("The record does not say whose mailbox it is, so nobody can be restrained for it.")
	}
	if e.Class == holds.Tamper {
		e.Subjects = nil
	}
	e.Doubts = r.doubts
	return e
}

// owner is whose mailbox was changed: the one the cmdlet names, or the object it
// worked on, or, for a rule that a person made without naming a mailbox, their
// own.
func (r *record) owner(actor holds.Party) []holds.Account {
	for _, name := range []string{r.parameter("Mailbox"), r.mailbox, r.parameter("Identity"), lastPart(r.parameter("Identity")), r.object, lastPart(r.object)} {
		if guid(name) != "" || strings.Contains(name, "@") {
			return r.named(mailboxOf(name))
		}
	}
	if strings.Contains(r.activity, "InboxRule") && actor.Kind == holds.PartyPerson && actor.ID != "" {
		return []holds.Account{{ID: actor.ID, Login: actor.Login, Name: actor.Name}}
	}
	if login := cmp.Or(r.parameter("Mailbox"), r.parameter("Identity"), r.object); login != "" {
		r.doubt("The record names the mailbox by " + quoted(login) + ", which is neither an id nor a login.")
	}
	return nil
}

// named is the account of a login, which stands in for its id. Where the record
// knows the actor by the same login and by id, that is the id.
func (r *record) named(login string) []holds.Account {
	login = providers.Plain(strings.TrimPrefix(strings.TrimSpace(login), "smtp:"), most)
	if id := guid(login); id != "" {
		return []holds.Account{{ID: id}}
	}
	if u := r.actor.user; login != "" && strings.EqualFold(u.login, login) && guid(u.id) != "" {
		return []holds.Account{{ID: u.id, Login: u.login}}
	}
	id := byLogin(login)
	if id == "" {
		return nil
	}
	r.doubt("The record names the account by its login alone, so nothing can be done to it before its id is looked up.")
	return []holds.Account{{ID: id, Login: login}}
}

// lastPart is the last name of a path in the organisation's directory, as in
// "…/contoso.onmicrosoft.com/ingrid".
func lastPart(path string) string {
	path, _, _ = strings.Cut(path, `\`)
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[i+1:]
	}
	return ""
}

// mailboxOf takes the folder or rule off "ingrid@contoso.com:\Calendar".
func mailboxOf(name string) string {
	name, _, _ = strings.Cut(name, `\`)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// mailSensitive is for cmdlets that cmdlets does not list.
func mailSensitive(key string) bool {
	if strings.HasPrefix(key, "get-") || strings.HasPrefix(key, "remove-") || strings.HasPrefix(key, "test-") {
		return false
	}
	return slices.ContainsFunc([]string{"forward", "delegat", "permission", "transportrule", "inboxrule", "connector", "redirect", "managementrole", "rolegroup"},
		func(word string) bool { return strings.Contains(key, word) })
}
