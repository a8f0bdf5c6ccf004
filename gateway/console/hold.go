package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// holdPage is one hold with everything known of it.
type holdPage struct {
	frame
	Link, ID, Short string
	Connection      string
	Previous        string
	// Stamp is what every form of the page carries back.
	Stamp stamp

	Change, Tier   string
	Subject        account
	Actor          party
	Owner, ActorOf person
	Requester      person
	Label          label
	// Word is the label at the head of its sentence.
	Word        string
	Standing    string
	Stage       string
	Due         time.Time
	Overdue     bool
	Escalations int
	Hold        holds.Hold
	// Untold says why the owner could not be told, Rule what judged the change.
	Untold string
	Rule   string
	// With is the hold that this one follows; Others are the person's other holds,
	// and Unlinked the accounts that are not restrained with this one.
	With     leader
	Others   []other
	Unlinked []string
	// Also is what the same people also did, More how much of it is left out.
	Also []event
	More int

	Doubts    []string
	Exempt    string
	Steps     []step
	Events    []event
	Account   snapshot
	Demand    demand
	Evidence  []check
	Decisions []decision
	Notices   []notice
	Intents   []intent
	Timeline  []moment
	Notes     []note

	// Line is the sentence a reviewer can read out.
	Line   string
	Forms  forms
	Wrong  *wrong
	Typed  typed
	Limits int
}

// wrong says why what was sent was not done.
type wrong struct {
	Detail string
	// Rule is the policy's rule and version that demand it, if one does.
	Rule string
	// Form is the form that was sent.
	Form string
}

// reader turns a view into words.
type reader struct {
	v   holds.View
	now time.Time
	by  holds.PersonID
}

func (s *Console) hold(c echo.Context) error {
	p, err := s.holdPage(c)
	if err != nil {
		return err
	}
	return s.pages.Show(c, http.StatusOK, "hold", p)
}

// key is the hold of a request: the tenant is the session's, never the
// address's, so another tenant's hold is not found.
func key(f frame, c echo.Context) holds.Key {
	return holds.Key{Tenant: f.tenant, Hold: holds.HoldID(c.Param("id"))}
}

func (s *Console) holdPage(c echo.Context) (holdPage, error) {
	f, err := s.newFrame(c, "", "")
	if err != nil {
		return holdPage{}, err
	}
	v, err := s.Reader.View(c.Request().Context(), key(f, c))
	if holds.KindOf(err) == holds.NotFound {
		err = holds.Because(holds.NotFound, err, "There is no such hold in your organisation.")
	}
	if err != nil {
		return holdPage{}, err
	}
	return describe(f, v), nil
}

func describe(f frame, v holds.View) holdPage {
	r := reader{v: v, now: f.Now, by: f.by}
	h := v.Hold
	p := holdPage{
		frame: f, Link: link(h.ID), ID: string(h.ID), Short: h.ID.Short(), Connection: page.Line(string(h.Connection), 60),
		Stamp: stampOf(v, f.Now), Change: className(h.Class), Tier: tierName(h.Terms.Tier),
		Subject: accountOf(h.Subject), Actor: partyOf(h.Actor),
		Owner: r.person(h.Owner), ActorOf: r.person(h.ActorOf), Requester: r.person(h.Requester),
		Label: labelOf(h, f.Now), Standing: standing(h, f.Now), Stage: stage(h, f.Now),
		Escalations: h.Escalations, Hold: h, Untold: upperFirst(page.Line(h.Untold, 300)), Rule: ruleOf(nil, h.Terms), Exempt: page.Line(h.Exempt, 120),
		Steps: r.steps(), Events: r.events(), Account: r.snapshot(), Demand: r.demand(),
		Evidence: r.checks(), Decisions: r.decisions(), Notices: r.notices(), Intents: r.intents(),
		Timeline: r.timeline(), Notes: r.notes(), Line: Line, Forms: r.forms(), Limits: longest,
		With: leaderOf(h.Leader), Others: r.others(), Also: r.refs(h.Children), More: h.ChildrenMore,
	}
	p.Title = p.Change + " · " + p.Subject.Best().Text
	p.Word = upperFirst(p.Label.Word) + "."
	if h.State.Undecided() && h.Leader == "" {
		p.Due, p.Overdue = h.Due, !h.Due.IsZero() && !f.Now.Before(h.Due)
	}
	for _, d := range h.Doubts {
		p.Doubts = append(p.Doubts, upperFirst(page.Line(d, 400)))
	}
	for _, u := range h.Unlinked {
		p.Unlinked = append(p.Unlinked, upperFirst(page.Line(u, 400)))
	}
	if h.Previous != "" {
		p.Previous = link(h.Previous)
	}
	return p
}

// person names somebody by id; the name is the directory's, never the event's.
func (r reader) person(id holds.PersonID) person {
	return person{Name: page.Named(r.v.People[id].Name), ID: page.Line(string(id), 120)}
}

// who names the author of a remark or an entry.
func (r reader) who(by holds.By) string {
	kind, id, _ := strings.Cut(string(by), ":")
	name := page.Named(r.v.People[holds.PersonID(id)].Name).Text
	if name == "" {
		name = page.Line(id, 120)
	}
	switch kind {
	case "owner":
		return "the owner, " + name
	case "system":
		return "Countersign (" + name + ")"
	}
	return name
}

// touched tells whether an event of the hold is of a class.
func touched(h holds.Hold, class holds.Class) bool {
	return slices.ContainsFunc(h.Events, func(e holds.EventRef) bool { return e.Class == class })
}
