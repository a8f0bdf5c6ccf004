package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
)

// deed is one POST on its way: who does it, to what, with which form.
type deed struct {
	s     *Console
	c     echo.Context
	frame frame
	key   holds.Key
	form  page.Form
	stamp stamp
	typed typed
	// name is the form's, and kept the text not to be lost.
	name, kept string
}

// begin reads what every form has.
func (s *Console) begin(c echo.Context, name string) (*deed, error) {
	f, err := s.newFrame(c, "", "")
	if err != nil {
		return nil, err
	}
	form, err := page.ReadForm(c)
	if err != nil {
		return nil, err
	}
	st, err := readStamp(form)
	if err != nil {
		return nil, err
	}
	return &deed{s: s, c: c, frame: f, key: key(f, c), form: form, stamp: st, name: name}, nil
}

// fields reads fields into places, stopping at the first that is wrong.
func (d *deed) fields(into map[string]*string) error {
	for name, place := range into {
		v, err := d.form.Field(name)
		if err != nil {
			return err
		}
		*place = v
	}
	return nil
}

// end answers: to the page when the deed was done, to the page with what is
// wrong when it can be mended there, and to the page of changes when another
// was faster.
func (d *deed) end(err error) error {
	switch holds.KindOf(err) {
	case holds.Conflict:
		return d.s.stale(d.c, d.frame, d.stamp, err, d.kept)
	case holds.Invalid, holds.Forbidden:
		return d.again(err)
	case holds.Internal, holds.NotFound, holds.Unavailable:
	}
	if err != nil {
		return err
	}
	return d.c.Redirect(http.StatusSeeOther, link(d.key.Hold)+"#"+d.name)
}

// again shows the hold with what is wrong and with what was typed. A refusal
// names the rule that demands it, with the policy's version.
func (d *deed) again(cause error) error {
	p, err := d.s.holdPage(d.c)
	if err != nil {
		return err
	}
	p.Wrong = &wrong{Detail: detail(cause), Form: d.name}
	if holds.KindOf(cause) == holds.Forbidden {
		p.Wrong.Rule = ruleOf(cause, p.Hold.Terms)
	}
	p.Typed = d.typed
	return d.s.pages.Show(d.c, gateway.Describe(cause).Status, "hold", p)
}

// ruleOf names the rule behind a refusal: the error's own, or the hold's.
func ruleOf(cause error, t holds.Terms) string {
	rule := t.Rule
	if e := (*holds.Error)(nil); errors.As(cause, &e) && e.Rule != "" {
		rule = e.Rule
	}
	if rule == "" {
		return ""
	}
	return page.Line(rule+", policy "+t.Policy, 200)
}

// note records a remark. A remark on an older version is taken as well: it
// counts for nothing.
func (s *Console) note(c echo.Context) error {
	d, err := s.begin(c, "notes")
	if err != nil {
		return err
	}
	text, err := d.form.Text("text", "The note", longest)
	d.typed.Text, d.kept = text, text
	if err == nil && text == "" {
		err = holds.Refuse(holds.Invalid, "The note is empty.")
	}
	if err == nil {
		err = s.Keeper.Note(c.Request().Context(), d.key, holds.ByPerson(d.frame.by), text)
	}
	return d.end(err)
}

// decision takes a decision on the version the page showed.
func (s *Console) decision(c echo.Context) error {
	d, err := s.begin(c, "decide")
	if err != nil {
		return err
	}
	reason, err := d.form.Text("reason", "The reason", longest)
	d.typed.Reason, d.kept = reason, reason
	if err != nil {
		return d.end(err)
	}
	var seen string
	if err := d.fields(map[string]*string{"decision": &d.typed.Decision, "target": &d.typed.Target, "roles_seen": &seen}); err != nil {
		return d.end(err)
	}
	kind := holds.DecisionKind(d.typed.Decision)
	switch kind {
	case holds.Deny, holds.RemoveAccess:
	case holds.Approve, holds.Restore:
		err = d.meant(seen)
	default:
		err = holds.Refuse(holds.Invalid, "Choose a decision. None is chosen beforehand.")
	}
	if err == nil && reason == "" {
		err = holds.Refuse(holds.Invalid, "Give a reason; it is part of the record.")
	}
	if err == nil {
		_, err = s.Keeper.Decide(c.Request().Context(), d.key, d.frame.by, kind, d.stamp.Version, reason)
	}
	return d.end(err)
}

// meant makes sure that letting an account go is no slip of the hand: the
// account is typed, and its current roles were looked at.
func (d *deed) meant(seen string) error {
	v, err := d.s.Reader.View(d.c.Request().Context(), d.key)
	if err != nil {
		return err
	}
	if v.Hold.Version != d.stamp.Version {
		return holds.Refuse(holds.Conflict, "The hold has changed since you opened it (you saw version %d, it is at %d). Read it again and decide then.", d.stamp.Version, v.Hold.Version)
	}
	if !names(v.Hold, d.typed.Target) {
		return holds.Refuse(holds.Invalid, "Type the login or the id of the account you mean. What you typed is not this account.")
	}
	switch {
	case seen == "":
		return holds.Refuse(holds.Invalid, "Look at the account's current roles, and tick that you did.")
	case seen != rolesDigest(v):
		return holds.Refuse(holds.Conflict, "The account's roles are not those you saw. Look at them again.")
	}
	return nil
}

// names tells whether somebody typed this account: the login in any case, or
// the id as it is.
func names(h holds.Hold, typed string) bool {
	switch {
	case typed == "":
		return false
	case h.Subject.ID == "" && h.Subject.Login == "":
		return typed == string(h.ID)
	}
	return typed == h.Subject.ID || h.Subject.Login != "" && strings.EqualFold(typed, h.Subject.Login)
}
