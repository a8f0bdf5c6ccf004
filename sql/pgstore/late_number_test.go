package pgstore_test

import (
	"context"
	"testing"

	"github.com/countersign/countersign/holds"
)

// H10: a row is given its number some time before it is written. Its transaction
// may stand still in between, for as long as the machine likes, and be overtaken by
// others: the mark of its lane waits for it all the same.
func TestH10ANumberThatIsNotWrittenYetIsNotPassedOver(t *testing.T) {
	w := newWorld(t)
	w.exec(`CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.envelope = 'late' THEN PERFORM pg_advisory_lock(4711); PERFORM pg_advisory_unlock(4711); END IF;
			RETURN NEW;
		END $$`)
	w.exec(`CREATE TRIGGER stand_still BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION stand_still()`)
	w.receive(acme, okta, holds.FromHook, "first") // the sequence writes its log ahead for the next ones
	if got := w.order(1); len(got) != 1 {
		t.Fatalf("decided %v", got)
	}
	gate, err := w.sql(w.db.SuperDSN).Conn(t.Context())
	w.must(err)
	defer gate.Close()
	_, err = gate.ExecContext(t.Context(), `SELECT pg_advisory_lock(4711)`)
	w.must(err)

	late, err := w.sql(w.db.SuperDSN).BeginTx(context.WithoutCancel(t.Context()), nil)
	w.must(err)
	defer func() { _ = late.Rollback() }()
	var number int64
	written := make(chan error, 1)
	go func() {
		written <- late.QueryRowContext(context.WithoutCancel(t.Context()), `INSERT INTO deliveries (tenant_id, connection_id, source, envelope, body, digest, received_at)
			SELECT tenant_id, connection_id, 'hook', 'late', '\x00', decode(repeat('00', 32), 'hex'), now()
			FROM connections WHERE connection_id = $1 RETURNING delivery_id`, string(okta)).Scan(&number)
	}()
	w.until("its number is given and it stands still", func() bool {
		return w.count(`pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 1
	})
	w.receive(acme, okta, holds.FromHook, "overtakes")
	if got := w.order(1); len(got) != 1 {
		t.Fatalf("decided %v", got)
	}
	_, err = gate.ExecContext(t.Context(), `SELECT pg_advisory_unlock(4711)`)
	w.must(err)
	w.must(<-written)
	for range 3 {
		w.receive(acme, okta, holds.FromHook, "and more")
		if got := w.order(1); len(got) != 1 {
			t.Fatalf("decided %v", got)
		}
	}
	if _, marks := w.Marks(); len(marks) == 1 && marks[0] > number {
		t.Errorf("the lane is read from %d on, while %d is still being written", marks[0], number)
	}
	w.must(late.Commit())
	if worked, _ := w.Decide(t.Context(), at(3), returns(), openOrJoin); !worked { // its body is no sealed one, which shows that it was claimed
		t.Error("it was passed over")
	}
}
