package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
)

//go:embed templates
var shared embed.FS

// Set is the pages of one part. It is safe for concurrent use.
type Set struct{ pages map[string]*template.Template }

// Load parses the pages of a part. Each is a file
// templates/NAME.html that defines
// "title" and "body", and may define "kind", a class of the whole page; partials
// are files whose definitions all of them may use. Every page starts from the
// frame of this package and uses its definitions: "name" shows a Name, "time" a
// moment.
func Load(files fs.FS, sheets []File, funcs template.FuncMap, partials []string, names ...string) (*Set, error) {
	paths := make([]string, 0, len(sheets))
	for _, s := range sheets {
		paths = append(paths, s.Path)
	}
	frame, err := template.New("frame").Option("missingkey=error").Funcs(template.FuncMap{
		"styles": func() []string { return paths },
		"icon":   func() string { return Icon().Path },
		"stamp":  Stamp, "minute": Minute, "exact": Exact, "fine": Fine, "iso": ISO, "ago": Ago, "span": Span,
		"zero": func(t time.Time) bool { return t.IsZero() },
		"name": Named,
	}).Funcs(funcs).ParseFS(shared, "templates/frame.html")
	if err != nil {
		return nil, fmt.Errorf("the frame of pages: %w", err)
	}
	s := &Set{pages: map[string]*template.Template{}}
	for _, name := range names {
		t, err := frame.Clone()
		if err != nil {
			return nil, err
		}
		if s.pages[name], err = t.ParseFS(files, append(slices.Clone(partials), "templates/"+name+".html")...); err != nil {
			return nil, fmt.Errorf("the page %s: %w", name, err)
		}
	}
	return s, nil
}

// Show renders a page and then sends it.
func (s *Set) Show(c echo.Context, status int, name string, data any) error {
	t, ok := s.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "frame", data); err != nil {
		return fmt.Errorf("the page %s: %w", name, err)
	}
	return c.HTMLBlob(status, b.Bytes())
}
