package localpg

import (
	"database/sql"
	"errors"
	"testing"
)

// TestAttachToAnotherProcessServer: a command reaches the data of a running
// service, and is told when there is none.
func TestAttachToAnotherProcessServer(t *testing.T) {
	s := start(t, Options{Root: seeded(t), Unsafe: true})
	a, err := Attach(s.Root())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", a.DSN(RoleApp, Database))
	if err != nil {
		t.Fatal(err)
	}
	var role string
	if err := db.QueryRowContext(t.Context(), "SELECT current_user").Scan(&role); err != nil || role != RoleApp {
		t.Fatalf("signed in as %q: %v", role, err)
	}
	if err := errors.Join(db.Close(), s.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := Attach(s.Root()); !errors.Is(err, ErrNotRunning) {
		t.Fatalf("attached to nothing: %v", err)
	}
}
