package notify

import (
	"bytes"
	"cmp"
	"embed"
	htmltemplate "html/template"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/countersign/countersign/holds"
)

//go:embed templates
var files embed.FS

// mostChanges is how many changes one message lists.
const mostChanges = 8

// letter is a rendered message.
type letter struct{ subject, text, html string }

// change is one line of what happened; every field is fit to be shown.
type change struct{ What, When, By, From string }

// ownerPage is everything the owner's message says.
type ownerPage struct {
	Organisation, First, Account string
	Changes                      []change
	More                         int
	Standing                     []string
	Next                         string
	Gated, ToldOnly              bool
	// Back is set when people denied the change and the account has to be given
	// back to its owner.
	Back               bool
	Link               string
	Code, Until        string
	Contact, Reference string
}

// compose renders a notice.
func (m *Messenger) compose(n holds.Notice, h holds.Hold, owner holds.Person) (letter, error) {
	link, err := checkedLink(m.o.Links.Link(n))
	if err != nil {
		return letter{}, err
	}
	if n.Audience == holds.ToDuty {
		return m.composeDuty(n, h, link)
	}
	return m.composeOwner(n, h, owner, link)
}

func (m *Messenger) composeOwner(n holds.Notice, h holds.Hold, owner holds.Person, link string) (letter, error) {
	code, err := checkedCode(m.o.Links.Code(n))
	if err != nil {
		return letter{}, err
	}
	now := m.o.Now()
	p := ownerPage{
		Organisation: m.organisation(n.Tenant),
		First:        firstName(owner.Name),
		Account:      accountName(h.Subject),
		Standing:     standing(h, now),
		Next:         next(h, now),
		Gated:        h.Standing == holds.Gated,
		ToldOnly:     h.ToldOnly,
		Link:         link,
		Code:         code,
		Contact:      oneLine(m.o.Contact(n.Tenant)),
		Reference:    h.ID.Short(),
	}
	if !n.Expires.IsZero() {
		p.Until = stamp(n.Expires)
	}
	p.Changes, p.More = m.changes(h)
	p.Back = givenBack(h)
	subject := p.Organisation + ": " + headline(h) + ". Was this you? [" + p.Reference + "]"
	if h.State == holds.Denied && h.Outcome != "" || h.State == holds.Reverted {
		subject = p.Organisation + ": " + headline(h) + ", and was denied. [" + p.Reference + "]"
	}
	return render("owner", subject, p)
}

// givenBack tells whether the account waits to be given back after a deny.
func givenBack(h holds.Hold) bool {
	denied := h.State == holds.Denied || h.State == holds.Reverted
	return denied && h.Standing != holds.Gated && h.Containment != holds.NotContained && h.Containment != holds.ContainmentLifted
}

// changes lists the hold's events, oldest first.
func (m *Messenger) changes(h holds.Hold) ([]change, int) {
	events := h.MainEvents()
	slices.SortStableFunc(events, func(a, b holds.EventRef) int { return a.Occurred.Compare(b.Occurred) })
	out := make([]change, 0, len(events))
	for _, e := range events[:min(len(events), mostChanges)] {
		c := change{What: told(h, e.Class, e.Verb, e.Actor), When: moment(e.Occurred), By: byWhom(e.Actor, h.Subject)}
		if o := object(e); o != "" {
			c.What += ": " + o
		}
		c.From = cmp.Or(address(e.IP), "the identity system does not say")
		out = append(out, c)
	}
	return out, len(events) - len(out)
}

// told is a change in the tense of the hold. What an account did to the
// organisation is told as done with it, not to it.
func told(h holds.Hold, c holds.Class, v holds.Verb, by holds.Party) string {
	w := words(c, v)
	if by.ID != "" && by.ID == h.Subject.ID {
		w = withAccount(c, w)
	}
	if h.Standing == holds.Gated {
		return w.asked
	}
	return w.done
}

// headline is the subject's sentence: the change, or their number when they
// differ.
func headline(h holds.Hold) string {
	one := told(h, h.Class, verb(h), h.Actor)
	for _, e := range h.Events {
		if told(h, e.Class, e.Verb, e.Actor) != one {
			return "Several changes that can hand your account to somebody else"
		}
	}
	return one
}

// verb is the verb of the first event of the hold's own class.
func verb(h holds.Hold) holds.Verb {
	for _, e := range h.Events {
		if e.Class == h.Class {
			return e.Verb
		}
	}
	return holds.Other
}

func (m *Messenger) organisation(t holds.TenantID) string {
	return cmp.Or(foreign(m.o.Organisation(t), longName), foreign(string(t), longName))
}

// firstName is all a message says of its reader's name.
func firstName(name string) string {
	first, _, _ := strings.Cut(foreign(name, longName), " ")
	return first
}

// render fills both forms of a message.
func render(name, subject string, page any) (letter, error) {
	var text, html bytes.Buffer
	t, err := texttemplate.New(name+".txt").Option("missingkey=error").ParseFS(files, "templates/"+name+".txt")
	if err != nil {
		return letter{}, err
	}
	if err := t.Execute(&text, page); err != nil {
		return letter{}, err
	}
	h, err := htmltemplate.New(name+".html").Option("missingkey=error").ParseFS(files, "templates/"+name+".html", "templates/frame.html")
	if err != nil {
		return letter{}, err
	}
	if err := h.Execute(&html, page); err != nil {
		return letter{}, err
	}
	return letter{subject: clip(oneLine(subject), 200), text: text.String(), html: html.String()}, nil
}
