package owner

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

//go:embed templates
var files embed.FS

// Links opens the tokens of links.
type Links interface {
	// Open says which notice a token was made for. Everything that is not a
	// link of ours to look at a notice, in force at this moment, is an error.
	Open(token string, now time.Time) (holds.TenantID, holds.NoticeID, error)
}

// Notices reads what a page is about.
type Notices interface {
	Notice(ctx context.Context, tenant holds.TenantID, id holds.NoticeID) (holds.Notice, error)
	View(ctx context.Context, key holds.Key) (holds.View, error)
}

// Answers takes the owner's word; it checks the code and counts wrong ones. A
// wrong code is forbidden, a repeated answer a conflict.
type Answers interface {
	Answer(ctx context.Context, tenant holds.TenantID, id holds.NoticeID, code string, notMe bool) error
}

// Options is everything the owner's page is made of. All fields are required.
type Options struct {
	Links   Links
	Notices Notices
	Answers Answers
	// Organisation is the name of a tenant, and Contact says, in words, how to
	// reach its security team without using this page.
	Organisation func(holds.TenantID) string
	Contact      func(holds.TenantID) string
	// Now is the business clock.
	Now func() time.Time
}

// Owner serves the page. It is safe for concurrent use.
type Owner struct {
	Options
	pages *page.Set
}

// New makes the owner's page.
func New(o Options) (*Owner, error) {
	if o.Links == nil || o.Notices == nil || o.Answers == nil || o.Organisation == nil || o.Contact == nil || o.Now == nil {
		return nil, errors.New("owner: every option is required")
	}
	pages, err := page.Load(files, []page.File{page.Base(), sheet()}, nil, nil, "change", "answered", "invalid", "problem")
	if err != nil {
		return nil, err
	}
	return &Owner{Options: o, pages: pages}, nil
}

// Mount adds the page's routes, all below /o/ and /look/.
func (o *Owner) Mount(e *echo.Echo) {
	around := []echo.MiddlewareFunc{gateway.Pages(o.problem), page.Guard()}
	e.GET("/o/:token", o.show, around...)
	e.HEAD("/o/:token", o.show, around...)
	e.POST("/o/:token", o.answer, around...)
	page.Mount(e, page.Base(), page.Icon(), sheet())
}

// opened is what a good link leads to.
type opened struct {
	notice holds.Notice
	view   holds.View
}

// open follows a link to its notice and hold. Whatever is wrong with it, the
// error is not found; only an outage is told apart.
func (o *Owner) open(c echo.Context) (opened, error) {
	ctx, now := c.Request().Context(), o.Now()
	tenant, id, err := o.Links.Open(c.Param("token"), now)
	if err != nil {
		return opened{}, notFound(err)
	}
	n, err := o.Notices.Notice(ctx, tenant, id)
	if err != nil {
		return opened{}, err
	}
	// A link to another tenant's notice, to a page for the people on duty, or to
	// one that is over, is no link to an owner's page.
	foreign := n.Tenant != tenant || n.ID != id
	if foreign || n.Audience != holds.ToOwner || now.After(n.Expires) {
		return opened{}, notFound(nil)
	}
	v, err := o.Notices.View(ctx, holds.Key{Tenant: tenant, Hold: n.Hold})
	if err == nil && v.Hold.Tenant != tenant {
		err = notFound(nil)
	}
	return opened{notice: n, view: v}, err
}

func notFound(cause error) error {
	return holds.Because(holds.NotFound, cause, "There is nothing here.")
}

// show shows the page. It reads and never writes.
func (o *Owner) show(c echo.Context) error {
	at, err := o.open(c)
	if err != nil {
		return o.refuse(c, err)
	}
	return o.render(c, http.StatusOK, "change", o.describe(c, at))
}

// refuse shows the one page of all bad links, and leaves outages to the error
// handler.
func (o *Owner) refuse(c echo.Context, err error) error {
	switch holds.KindOf(err) {
	case holds.NotFound, holds.Invalid, holds.Forbidden:
		return o.render(c, http.StatusNotFound, "invalid", nil)
	default:
		return err
	}
}

func (o *Owner) render(c echo.Context, status int, name string, data any) error {
	return o.pages.Show(c, status, name, data)
}

// problem is the page of every other failure. It names nobody, since it is not
// known whose page it is.
func (o *Owner) problem(c echo.Context, d gateway.Details) error {
	if d.Status == http.StatusNotFound {
		return o.render(c, d.Status, "invalid", nil)
	}
	return o.render(c, d.Status, "problem", d)
}
