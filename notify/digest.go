package notify

import (
	"context"
	"fmt"
	"strings"

	"github.com/countersign/countersign/holds"
)

// digestPage is everything a digest says.
type digestPage struct {
	Organisation, First string
	Count               int
	Parts               []part
	// Names are the holds that are only named.
	Names   []string
	Contact string
	Until   string
}

// part is one hold that a digest tells of; every field is fit to be shown.
type part struct {
	What, When, Account, Standing, Why, Tier string
	Link, Code, Reference                    string
}

// Digest sends one message that says what several would have said: each hold with
// its own link, and for the owner its own code, and where there is no room for
// that at least its name. It is one notice to the channel, and one attempt.
//
// Some of its words are other people's, such as an account's name, and a filter of
// the mail server may refuse a message for such a word. Then whoever chose it would
// have silenced all the others, too: so what is refused for good is tried once more
// in our own words alone.
func (m *Messenger) Digest(ctx context.Context, n holds.Notice, all []holds.Gathered, owner holds.Person) holds.Attempt {
	secrets := m.secrets(n)
	for _, g := range all {
		secrets = append(secrets, m.secrets(g.Notice)...)
		if why := m.mismatched(n, g, owner); why != "" {
			return holds.Attempt{Notice: n.ID, Status: holds.NoticeFailed, Detail: why, At: m.o.Now()}
		}
	}
	a := m.attempt(ctx, n, secrets, func() (letter, error) { return m.composeDigest(n, all, owner, false) })
	if why := a.Detail; a.Status == holds.NoticeFailed && !a.Again {
		a = m.attempt(ctx, n, secrets, func() (letter, error) { return m.composeDigest(n, all, owner, true) })
		a.Detail += " The message that said more was refused: " + why
	}
	if a.Status == holds.NoticeAccepted {
		a.Detail += fmt.Sprintf(" One message told of %d things.", len(all))
	}
	return a
}

// mismatched refuses to write into one message what is for different people.
func (m *Messenger) mismatched(n holds.Notice, g holds.Gathered, owner holds.Person) string {
	h := g.Hold
	if h.ID == "" { // it is only named
		h = holds.Hold{ID: g.Notice.Hold, Tenant: n.Tenant, Owner: owner.ID}
	}
	if g.Notice.Tenant != n.Tenant || g.Notice.Audience != n.Audience || g.Notice.Point.Kind != n.Point.Kind || g.Notice.Point.Person != n.Point.Person {
		return "The gathered messages are for different people, so none was sent."
	}
	return m.mismatch(g.Notice, h, owner)
}

// composeDigest writes a digest, without the words of others when it must be plain.
func (m *Messenger) composeDigest(n holds.Notice, all []holds.Gathered, owner holds.Person, plain bool) (letter, error) {
	p := digestPage{
		Organisation: m.organisation(n.Tenant), First: firstName(owner.Name), Count: len(all), Contact: oneLine(m.o.Contact(n.Tenant)),
	}
	if plain {
		p.First = ""
	}
	for _, g := range all {
		if g.Hold.ID == "" {
			p.Names = append(p.Names, g.Notice.Hold.Short())
			continue
		}
		one, err := m.part(g)
		if err != nil {
			return letter{}, err
		}
		if plain {
			one.Account, one.Why = "", "see the hold"
		}
		p.Parts = append(p.Parts, one)
	}
	if n.Audience == holds.ToDuty {
		return render("digest_duty", fmt.Sprintf("%s: %d further pages, gathered", p.Organisation, p.Count), p)
	}
	if !n.Expires.IsZero() {
		p.Until = stamp(n.Expires)
	}
	return render("digest_owner", fmt.Sprintf("%s: %d more changes that can hand your account to somebody else. Were they you?", p.Organisation, p.Count), p)
}

// part is a hold in a digest. For people on duty it names nobody.
func (m *Messenger) part(g holds.Gathered) (part, error) {
	n, h := g.Notice, g.Hold
	link, err := checkedLink(m.o.Links.Link(n))
	if err != nil {
		return part{}, err
	}
	p := part{Link: link, Reference: h.ID.Short(), When: moment(h.Occurred)}
	if n.Audience == holds.ToDuty {
		p.What, p.Tier, p.Standing = words(h.Class, verb(h)).name, string(h.Terms.Tier), string(h.Standing)+": "+dutyWord(h)
		p.Why = foreign(n.Why, longText)
		return p, nil
	}
	p.What, p.Account, p.Standing = headline(h), accountName(h.Subject), strings.Join(standing(h, m.o.Now()), " ")
	p.Code, err = checkedCode(m.o.Links.Code(n))
	return p, err
}
