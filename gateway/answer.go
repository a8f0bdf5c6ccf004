package gateway

import (
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// Problem answers an error with a problem document. It does not log; the
// handler of ErrorHandler does, so return errors where you can.
func Problem(c echo.Context, err error) error {
	d := Describe(err)
	d.Request = RequestID(c)
	return answer(c.Response(), d)
}

// answer writes a problem document and the headers that belong to it.
func answer(w http.ResponseWriter, d Details) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	problemHeaders(w.Header(), d)
	w.Header().Set(echo.HeaderContentType, problemType)
	w.WriteHeader(d.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

func problemHeaders(h http.Header, d Details) {
	if d.RetryAfter > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(wholeSeconds(d.RetryAfter)))
	}
	if d.Status == http.StatusUnauthorized && h.Get(echo.HeaderWWWAuthenticate) == "" {
		// RFC 9110 section 11.6.1 wants a challenge with every 401. The scheme is not
		// one that a browser would ask a person about.
		h.Set(echo.HeaderWWWAuthenticate, `Secret realm="countersign"`)
	}
}

// wholeSeconds rounds up: coming back too early is a wasted request.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Page renders a problem for a person. The status to use is d.Status.
type Page func(c echo.Context, d Details) error

// pageKey is where Pages leaves the renderer for the error handler.
const pageKey = "gateway.page"

// Pages makes a group of routes answer its errors with a page instead of a
// problem document. Addresses that no route has are outside every group; give
// Options.Page for those. A nil page is a problem document.
func Pages(p Page) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(pageKey, p)
			return next(c)
		}
	}
}

// ErrorHandler answers every error that a handler returns: with the page of the
// group, if it has one, and otherwise with a problem document. Failures of ours
// are logged with their cause and the request's id; everything else only at
// debug level, since strangers can cause it at will. So can a flood cause a 503:
// of those a number of lines a minute says enough.
func ErrorHandler(log *slog.Logger) echo.HTTPErrorHandler {
	quiet := NewQuiet(busyLines, time.Minute, time.Now)
	return func(err error, c echo.Context) {
		d := Describe(err)
		d.Request = RequestID(c)
		level := levelOf(d.Status)
		if c.Response().Committed {
			level = slog.LevelError // half an answer is out, and it was the wrong one
		}
		ctx := c.Request().Context()
		if skipped, ok := spoken(quiet, level); ok {
			log.Log(ctx, level, "request failed", "request", d.Request, "status", d.Status,
				"method", c.Request().Method, "route", c.Path(), "err", err, "unlogged", skipped)
		}
		if c.Response().Committed {
			return
		}
		if respondErr := respond(c, d); respondErr != nil {
			log.DebugContext(ctx, "answer could not be written", "request", d.Request, "err", respondErr)
		}
	}
}

// busyLines is how many lines a minute tell of answers that we have no time or no
// room for.
const busyLines = 60

// spoken tells whether a failure of a level is logged, and how many like it were
// not before.
func spoken(quiet *Quiet, level slog.Level) (skipped int, ok bool) {
	if level != slog.LevelWarn {
		return 0, true
	}
	return quiet.Allow()
}

// respond prefers the page and falls back to the document when the page fails
// before it wrote anything.
func respond(c echo.Context, d Details) error {
	p, ok := c.Get(pageKey).(Page)
	if !ok || p == nil {
		return answer(c.Response(), d)
	}
	problemHeaders(c.Response().Header(), d)
	err := p(c, d)
	if err != nil && !c.Response().Committed {
		return answer(c.Response(), d)
	}
	return err
}

func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelDebug
}
