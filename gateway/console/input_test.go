package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// TestF17: texts are limited, and the refusal counts. Nothing typed is lost.
func TestF17(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-tove")
	long := strings.Repeat("å", 2001)
	c.decide(k, map[string]string{"decision": "deny", "reason": long}).want(t, http.StatusBadRequest, "The reason has 2001 characters and at most 2000 are kept. Shorten it by 1.", long)
	path := "/holds/" + string(k.Hold)
	c.post(path+"/note", c.get(path).fill(t, path+"/note", map[string]string{"text": long})).want(t, http.StatusBadRequest, "The note has 2001 characters")
	c.post(path+"/note", c.get(path).fill(t, path+"/note", map[string]string{"text": strings.Repeat("x", 100<<10)})).want(t, http.StatusRequestEntityTooLarge)
	c.record(k, check("hr_record", map[string]string{"reference": strings.Repeat("r", 201)})).want(t, http.StatusBadRequest, "The reference has 201 characters")
	c.decide(k, map[string]string{"decision": "deny", "reason": " \r\n "}).want(t, http.StatusBadRequest, "Give a reason")
	c.decide(k, map[string]string{"decision": "deny", "reason": strings.Repeat("a\r\n", 1000)}).want(t, http.StatusSeeOther)
	if h := s.hold(k); h.State != holds.Denied || strings.Contains(h.Decisions[0].Reason, "\r") {
		t.Errorf("the hold is %s", h.State)
	}
}

// TestF18: another tenant's hold is not there, exactly as one that never was.
func TestF18(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).in(t, globex, "p-tove")
	theirs, none := c.get("/holds/"+string(k.Hold)), c.get("/holds/"+id(99))
	theirs.want(t, http.StatusNotFound, "There is no such hold in your organisation.")
	none.want(t, http.StatusNotFound)
	if a, b := theirs.text(".lead"), none.text(".lead"); a != b {
		t.Errorf("%q and %q", a, b)
	}
	form := url.Values{"version": {"1"}, "decision": {"deny"}, "reason": {"Mine."}, "text": {"x"}, "kind": {"hr_record"}, "requester": {"other"}, "other": {"p-anna"}, "reference": {"r"}}
	for _, door := range []string{"decision", "note", "evidence"} {
		if p := c.post("/holds/"+string(k.Hold)+"/"+door, form); p.status != http.StatusNotFound && p.status != http.StatusBadRequest {
			t.Errorf("%s: %d", door, p.status)
		}
	}
	if h := w.hold(k); h.State != holds.Pending || len(h.Evidence) != 0 {
		t.Error("another tenant's hold was changed")
	}
	if p := c.get("/"); strings.Contains(p.html, "Anna") {
		t.Error("another tenant's hold is in the queue")
	}
}

// TestF19: fields nobody asked for are not read, and one given twice is
// refused.
func TestF19(t *testing.T) {
	s, k := verified(t)
	c := s.as(t, "p-rolf")
	c.decide(k, map[string]string{
		"decision": "deny", "reason": "No.", "state": "released", "approver": "p-tove", "approved_by": "p-tove", "tenant_id": "globex",
		"tenant": "globex", "round": "9", "id": "d-9", "void": "true", "at": "2020-01-01",
	}).want(t, http.StatusSeeOther)
	if d := s.hold(k).Decisions[0]; d.Approver != "p-rolf" || d.Void || d.ID == "d-9" || s.hold(k).State != holds.Denied {
		t.Errorf("the decision is %+v", d)
	}

	s, k = verified(t)
	c = s.as(t, "p-rolf")
	c.record(k, check("callback", map[string]string{
		"point": "c-old", "verifier": "p-tove", "on_file": "1999-01-01", "confirmer": "p-tove", "witness": "p-tove", "place": "here", "version_of": "7",
	})).want(t, http.StatusSeeOther)
	if e := s.hold(k).Evidence[2]; e.Verifier != "p-rolf" || e.Witness != "" || e.Place != "" || e.Confirmer != "" || e.OnFile.Year() != 2023 {
		t.Errorf("the check is %+v", e)
	}
	path := "/holds/" + string(k.Hold)
	form := c.get(path).fill(t, path+"/decision", map[string]string{"reason": "No."})
	form["decision"] = []string{"deny", "approve"}
	c.post(path+"/decision", form).want(t, http.StatusBadRequest, `The field "decision" came more than once.`)
	form.Set("decision", "deny")
	form.Del("version")
	c.post(path+"/decision?version=5", form).want(t, http.StatusBadRequest, "does not say which version")
	for _, version := range []string{"0", "-1", "x", "1e3", "99999999999999999999"} {
		form.Set("version", version)
		c.post(path+"/decision", form).want(t, http.StatusBadRequest, "does not say which version")
	}
}

// TestEvidence: what the form can get wrong, each with a sentence, and with
// what was typed still there.
func TestEvidence(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).as(t, "p-tove")
	for name, tt := range map[string]struct {
		typed  map[string]string
		status int
		says   string
	}{
		"no kind":          {check("", nil), 400, "Choose how identity was checked."},
		"unknown kind":     {check("other", nil), 400, "is not a method of identity check"},
		"no requester":     {check("hr_record", map[string]string{"requester": ""}), 400, "Say who asked for the change."},
		"unknown other":    {check("hr_record", map[string]string{"requester": "other", "other": "p-nobody"}), 400, `not in the directory of people under the id "p-nobody"`},
		"other not typed":  {check("hr_record", map[string]string{"requester": "other"}), 400, "Type the id of the person who asked"},
		"no reference":     {check("hr_record", map[string]string{"reference": " "}), 400, "Give the reference"},
		"new number":       {check("callback", map[string]string{"point": "c-new"}), 403, "has been on file only since"},
		"no number":        {check("callback", nil), 400, "number on file"},
		"void by factors":  {check("device", nil), 403, "factors are what changed"},
		"no witness":       {check("in_person", map[string]string{"place": "Reception"}), 400, "A meeting needs a witness"},
		"unknown witness":  {check("in_person", map[string]string{"place": "Reception", "witness": "p-no"}), 400, "The witness is not in the directory"},
		"witness is owner": {check("in_person", map[string]string{"place": "Reception", "witness": "p-anna"}), 403, "The witness must be another person"},
		"requester is me":  {check("hr_record", map[string]string{"requester": "other", "other": "p-tove"}), 403, "cannot be the one who checks identity"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.typed["remark"] = "kept"
			p := c.record(k, tt.typed)
			p.want(t, tt.status, tt.says)
			if got := p.text("#remark"); got != "kept" {
				t.Errorf("what was typed is lost: %q", got)
			}
			if got, _ := p.Find("#reference").Attr("value"); got != strings.TrimSpace(tt.typed["reference"]) {
				t.Errorf("the reference is lost: %q", got)
			}
		})
	}
	if h := w.hold(k); len(h.Evidence) != 0 || h.Version != 1 {
		t.Errorf("%d checks were recorded", len(h.Evidence))
	}
}

// TestNote: a remark is kept as it was written, and counts for nothing.
func TestNote(t *testing.T) {
	w := newWorld()
	k := w.add(annas())
	c := serve(t, w).as(t, "p-rolf")
	path := "/holds/" + string(k.Hold)
	c.post(path+"/note", c.get(path).fill(t, path+"/note", map[string]string{"text": " One line.\r\nAnother. "})).want(t, http.StatusSeeOther)
	c.post(path+"/note", c.get(path).fill(t, path+"/note", map[string]string{"text": "\n"})).want(t, http.StatusBadRequest, "The note is empty.")
	if got := c.get(path).Find("#notes .said").Last().Text(); got != "One line.\nAnother." {
		t.Errorf("the note reads %q", got)
	}
	if h := w.hold(k); h.Version != 1 || h.State != holds.Pending {
		t.Error("a note changed the hold")
	}
}
