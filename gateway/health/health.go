package health

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// Options are what New needs to know.
type Options struct {
	// Ready asks whether the database answers and takes what arrives.
	Ready func(ctx context.Context) error
	// Looker reads what the database knows.
	Looker Looker
	// Connections are those of the configuration: nothing else becomes a label.
	Connections []Connection
	// Version is this program's.
	Version string
	// Token must be carried to read the figures; empty asks for none.
	Token string
	// Now is the business clock; nil is time.Now.
	Now func() time.Time
	// Logger takes what could not be read, at a bounded rate; nil logs nothing.
	Logger *slog.Logger
}

// Connection is one connection of the configuration.
type Connection struct {
	ID       holds.ConnectionID
	Provider string
}

// The deadlines and the rates of questions to the database.
const (
	readyTimeout = time.Second
	readyKept    = time.Second
	lookTimeout  = 3 * time.Second
	lookKept     = 5 * time.Second
	scrapeLimit  = 8 * time.Second
)

// Health answers machines. Make it with New; it is safe for concurrent use.
type Health struct {
	o        Options
	token    [sha256.Size]byte
	ready    ready
	registry *prometheus.Registry
	figures  *figures
	counters
}

// New makes the figures; nothing is asked yet.
func New(o Options) (*Health, error) {
	if o.Ready == nil || o.Looker == nil {
		return nil, errors.New("health: a database to ask and something that looks are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Health{o: o, token: sha256.Sum256([]byte(o.Token)), registry: prometheus.NewRegistry(), figures: newFigures(o), counters: newCounters(o.Connections)}
	h.ready.ask = o.Ready
	for _, c := range append(h.counters.all(), h.figures, buildInfo(o.Version), newProcess(), newRuntime()) {
		if err := h.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Routes adds the three addresses.
func (h *Health) Routes(e *echo.Echo) {
	both := []string{http.MethodGet, http.MethodHead}
	e.Match(both, "/livez", func(c echo.Context) error { return c.String(http.StatusOK, "alive\n") })
	e.Match(both, "/readyz", h.serveReady)
	e.GET("/metrics", h.serveMetrics())
}

func (h *Health) serveReady(c echo.Context) error {
	if err := h.ready.now(c.Request().Context()); err != nil {
		// What keeps it is in the log of whoever needs it; this is for machines.
		return c.String(http.StatusServiceUnavailable, "the database does not answer, or does not take what arrives\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

func (h *Health) serveMetrics() echo.HandlerFunc {
	handler := promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: scrapeLimit, DisableCompression: true,
	})
	return func(c echo.Context) error {
		if !h.knows(c.Request().Header.Values("Authorization")) {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="metrics"`)
			return gateway.Refuse(gateway.TypeUnauthenticated, "The figures need the bearer token of health.token_file.")
		}
		handler.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}

// knows compares digests, so that neither the time nor the length tells anything.
func (h *Health) knows(headers []string) bool {
	if h.o.Token == "" {
		return true
	}
	if len(headers) != 1 {
		return false
	}
	scheme, given, _ := strings.Cut(headers[0], " ")
	sum := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(sum[:], h.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}
