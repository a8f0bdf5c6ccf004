package page

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
)

// Policy is the Content-Security-Policy of every page.
const Policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Guard sets the headers of a page and refuses what another site sends. It goes
// around every route, whatever else the listener sets.
//
// Origin alone would not do: a page with the referrer policy no-referrer sends
// "Origin: null" with its own forms. Browsers say Sec-Fetch-Site since 2023.
func Guard() echo.MiddlewareFunc {
	other := http.NewCrossOriginProtection()
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", Policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cache-Control", "no-store")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			if err := other.Check(c.Request()); err != nil {
				return gateway.Refuse(gateway.TypeForbidden, "This was sent from another site, so it was not done. Open the page itself and send it from there.")
			}
			return next(c)
		}
	}
}
