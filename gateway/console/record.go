package console

import (
	"time"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// check is one identity check: who asked, who checked, how, when, and where it
// is recorded.
type check struct {
	Kind, Path          string
	Requester, Verifier person
	Confirmer, Witness  person
	Number              string
	OnFile              time.Time
	Place, Reference    page.Name
	Note                string
	At                  time.Time
	// Void says why it does not count.
	Void string
}

func (r reader) checks() []check {
	h := r.v.Hold
	out := make([]check, 0, len(h.Evidence))
	for _, e := range h.Evidence {
		c := check{
			Kind: kindName(e.Kind), Path: e.Kind.Path(), Requester: r.person(e.Requester), Verifier: r.person(e.Verifier),
			Confirmer: r.person(e.Confirmer), Witness: r.person(e.Witness), OnFile: e.OnFile,
			Place: page.Named(e.Place), Reference: page.Named(e.Reference), Note: page.Lines(e.Note), At: e.At,
		}
		if e.Kind == holds.Callback {
			c.Number = r.number(e.Point)
		}
		if e.Round != h.Round {
			c.Void = "counts no more: made before the hold was denied"
		}
		if e.Unproven != "" {
			c.Void = "counts for nothing: " + page.Line(e.Unproven, 300)
		}
		out = append(out, c)
	}
	return out
}

// number is one of the owner's points, masked.
func (r reader) number(id string) string {
	for _, p := range r.v.People[r.v.Hold.Owner].Points {
		if p.ID == id {
			return masked(p.Kind, p.Value)
		}
	}
	return "a number that is no longer on file"
}

// decision is what one person decided.
type decision struct {
	Kind, Tone string
	By         person
	Reason     string
	Version    int
	At         time.Time
	Void       bool
	// Unproven says why it counts for nothing.
	Unproven string
}

func (r reader) decisions() []decision {
	out := make([]decision, 0, len(r.v.Hold.Decisions))
	for _, d := range r.v.Hold.Decisions {
		tone := "good"
		if d.Kind == holds.Deny || d.Kind == holds.RemoveAccess {
			tone = "bad"
		}
		out = append(out, decision{
			Kind: decisionName(d.Kind), Tone: tone, By: r.person(d.Approver), Reason: page.Lines(d.Reason),
			Version: d.Version, At: d.At, Void: d.Void, Unproven: page.Line(d.Unproven, 300),
		})
	}
	return out
}

// notice is one message with its ledger.
type notice struct {
	To, Channel, Point string
	Why                string
	Status, Tone       string
	At                 time.Time
	Attempts           []attempt
	Tries              int
	Used               time.Time
}

type attempt struct {
	Status, Tone, Detail string
	At                   time.Time
}

func (r reader) notices() []notice {
	out := make([]notice, 0, len(r.v.Notices))
	for _, v := range r.v.Notices {
		n := notice{
			To: "owner", Channel: page.Line(v.Notice.Channel, 40), Point: masked(v.Notice.Point.Kind, v.Masked),
			Why: page.Line(v.Notice.Why, 300), At: v.Notice.Created, Tries: v.Notice.Tries, Used: v.Notice.Used,
		}
		if v.Notice.Audience == holds.ToDuty {
			n.To = "people on duty"
		}
		n.Status, n.Tone = noticeName(v.Notice.Status)
		for _, a := range v.Attempts {
			word, tone := noticeName(a.Status)
			n.Attempts = append(n.Attempts, attempt{Status: word, Tone: tone, Detail: page.Line(a.Detail, 300), At: a.At})
		}
		out = append(out, n)
	}
	return out
}

// intent is one call to the provider, announced before it was made.
type intent struct {
	Purpose, Action, Object string
	Created                 time.Time
	Result, Tone, Detail    string
	At                      time.Time
	EffectiveBy             time.Time
}

func (r reader) intents() []intent {
	out := make([]intent, 0, len(r.v.Intents))
	for _, i := range r.v.Intents {
		x := intent{
			Purpose: purposeName(i.Purpose), Action: actionName(i.Action.Kind), Object: page.Line(i.Action.Object, 120),
			Created: i.Created, Detail: page.Line(i.Result.Detail, 300), At: i.Result.At, EffectiveBy: i.Result.EffectiveBy,
		}
		x.Result, x.Tone = resultName(i.Result)
		out = append(out, x)
	}
	return out
}

// note is a remark.
type note struct {
	By, Text string
	At       time.Time
}

func (r reader) notes() []note {
	out := make([]note, 0, len(r.v.Notes))
	for _, n := range r.v.Notes {
		out = append(out, note{By: r.who(n.By), Text: page.Lines(n.Text), At: n.At})
	}
	return out
}
