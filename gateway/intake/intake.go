package intake

import (
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// Intake serves the hooks' addresses. Make it with New.
type Intake struct {
	o     Options
	okta  map[string]*door
	decoy *door
	entra map[string]*directory
	// stray stands for every connection to Entra that there is not.
	stray *directory
}

// door is one connection as a caller meets it.
type door struct {
	Connection
	header string // canonical
	keys   keyring
	slots  places
	quiet  *gateway.Quiet
	known  bool
}

// The security log's rate: lines a minute for each connection, and as many for
// all unknown ones together.
const linesPerMinute = 10

// New checks everything and keeps only digests of the secrets. The error names
// the connection and says what to mend, and never holds a secret.
func New(o Options) (*Intake, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	in := &Intake{o: o, okta: map[string]*door{}, entra: map[string]*directory{}}
	in.decoy = in.door(Connection{}, decoy())
	for _, c := range o.Connections {
		if err := in.add(c); err != nil {
			return nil, fmt.Errorf("intake: connection %q: %w", c.ID, err)
		}
	}
	return in, nil
}

func (in *Intake) add(c Connection) error {
	if err := c.check(); err != nil {
		return err
	}
	if in.okta[string(c.ID)] != nil || in.entra[string(c.ID)] != nil {
		return errors.New("it is configured twice")
	}
	if c.Provider == Entra {
		return in.addEntra(c)
	}
	keys, err := newKeyring(c.Secrets)
	if err != nil {
		return err
	}
	for id, other := range in.okta {
		if keys.shares(other.keys) {
			return fmt.Errorf("it shares a secret with connection %q; give each its own", id)
		}
	}
	c.Secrets = Secrets{} // from here on there are digests only
	d := in.door(c, keys)
	d.known = true
	in.okta[string(c.ID)] = d
	return nil
}

func (in *Intake) door(c Connection, keys keyring) *door {
	return &door{
		Connection: c,
		header:     textproto.CanonicalMIMEHeaderKey(c.header()),
		keys:       keys,
		slots:      make(places, in.o.MaxInFlight),
		quiet:      gateway.NewQuiet(linesPerMinute, time.Minute, in.o.Now),
	}
}

// Routes adds the hooks' addresses.
func (in *Intake) Routes(e *echo.Echo) {
	e.GET("/hooks/okta/:connection", in.serve(in.okta, in.verifyOkta))
	e.POST("/hooks/okta/:connection", in.serve(in.okta, in.deliverOkta))
	if len(in.entra) > 0 {
		e.POST("/hooks/entra/:connection", in.serveEntra)
		e.POST("/hooks/entra/:connection/:nonce", in.serveEntra)
	}
}

// step answers one request at a door and says what became of it.
type step func(c echo.Context, d *door) (Outcome, error)

// serve finds the door. An unknown connection gets one that nothing opens, and
// so takes the same way to the same answer.
func (in *Intake) serve(doors map[string]*door, do step) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		d := doors[c.Param("connection")]
		if d == nil {
			d = in.decoy
		}
		what, err := do(c, d)
		in.o.Seen(d.ID, what, time.Since(began))
		return err
	}
}

// authenticate names the secret that the request carries; the error is the
// answer when it carries none.
func (in *Intake) authenticate(c echo.Context, d *door) (string, error) {
	values := c.Request().Header[d.header]
	value := ""
	if len(values) == 1 {
		value = values[0]
	}
	name, expired := d.keys.match(value, in.o.Now())
	if name != "" {
		return name, nil
	}
	reason := "wrong"
	switch {
	case len(values) == 0:
		reason = "missing"
	case len(values) > 1:
		reason = "given more than once"
	case expired:
		reason = "the previous one, and its time is over"
	}
	in.warn(c, d, "hook refused: the secret is "+reason)
	return "", gateway.Refuse(gateway.TypeUnauthenticated, "The hook's secret is missing or wrong. Set the header that this connection is configured with, once.")
}

// warn writes to the security log, at a bounded rate, and never what the caller
// sent.
func (in *Intake) warn(c echo.Context, d *door, what string, more ...any) {
	skipped, ok := d.quiet.Allow()
	if !ok {
		return
	}
	attrs := []any{"request", gateway.RequestID(c), "peer", c.RealIP(), "known", d.known, "unlogged", skipped}
	if d.known {
		attrs = append(attrs, slog.String("tenant", string(d.Tenant)), slog.String("connection", string(d.ID)))
	}
	in.o.Logger.WarnContext(c.Request().Context(), what, append(attrs, more...)...)
}

// saturatedWait is how long a sender is asked to wait while too many deliveries
// wait to be decided. It is always a 503: what is answered with a 4xx is lost.
const saturatedWait = 30 * time.Second

// later is the answer to a delivery that is not taken for now.
func (in *Intake) later(c echo.Context, d *door) error {
	in.warn(c, d, "intake saturated: too many deliveries wait to be decided, and further ones are answered 503")
	return &holds.Error{
		Kind: holds.Unavailable, After: saturatedWait,
		Detail: "Too many deliveries wait to be decided. This one was not taken; send it again later.",
	}
}

// again is the answer when we cannot take more at the moment.
func again(detail string, cause error) error {
	return &holds.Error{Kind: holds.Unavailable, Detail: detail, After: time.Second, Err: cause}
}
