package mailsink

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html style.css
var files embed.FS

// Handler shows the mails.
//
//	GET /                  the list
//	GET /mails/{n}         one mail as text, with its links to follow
//	GET /mails/{n}/html    its HTML part, for the sandboxed frame
//	GET /mails.json        all mails without raw; ?since=N only later ones
//	GET /mails/{n}.json    one mail with raw
func (s *Sink) Handler() http.Handler {
	page := template.Must(template.New("page.html").Funcs(template.FuncMap{"linked": linked, "join": strings.Join}).ParseFS(files, "page.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		mails := s.Mails()
		slices.Reverse(mails)
		guard(w, "")
		_ = page.Execute(w, map[string]any{"Mails": mails}) // a reader who left is no error
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		data, _ := files.ReadFile("style.css") // embedded above
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(data)
	})
	mux.HandleFunc("GET /mails.json", s.listJSON)
	mux.HandleFunc("GET /mails/{n}", func(w http.ResponseWriter, r *http.Request) {
		name, asJSON := strings.CutSuffix(r.PathValue("n"), ".json")
		m, ok := s.find(name)
		switch {
		case !ok:
			http.NotFound(w, r)
		case asJSON:
			writeJSON(w, m)
		default:
			guard(w, "")
			_ = page.Execute(w, map[string]any{"Mail": m})
		}
	})
	mux.HandleFunc("GET /mails/{n}/html", func(w http.ResponseWriter, r *http.Request) {
		m, ok := s.find(r.PathValue("n"))
		if !ok || m.HTML == "" {
			http.NotFound(w, r)
			return
		}
		guard(w, m.HTML)
	})
	return mux
}

// guard sets the headers and, for a mail's own HTML, writes it under a policy
// that allows nothing but inline style.
func guard(w http.ResponseWriter, foreign string) {
	policy := "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
	if foreign != "" {
		policy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(foreign))
}

func (s *Sink) find(name string) (Mail, bool) {
	n, err := strconv.Atoi(name)
	if err != nil {
		return Mail{}, false
	}
	return s.mail(n)
}

func (s *Sink) listJSON(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.URL.Query().Get("since")) // none and nonsense both mean all
	out := []Mail{}
	for _, m := range s.Mails() {
		if m.N > since {
			m.Raw = ""
			out = append(out, m)
		}
	}
	writeJSON(w, out)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // a reader who left is no error
}

// linked escapes a text and makes its web addresses followable.
func linked(text string) template.HTML {
	address := regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)
	var b strings.Builder
	at := 0
	for _, span := range address.FindAllStringIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[at:span[0]]))
		url := template.HTMLEscapeString(text[span[0]:span[1]])
		b.WriteString(`<a rel="noreferrer noopener" target="_blank" href="` + url + `">` + url + `</a>`)
		at = span[1]
	}
	b.WriteString(template.HTMLEscapeString(text[at:]))
	return template.HTML(b.String()) //nolint:gosec // every piece was escaped above
}
