package page

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/holds"
)

// maxForm is the longest body of a form, in bytes: two long texts in which every
// letter is escaped, and room.
const maxForm = 64 << 10

// Form is the body of a POST. Only the fields asked for are ever read.
type Form struct{ values url.Values }

// ReadForm reads the body of a POST and nothing of its address.
func ReadForm(c echo.Context) (Form, error) {
	kind, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationForm {
		return Form{}, gateway.Refuse(gateway.TypeUnsupported, "This address takes forms only (%s).", echo.MIMEApplicationForm)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxForm))
	if err != nil {
		return Form{}, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return Form{}, holds.Because(holds.Invalid, err, "The form could not be read. Go back, load the page again and send it once more.")
	}
	return Form{values: values}, nil
}

// Field is one field in one line, without leading and trailing spaces; empty
// when it is missing. A field given twice is refused: two readers could each
// take another one.
func (f Form) Field(name string) (string, error) {
	v, err := f.raw(name)
	return strings.TrimSpace(Line(v, maxForm)), err
}

// Text is a field of several lines with at most so many letters. label is how
// the page calls it.
func (f Form) Text(name, label string, most int) (string, error) {
	v, err := f.raw(name)
	if err != nil {
		return "", err
	}
	v = strings.TrimSpace(Lines(v))
	if n := utf8.RuneCountInString(v); n > most {
		return v, holds.Refuse(holds.Invalid, "%s has %d characters and at most %d are kept. Shorten it by %d.", label, n, most, n-most)
	}
	return v, nil
}

func (f Form) raw(name string) (string, error) {
	if len(f.values[name]) > 1 {
		return "", holds.Refuse(holds.Invalid, "The field %q came more than once. Load the page again.", name)
	}
	return f.values.Get(name), nil
}

// Lines keeps the line breaks of a text, in one spelling, and what can be
// printed.
func Lines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
}
