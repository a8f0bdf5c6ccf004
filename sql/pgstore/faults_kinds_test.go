package pgstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/countersign/countersign/holds"
)

// refusing has the server refuse every write as one that lacks something does,
// until it is mended. The first few only, when there is a number of them.
func (w *world) refusing(code string, first int) (mend func()) {
	w.Helper()
	when := "true"
	if first > 0 {
		w.exec(`CREATE SEQUENCE refusals`)
		w.exec(`GRANT USAGE ON SEQUENCE refusals TO countersign_app`)
		when = fmt.Sprintf("nextval('refusals') <= %d", first)
	}
	w.exec(`CREATE FUNCTION lack() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF ` + when + ` THEN RAISE EXCEPTION 'there is none left' USING ERRCODE = '` + code + `'; END IF;
		RETURN NEW;
	END $$`)
	for _, table := range []string{"deliveries", "notes"} {
		w.exec(`CREATE TRIGGER lack BEFORE INSERT ON ` + table + ` FOR EACH ROW EXECUTE FUNCTION lack()`)
	}
	return func() {
		w.Helper()
		w.exec(`DROP FUNCTION lack() CASCADE`)
		w.exec(`DROP SEQUENCE IF EXISTS refusals`)
	}
}

// H5: whatever the server lacks, and whatever it gives up waiting for, is said to be
// tried again, with nothing half done; when it is over the same store goes on.
func TestH5WhatTheServerLacksIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	h := w.held("00uh5")
	for name, code := range map[string]string{
		"the disk is full":                 "53100",
		"there is no memory":               "53200",
		"temporary files are at the limit": "53400",
		"a statement took too long":        "57014",
		"a lock was not had in time":       "55P03",
		"the server shuts down":            "57P01",
		"an error of its disk":             "58030",
	} {
		t.Run(name, func(t *testing.T) {
			before := w.state()
			mend := w.refusing(code, 0)
			for what, write := range w.writes(h) {
				if err := write(); holds.KindOf(err) != holds.Unavailable {
					t.Errorf("%s: %v", what, err)
				}
			}
			if got := w.state(); got != before {
				t.Errorf("left behind: %v, before %v", got, before)
			}
			mend()
			for what, write := range w.writes(h) {
				w.eventually(what, func() bool { return write() == nil })
			}
			if got := w.state(); got[1] != before[1]+1 {
				t.Errorf("one decision is %d notes", got[1]-before[1])
			}
		})
	}
}

// H5: a transaction that loses against another one is run again by itself, and what
// it does is done once.
func TestH5ASerializationFailureIsRunAgain(t *testing.T) {
	w := newWorld(t)
	h := w.held("00userial")
	for what, write := range w.writes(h) {
		grows := map[string]int{"a delivery": 0, "a page": 0, "a decision": 1}[what]
		before := w.state()
		mend := w.refusing("40001", 2)
		if err := write(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if n := w.count(`(SELECT FROM refusals WHERE last_value = 3) s`); n != 1 {
			t.Errorf("%s was not tried three times", what)
		}
		mend()
		if got := w.state(); got[grows] != before[grows]+1 {
			t.Errorf("%s was done %d times", what, got[grows]-before[grows])
		}
	}
}

// H5: somebody's transaction holds what a decision needs. With a limit on waiting for
// locks it is told to come back; without one it waits, and is done once.
func TestH5ALockThatIsNotHad(t *testing.T) {
	w := newWorld(t)
	h := w.held("00ulock")
	w.exec(`ALTER ROLE countersign_app IN DATABASE "` + w.db.Name + `" SET lock_timeout = '100ms'`)
	patient := w.Store
	w.Store = w.open()
	before := w.state()
	super, err := w.sql(w.db.SuperDSN).BeginTx(context.WithoutCancel(t.Context()), nil)
	w.must(err)
	defer func() { _ = super.Rollback() }()
	_, err = super.ExecContext(t.Context(), `SELECT 1 FROM holds WHERE hold_id = $1 FOR UPDATE`, string(h.ID))
	w.must(err)
	w.kind(holds.Unavailable, w.writes(h)["a decision"]())
	w.must(w.writes(h)["a delivery"]()) // needs nothing of it
	if got := w.state(); got[1] != before[1] || got[2] != before[2] {
		t.Errorf("left behind: %v, before %v", got, before)
	}
	w.Store = patient
	done := make(chan error, 1)
	go func() { done <- w.writes(h)["a decision"]() }()
	w.eventually("the decision to wait for the hold", func() bool {
		return w.count(`pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	})
	w.must(super.Rollback())
	w.must(<-done)
	if w.count("notes") != 1 {
		t.Error("it was not done once")
	}
}
