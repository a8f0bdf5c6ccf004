package anchor_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/countersign/countersign/holds/audit/anchor"
)

// H13: a restored log publishes again once the checkpoints it lacks are set
// aside, where they stay as they were.
func TestH13CheckpointsOfALostTimeAreSetAside(t *testing.T) {
	r := newRig(t)
	for i, size := range []int64{3, 7, 9} {
		if err := r.dir.Publish(t.Context(), r.signed(size, byte(size), i)); err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := os.ReadFile(filepath.Join(r.path, "latest"))
	next := r.signed(5, 55, 9)
	if err := r.dir.Publish(t.Context(), next); !errors.Is(err, anchor.ErrBackwards) {
		t.Fatal(err)
	}
	if _, err := r.dir.SetAside(t.Context(), 3, "../elsewhere"); err == nil {
		t.Error("moved out of the directory")
	}
	moved, err := r.dir.SetAside(t.Context(), 3, "aside")
	if err != nil || len(moved) != 2 || moved[1].Size != 9 {
		t.Fatal(moved, err)
	}
	if got, err := os.ReadFile(filepath.Join(r.path, "aside", moved[1].Name)); err != nil || string(got) != string(kept) {
		t.Error("what was set aside is another file:", err)
	}
	if c, _, err := r.dir.Latest(t.Context()); err != nil || c.Size != 3 {
		t.Error(c, err)
	}
	if err := r.dir.Publish(t.Context(), next); err != nil {
		t.Error(err)
	}
	if moved, err := r.dir.SetAside(t.Context(), 5, "aside"); err != nil || len(moved) != 0 {
		t.Error(moved, err)
	}
	if _, err := r.dir.SetAside(t.Context(), 0, "all"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(r.path, "latest")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a copy of nothing is left:", err)
	}
}
