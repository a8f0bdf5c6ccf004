package page

import (
	"crypto/sha256"
	_ "embed" // the files of the look
	"encoding/hex"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:embed static/base.css
var baseCSS []byte

//go:embed static/icon.svg
var iconSVG []byte

// File is a static file. Its address is made of its content, so that browsers
// may keep it for ever.
type File struct {
	Path string
	kind string
	body []byte
}

// Sheet is a style sheet of one part.
func Sheet(css []byte) File { return file(css, "css", "text/css; charset=utf-8") }

// Base is the style sheet that every page starts from.
func Base() File { return Sheet(baseCSS) }

// Icon is the small picture in a browser's tab.
func Icon() File { return file(iconSVG, "svg", "image/svg+xml") }

func file(body []byte, ext, kind string) File {
	sum := sha256.Sum256(body)
	return File{Path: "/look/" + hex.EncodeToString(sum[:8]) + "." + ext, kind: kind, body: body}
}

// Mount serves the files. Two parts on one listener may mount the same file.
func Mount(e *echo.Echo, files ...File) {
	for _, f := range files {
		e.GET(f.Path, f.serve, Guard())
	}
}

func (f File) serve(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, f.kind, f.body)
}
