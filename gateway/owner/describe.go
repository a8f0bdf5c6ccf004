package owner

import (
	_ "embed" // the style sheet
	"errors"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

//go:embed static/owner.css
var ownerCSS []byte

func sheet() page.File { return page.Sheet(ownerCSS) }

// maxTries is how many wrong codes a message's page takes; see keeper.Answer.
const maxTries = 5

// change is the page: everything whoever holds the link may know.
type change struct {
	Path         string
	Organisation page.Name
	First        page.Name
	Contact      string
	Reference    string
	Events       []event
	More         int
	Standing     []string
	Next         string
	Until        time.Time
	Gated        bool
	ToldOnly     bool
	Frozen       bool
	// Wrong is what is wrong with the answer that was sent.
	Wrong string
	// Closed says why the page takes no answer any more.
	Closed string
	// Used is true when that is because the reader raised the alarm.
	Used bool
	Now  time.Time
}

// event is one line of what happened.
type event struct {
	What string
	When time.Time
	By   string
}

const maxEvents = 8

func (o *Owner) describe(c echo.Context, at opened) change {
	h, now := at.view.Hold, o.Now()
	p := change{
		Path:         c.Request().URL.Path,
		Organisation: page.Named(o.Organisation(h.Tenant)),
		First:        first(at.view.People[h.Owner].Name),
		Contact:      page.Lines(o.Contact(h.Tenant)),
		Reference:    h.ID.Short(),
		Standing:     standing(h, now),
		Next:         next(h, now),
		Until:        at.notice.Expires,
		Gated:        h.Standing == holds.Gated,
		ToldOnly:     h.ToldOnly,
		Frozen:       h.Frozen(),
		Now:          now,
	}
	events := h.MainEvents()
	for _, e := range events[:min(len(events), maxEvents)] {
		p.Events = append(p.Events, event{What: what(h, e), When: e.Occurred, By: byWhom(e.Actor, h.Subject)})
	}
	p.More = len(events) - len(p.Events)
	switch {
	case !at.notice.Used.IsZero():
		p.Used = true
		p.Closed = "You told us on " + page.Minute(at.notice.Used) + " that this was not you. People are looking at it."
	case at.notice.Tries >= maxTries:
		p.Closed = "Too many wrong codes were typed here, so this page takes none any more."
	}
	return p
}

// first is the first word of a name, and all that a page says of it.
func first(name string) page.Name {
	n := page.Named(name)
	n.Text, _, _ = strings.Cut(n.Text, " ")
	n.Mixed = page.Mixed(n.Text)
	return n
}

// detail is the sentence of an error that people may read.
func detail(err error) string {
	var e *holds.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}
