package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// identify gives the request an id. A client's own id is not taken over: it
// would let strangers write into our log.
func identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

// RequestID is the id of the request, which is also in the answer's
// X-Request-Id header.
func RequestID(c echo.Context) string {
	return c.Response().Header().Get(echo.HeaderXRequestID)
}

// headers sets what every answer carries, errors included. Handlers may set
// their own values afterwards.
func headers(policy string, front proxies) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cache-Control", "no-store")
			h.Set("Content-Security-Policy", policy)
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			if front.scheme(c.Request()) == "https" {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// recovered turns a panic into an error without a kind, which is a bare 500 to
// the outside and a line with the stack in the log.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if e, ok := r.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(r) // the handler's way to cut the connection; net/http knows it
			}
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}()
		return next(c)
	}
}

// deadline bounds the request's context.
func deadline(d time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if d < 0 {
			return next
		}
		return func(c echo.Context) error {
			ctx, cancel := context.WithTimeout(c.Request().Context(), d)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// requireHTTPS refuses what a declared proxy received in the clear. It answers
// with no redirect: a redirect would make the leak work.
func requireHTTPS(front proxies) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if front.has(peer(c.Request())) && front.scheme(c.Request()) != "https" {
				return Refuse(TypeHTTPSRequired, "This request did not reach the proxy over HTTPS. Use an https address; if you did, make the proxy set X-Forwarded-Proto.")
			}
			return next(c)
		}
	}
}

// plainPath refuses paths that two parsers could read differently. No address
// of ours needs an escape, a dot segment, a doubled slash or a trailing one.
func plainPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !plain(c.Request().URL.EscapedPath()) {
			return echo.ErrNotFound
		}
		return next(c)
	}
}

func plain(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, `%\;`) {
		return false
	}
	if path == "/" {
		return true
	}
	for seg := range strings.SplitSeq(path[1:], "/") {
		if seg == "" || seg == "." || seg == ".." {
			return false
		}
	}
	return true
}

// routedMethod makes OPTIONS a method like any other: Echo answers it 204 on
// every route by itself.
func routedMethod(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		allow, ok := c.Get(echo.ContextKeyHeaderAllow).(string)
		if !ok {
			return next(c)
		}
		c.Response().Header().Set(echo.HeaderAllow, strings.TrimPrefix(allow, "OPTIONS, "))
		return echo.ErrMethodNotAllowed
	}
}

// wholeSegments holds Echo's router to one segment per parameter: a parameter
// at the end of a route otherwise swallows slashes.
func wholeSegments(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if strings.Contains(c.Path(), "*") {
			return next(c)
		}
		for _, v := range c.ParamValues() {
			if strings.Contains(v, "/") {
				return echo.ErrNotFound
			}
		}
		return next(c)
	}
}
