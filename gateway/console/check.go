package console

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/holds"
)

// otherPerson is the choice of the form for somebody it does not list.
const otherPerson = "other"

// evidence records an identity check on the version the page showed. Only the
// fields that belong to its kind are taken.
func (s *Console) evidence(c echo.Context) error {
	d, err := s.begin(c, "checks")
	if err != nil {
		return err
	}
	e, err := d.readCheck(c.Request().Context())
	if err == nil {
		_, err = s.Keeper.Check(c.Request().Context(), d.key, d.frame.by, d.stamp.Version, e)
	}
	return d.end(err)
}

func (d *deed) readCheck(ctx context.Context) (holds.Evidence, error) {
	t := &d.typed
	remark, err := d.form.Text("remark", "The note", longest)
	t.Remark, d.kept = remark, remark
	if err != nil {
		return holds.Evidence{}, err
	}
	if err := d.fields(map[string]*string{
		"kind": &t.Kind, "point": &t.Point, "requester": &t.Requester, "other": &t.Other,
		"reference": &t.Reference, "witness": &t.Witness, "place": &t.Place,
	}); err != nil {
		return holds.Evidence{}, err
	}
	if t.Kind == "" {
		return holds.Evidence{}, holds.Refuse(holds.Invalid, "Choose how identity was checked.")
	}
	kind, err := holds.ParseEvidenceKind(t.Kind)
	if err != nil {
		return holds.Evidence{}, err
	}
	for _, f := range []struct{ label, value string }{{"The reference", t.Reference}, {"The place", t.Place}} {
		if n := len([]rune(f.value)); n > 200 {
			return holds.Evidence{}, holds.Refuse(holds.Invalid, "%s has %d characters and at most 200 are kept. Shorten it by %d.", f.label, n, n-200)
		}
	}
	e := holds.Evidence{Kind: kind, Reference: t.Reference, Note: remark}
	if e.Requester, err = d.requester(ctx); err != nil {
		return e, err
	}
	switch kind {
	case holds.Callback:
		e.Point = t.Point
	case holds.InPerson:
		e.Place = t.Place
		if t.Witness != "" {
			e.Witness, err = d.known(ctx, "The witness", t.Witness)
		}
	case holds.LiveSession, holds.ManagerConfirmed, holds.DeviceConfirmed, holds.HRRecord:
	}
	return e, err
}

// requester is who asked for the change, as the verifier established it.
func (d *deed) requester(ctx context.Context) (holds.PersonID, error) {
	switch d.typed.Requester {
	case "":
		return "", holds.Refuse(holds.Invalid, "Say who asked for the change. If it is the owner of the account, choose the owner.")
	case otherPerson:
		if d.typed.Other == "" {
			return "", holds.Refuse(holds.Invalid, "Type the id of the person who asked for the change, as in the directory.")
		}
		return d.known(ctx, "The person who asked", d.typed.Other)
	}
	return d.known(ctx, "The person who asked", d.typed.Requester)
}

// known refuses an id that the directory does not have: a slip of the pen would
// otherwise pass for somebody.
func (d *deed) known(ctx context.Context, label, id string) (holds.PersonID, error) {
	p, err := d.s.Reader.Person(ctx, d.frame.tenant, holds.PersonID(id))
	if holds.KindOf(err) == holds.NotFound {
		return "", holds.Refuse(holds.Invalid, "%s is not in the directory of people under the id %q.", label, id)
	}
	return p.ID, err
}
