package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// most is how many holds one page lists; the store gives no more.
const most = 200

// row is one line of a list.
type row struct {
	Link        string
	Short       string
	Connection  string
	Change      string
	Tier        string
	Subject     account
	Actor       party
	Self        bool // changed by the account itself
	Label       label
	Stage       string
	Frozen      bool
	Events      int
	Escalations int
	Opened      time.Time
	Age         string
	Due         time.Time
	Left        string
	Overdue     bool
	// With is the hold that this one follows, and Under tells that the line above
	// is that hold's, or another of its followers.
	With  leader
	Under bool
}

// leader is the hold that another one follows.
type leader struct{ Link, Short string }

func leaderOf(id holds.HoldID) leader {
	if id == "" {
		return leader{}
	}
	return leader{Link: link(id), Short: id.Short()}
}

// queuePage is the open holds and how the machine is.
type queuePage struct {
	frame
	Rows            []row
	Capped          bool
	Most            int
	Waiting, Failed int64
	Frozen, Overdue int
	Connections     []connection
}

func (s *Console) queue(c echo.Context) error {
	f, err := s.newFrame(c, "Queue", "queue")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := queuePage{frame: f, Most: most}
	found, err := s.Reader.Queue(ctx, f.tenant, holds.Filter{Limit: most})
	if err != nil {
		return err
	}
	p.Rows, p.Capped = rows(found, f.Now), len(found) >= most
	for _, r := range p.Rows {
		p.Frozen += count(r.Frozen)
		p.Overdue += count(r.Overdue)
	}
	if p.Waiting, p.Failed, err = s.Inbox(ctx, f.tenant); err != nil {
		return err
	}
	health, err := s.Reader.Health(ctx, f.tenant)
	if err != nil {
		return err
	}
	for _, h := range health {
		p.Connections = append(p.Connections, connectionOf(h, f.Now))
	}
	return s.pages.Show(c, http.StatusOK, "queue", p)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// historyPage is the ended holds, or all of one account.
type historyPage struct {
	frame
	Query  string
	Open   []row
	Ended  []row
	Capped bool
	Most   int
}

func (s *Console) history(c echo.Context) error {
	f, err := s.newFrame(c, "History", "history")
	if err != nil {
		return err
	}
	p := historyPage{frame: f, Most: most, Query: page.Line(c.QueryParam("q"), 200)}
	ctx := c.Request().Context()
	if p.Query != "" {
		open, err := s.Reader.Queue(ctx, f.tenant, holds.Filter{Subject: p.Query, Limit: most})
		if err != nil {
			return err
		}
		p.Open = rows(open, f.Now)
	}
	ended, err := s.Reader.Queue(ctx, f.tenant, holds.Filter{Subject: p.Query, Ended: true, Limit: most})
	if err != nil {
		return err
	}
	p.Ended, p.Capped = rows(ended, f.Now), len(ended) >= most
	return s.pages.Show(c, http.StatusOK, "history", p)
}

func rows(found []holds.Summary, now time.Time) []row {
	out := make([]row, 0, len(found))
	for _, h := range beside(found) {
		r := row{
			With: leaderOf(h.Leader), Under: h.Leader != "" && listed(found, h.Leader),
			Link: link(h.Key.Hold), Short: h.Key.Hold.Short(), Connection: page.Line(string(h.Connection), 60),
			Change: className(h.Class), Tier: tierName(h.Tier), Subject: accountOf(h.Subject), Actor: partyOf(h.Actor),
			Self:  h.Actor.ID != "" && h.Actor.ID == h.Subject.ID,
			Label: labelOfSummary(h, now), Stage: stageWord(h), Frozen: h.Frozen, Events: h.Events, Escalations: h.Escalations,
			Opened: h.Opened, Age: page.Span(max(0, now.Sub(h.Opened))), // our clock may have been set back
		}
		if h.State.Undecided() && !h.Due.IsZero() && h.Leader == "" {
			r.Due, r.Left, r.Overdue = h.Due, page.Span(h.Due.Sub(now)), !now.Before(h.Due)
		}
		out = append(out, r)
	}
	return out
}

// beside puts the holds that follow another one below it, where it is listed.
func beside(found []holds.Summary) []holds.Summary {
	out := make([]holds.Summary, 0, len(found))
	for _, h := range found {
		if h.Leader != "" && listed(found, h.Leader) {
			continue
		}
		out = append(out, h)
		for _, f := range found {
			if f.Leader == h.Key.Hold {
				out = append(out, f)
			}
		}
	}
	return out
}

// listed tells whether a hold has a line of its own that followers stand below: a
// hold that follows nobody.
func listed(found []holds.Summary, id holds.HoldID) bool {
	return slices.ContainsFunc(found, func(h holds.Summary) bool { return h.Key.Hold == id && h.Leader == "" })
}

func link(id holds.HoldID) string { return "/holds/" + string(id) }
