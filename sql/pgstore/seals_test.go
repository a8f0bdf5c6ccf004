package pgstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/countersign/countersign/holds"
)

// decided records two checks and an approval on a hold through Apply, as the keeper
// does, and returns it as it is then.
func (w *world) decided(account string) holds.Hold {
	w.Helper()
	h := w.held(account)
	for n, e := range []holds.Evidence{
		{Kind: holds.HRRecord, Verifier: "vera", Requester: "olga", Reference: "case 7"},
		{Kind: holds.InPerson, Verifier: "vera", Requester: "olga", Reference: "visit 1", Witness: "wim", Place: "reception"},
	} {
		e.ID = newID()
		h = w.apply(h, holds.Checked{Evidence: e}, 6+n)
	}
	for n, who := range []holds.PersonID{"adam", "beth"} {
		h = w.apply(h, holds.Decided{Decision: holds.Decision{ID: newID(), Kind: holds.Approve, Approver: who, Reason: "verified", Version: h.Version}}, 8+n)
	}
	return h
}

func (w *world) apply(h holds.Hold, f holds.Fact, minute int) holds.Hold {
	w.Helper()
	out, err := w.Update(w.Context(), keyOf(h), at(minute), func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, f, at(minute))
		return &c, err
	})
	w.must(err)
	return out
}

// TestJ11Seals: a row that was written or altered past Countersign counts for
// nothing, whatever it says, and the hold does not begin to give the account back.
func TestJ11Seals(t *testing.T) {
	w := newWorld(t)
	begin := func(h holds.Hold) error {
		_, err := w.Second.Update(t.Context(), keyOf(h), at(20), func(h holds.Hold) (*holds.Change, error) {
			c, err := holds.Apply(h, holds.LiftBegun{}, at(20))
			return &c, err
		})
		return err
	}
	t.Run("J11 what was decided through Countersign carries", func(*testing.T) {
		h := w.decided("00ugood")
		if h.State != holds.Approved {
			t.Fatal(h.State)
		}
		w.must(begin(h))
	})
	const from = ` WHERE hold_id = $1`
	for name, c := range map[string]struct {
		forge string
		says  string
	}{
		"J11 another approver":           {`UPDATE decisions SET approver_id = 'mallory'` + from + ` AND approver_id = 'beth'`, "approvals"},
		"J11 another version":            {`UPDATE decisions SET version = version + 1` + from + ` AND approver_id = 'beth'`, "approvals"},
		"J11 another kind":               {`UPDATE decisions SET kind = 'approve', reason = 'x'` + from + ` AND approver_id = 'beth'`, "approvals"},
		"J11 another day":                {`UPDATE decisions SET at = at + interval '1 day'` + from + ` AND approver_id = 'beth'`, "approvals"},
		"J11 an approval that is copied": {`UPDATE decisions d SET seal = (SELECT seal FROM decisions o WHERE o.hold_id = d.hold_id AND o.approver_id = 'adam')` + from + ` AND approver_id = 'beth'`, "approvals"},
		"J11 a row without a seal":       {`UPDATE decisions SET seal = NULL` + from, "approvals"},
		"J11 an approval less is needed": {`UPDATE holds SET document = jsonb_set(document, '{Terms,approvers}', '1')` + from, "approvals"},
		"J11 no checks are needed":       {`UPDATE holds SET document = jsonb_set(document, '{Terms,items}', '0')` + from, "approvals"},
		"J11 of another account":         {`UPDATE holds SET subject_id = '00uothers'` + from, "approvals"},
		"J11 a check by somebody else":   {`UPDATE evidence SET verifier_id = 'mallory'` + from + ` AND kind = 'hr_record'`, ""},
		"J11 every check":                {`UPDATE evidence SET reference = 'made up'` + from, "checks"},
	} {
		t.Run(name, func(t *testing.T) {
			h := w.decided("00u" + strings.ReplaceAll(name, " ", ""))
			w.exec(c.forge, string(h.ID))
			err := begin(h)
			var u *holds.Unproven
			if c.says == "" { // one check is enough on these terms, and the other one is proven
				w.must(err)
				return
			}
			if !errors.As(err, &u) || !strings.Contains(u.Why, c.says) || holds.KindOf(err) != holds.Forbidden {
				t.Fatalf("it was not refused: %v", err)
			}
			if n := w.count(`intents`+from, string(h.ID)); n != 0 {
				t.Fatalf("%d calls were announced", n)
			}
		})
	}
	t.Run("J11 an approval that is inserted", func(t *testing.T) {
		h := w.held("00uinserted")
		w.exec(`INSERT INTO decisions (tenant_id, hold_id, decision_id, kind, approver_id, reason, version, round, at)
			SELECT tenant_id, hold_id, 'forged', 'approve', 'adam', 'x', version, round, now() FROM holds WHERE hold_id = $1`, string(h.ID))
		v, err := w.View(t.Context(), keyOf(h))
		if w.must(err); len(v.Hold.Decisions) != 1 || v.Hold.Decisions[0].Unproven == "" || len(v.Hold.Approvals(holds.Approve)) != 0 {
			t.Fatalf("%+v", v.Hold.Decisions)
		}
	})
	t.Run("J11 a deny that is inserted undoes nothing", func(t *testing.T) {
		h := w.held("00udenied")
		w.exec(`INSERT INTO decisions (tenant_id, hold_id, decision_id, kind, approver_id, reason, version, round, at)
			SELECT tenant_id, hold_id, 'forged', 'deny', 'adam', 'x', version, round, now() FROM holds WHERE hold_id = $1`, string(h.ID))
		w.exec(`UPDATE holds SET state = 'denied', outcome = 'deny', round = 1 WHERE hold_id = $1`, string(h.ID))
		_, err := w.Update(t.Context(), keyOf(h), at(20), func(h holds.Hold) (*holds.Change, error) {
			c, err := holds.Apply(h, holds.RevertBegun{}, at(20))
			return &c, err
		})
		var u *holds.Unproven
		if !errors.As(err, &u) {
			t.Fatalf("it was not refused: %v", err)
		}
	})
	t.Run("J11 another keyring's seal does not fit", func(t *testing.T) {
		h := w.decided("00uelsewhere")
		w.exec(`UPDATE decisions SET seal = sha256('x')`+from, string(h.ID))
		v, err := w.View(t.Context(), keyOf(h))
		if w.must(err); !strings.Contains(v.Hold.Decisions[0].Unproven, "does not fit") {
			t.Fatalf("%q", v.Hold.Decisions[0].Unproven)
		}
	})
}
