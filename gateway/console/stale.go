package console

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// stamp is what every form carries: the version its page showed, which decides,
// and when and with which events, which only help to say what has changed.
type stamp struct {
	Version int
	Shown   int64
	Events  string
}

func stampOf(v holds.View, now time.Time) stamp {
	marks := make([]string, 0, len(v.Hold.Events))
	for _, e := range v.Hold.Events {
		marks = append(marks, mark(e.ID))
	}
	return stamp{Version: v.Hold.Version, Shown: now.UnixMilli(), Events: strings.Join(marks, " ")}
}

// mark is a short name of an event.
func mark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:4])
}

// readStamp reads what a form carries. Without a version nothing is done.
func readStamp(f page.Form) (stamp, error) {
	version, err := f.Field("version")
	if err != nil {
		return stamp{}, err
	}
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 {
		return stamp{}, holds.Refuse(holds.Invalid, "The form does not say which version of the hold it shows. Load the page again.")
	}
	s := stamp{Version: n}
	if shown, err := f.Field("shown"); err == nil {
		s.Shown, _ = strconv.ParseInt(shown, 10, 64) // only helps to explain
	}
	if s.Events, err = f.Field("events"); err != nil {
		return stamp{}, err
	}
	return s, nil
}

// stalePage says what has changed since a page was loaded.
type stalePage struct {
	frame
	Link    string
	Subject account
	Detail  string
	Saw, Is int
	Stage   string
	Label   label
	Changes []string
	// Kept is the text that was typed, so that it is not lost.
	Kept string
}

// stale answers a form whose page is out of date. Nothing was done.
func (s *Console) stale(c echo.Context, f frame, st stamp, cause error, kept string) error {
	v, err := s.Reader.View(c.Request().Context(), key(f, c))
	if err != nil {
		return err
	}
	f.Title = "It has changed since you looked"
	return s.pages.Show(c, http.StatusConflict, "stale", stalePage{
		frame: f, Link: link(v.Hold.ID), Subject: accountOf(v.Hold.Subject), Detail: detail(cause),
		Saw: st.Version, Is: v.Hold.Version, Stage: stage(v.Hold, f.Now), Label: labelOf(v.Hold, f.Now),
		Changes: reader{v: v, now: f.Now, by: f.by}.since(st), Kept: kept,
	})
}

// since says in words what came after a page was loaded.
func (r reader) since(st stamp) []string {
	h := r.v.Hold
	var out []string
	shown := time.UnixMilli(st.Shown)
	after := func(t time.Time) bool { return st.Shown > 0 && t.After(shown) }
	if after(h.NotMe) {
		out = append(out, "The owner said: this was not me.")
	}
	known := strings.Fields(st.Events)
	for i, e := range r.events() {
		if !slices.Contains(known, mark(h.Events[i].ID)) {
			out = append(out, "A further event: "+e.What+" at "+page.Stamp(e.At)+".")
		}
	}
	if after(h.LookedBack) && len(h.Children) > 0 {
		out = append(out, "What else the same people did was looked up: "+plural(len(h.Children)+h.ChildrenMore, "change")+".")
	}
	for i, e := range r.checks() {
		if h.Evidence[i].Version > st.Version {
			out = append(out, e.Verifier.short()+" recorded an identity check: "+e.Kind+".")
		}
	}
	for _, d := range r.decisions() {
		if after(d.At) {
			out = append(out, d.By.short()+" decided: "+d.Kind+".")
		}
	}
	if after(h.ClosedAt) {
		out = append(out, "The hold came to an end.")
	}
	return out
}

// detail is the sentence of an error that people may read.
func detail(err error) string {
	var e *holds.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}
