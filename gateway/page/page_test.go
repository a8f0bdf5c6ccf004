package page_test

import (
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
)

// TestC11Mixed: scripts that are not written together are marked, those that
// are are not.
func TestC11Mixed(t *testing.T) {
	for name, want := range map[string]bool{
		"Anna Berg": false, "Åsa Öberg-Núñez": false, "Анна Берг": false, "Αθηνά": false, "山田 太郎": false, "山田たろう": false, "ヤマダ 太郎 さん": false,
		"김철수 金": false, "": false, "007": false, "anna@acme.example": false, "ﬁ": false, "Ann‘a": false,
		"Аnna Berg": true, "Anna Bеrg": true, "pаypal": true, "Αnna": true, "Anna Берг": true, "аnna@acme.example": true, "한글 ひらがな": true,
		"Anna\u200bБ": true,
	} {
		if got := page.Mixed(name); got != want {
			t.Errorf("Mixed(%q) = %t", name, got)
		}
	}
	long := strings.Repeat("a", 300) + "а"
	if n := page.Named(long); !n.Mixed || utf8.RuneCountInString(n.Text) != 120 {
		t.Errorf("a letter beyond what is shown: %t, %d letters", n.Mixed, utf8.RuneCountInString(n.Text))
	}
}

// TestPropertyLine: whatever comes in, what goes out is short, in one line and
// visible, and passing it through again changes nothing.
func TestPropertyLine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in, most := rapid.String().Draw(rt, "in"), rapid.IntRange(1, 50).Draw(rt, "most")
		out := page.Line(in, most)
		if n := utf8.RuneCountInString(out); n > most {
			rt.Fatalf("%d letters of at most %d", n, most)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			rt.Fatalf("%q in %q", out[i:], out)
		}
		if again := page.Line(out, most); again != out && !strings.HasSuffix(out, "…") {
			rt.Fatalf("%q becomes %q", out, again)
		}
	})
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"  a\tb\r\nc\u00a0d\u2028e ":           "a b c d e",
		"\u202egro.live\u202c":                 "gro.live",
		"a\u200b\u200d\ufeffb\x00\x1b[31m\x7f": "ab[31m",
		"\xff\xfea":                            "a",
	} {
		if got := page.Line(in, 100); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got := page.Lines(" a \r\n\tb\rc\u2029d\x00\u202e"); got != " a \n b\nc\nd" {
		t.Errorf("Lines = %q", got)
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 30, 0, 0, time.FixedZone("", 3600))
	for want, got := range map[string]string{
		"never": page.Ago(time.Time{}, now), "just now": page.Ago(now, now), "59 s ago": page.Ago(now.Add(-59*time.Second), now),
		"59 min ago": page.Ago(now.Add(-time.Hour+time.Second), now), "1 h ago": page.Ago(now.Add(-time.Hour), now),
		"23 h 59 min ago": page.Ago(now.Add(-24*time.Hour+time.Second), now), "2 d 1 h ago": page.Ago(now.Add(-49*time.Hour), now),
		"in 5 min": page.Ago(now.Add(5*time.Minute), now), "2026-11-02 08:30:00 UTC": page.Stamp(now), "–": page.Stamp(time.Time{}),
		"2 November 2026, 08:30 UTC": page.Minute(now), "08:30:00.000": page.Exact(now),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// send sends a body through an Echo with one guarded route.
func send(t *testing.T, handler echo.HandlerFunc, body string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	e := gateway.NewEcho(gateway.Options{})
	e.POST("/", handler, page.Guard())
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?a=address", strings.NewReader(body))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, req)
	return rec
}

// TestF19Form: a form has the fields of its body, each once, and none of the
// address.
func TestF19Form(t *testing.T) {
	for body, want := range map[string]string{
		"a=1&b=2":       "1",
		"b=2":           "",
		"a=1&a=2":       "came more than once",
		"a=%20x%0d%0ay": "x y",
		"a=%zz":         "could not be read",
		"a;b=1":         "could not be read",
	} {
		var got string
		send(t, func(c echo.Context) error {
			f, err := page.ReadForm(c)
			if err == nil {
				got, err = f.Field("a")
			}
			if err != nil {
				got = err.Error()
			}
			return nil
		}, body, map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"})
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestFormLimits(t *testing.T) {
	read := func(c echo.Context) error {
		f, err := page.ReadForm(c)
		if err != nil {
			return err
		}
		_, err = f.Text("a", "The text", 3)
		return err
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for body, want := range map[string]int{
		"a=" + strings.Repeat("x", 70<<10): http.StatusRequestEntityTooLarge, "a=%C3%A5%C3%A5%C3%A5": http.StatusOK, "a=abcd": http.StatusBadRequest,
	} {
		if got := send(t, read, body, form).Code; got != want {
			t.Errorf("%.20s: %d, want %d", body, got, want)
		}
	}
	if got := send(t, read, `{"a":1}`, map[string]string{"Content-Type": "application/json"}).Code; got != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", got)
	}
}

// TestI4Guard: before anything of the body is read.
func TestI4Guard(t *testing.T) {
	for site, want := range map[string]int{"same-origin": 200, "none": 200, "cross-site": 403, "same-site": 403} {
		called := false
		rec := send(t, func(echo.Context) error { called = true; return nil }, "a=1", map[string]string{"Sec-Fetch-Site": site})
		if rec.Code != want || called != (want == 200) {
			t.Errorf("%s: %d, called %t", site, rec.Code, called)
		}
		if rec.Header().Get("Content-Security-Policy") != page.Policy {
			t.Errorf("%s: the policy is %q", site, rec.Header().Get("Content-Security-Policy"))
		}
	}
}

// TestHalfAPage: a page that fails in the middle sends nothing of itself.
func TestHalfAPage(t *testing.T) {
	files := fstest.MapFS{"templates/x.html": {Data: []byte(`{{define "title"}}x{{end}}{{define "body"}}<p>first</p>{{fail}}{{end}}`)}}
	fail := errors.New("hunter2")
	set, err := page.Load(files, []page.File{page.Base()}, template.FuncMap{"fail": func() (string, error) { return "", fail }}, nil, "x")
	if err != nil {
		t.Fatal(err)
	}
	rec := send(t, func(c echo.Context) error { return set.Show(c, http.StatusOK, "x", nil) }, "", nil)
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "first") || strings.Contains(rec.Body.String(), "hunter2") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	rec = send(t, func(c echo.Context) error { return set.Show(c, http.StatusOK, "y", nil) }, "", nil)
	if rec.Code != http.StatusInternalServerError {
		t.Errorf("a page that does not exist: %d", rec.Code)
	}
	if _, err := page.Load(files, nil, nil, nil, "x"); err == nil {
		t.Error("a page with an unknown function was loaded")
	}
}

// TestFiles: the address of a file is made of its content, and it may be kept.
func TestFiles(t *testing.T) {
	a, b := page.Sheet([]byte("a{}")), page.Sheet([]byte("b{}"))
	if a.Path == b.Path || a.Path != page.Sheet([]byte("a{}")).Path {
		t.Errorf("%s and %s", a.Path, b.Path)
	}
	e := gateway.NewEcho(gateway.Options{})
	page.Mount(e, a, page.Icon())
	page.Mount(e, a, page.Icon()) // by another part on the same listener
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, a.Path, nil))
	got := []string{rec.Body.String(), rec.Header().Get("Content-Type"), rec.Header().Get("Cache-Control")}
	if diff := cmp.Diff([]string{"a{}", "text/css; charset=utf-8", "public, max-age=31536000, immutable"}, got); diff != "" {
		t.Error(diff)
	}
}
