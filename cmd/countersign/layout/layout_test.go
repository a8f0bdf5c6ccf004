package layout

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLayout holds the program against the table.
func TestLayout(t *testing.T) {
	wrong, err := check(os.DirFS(moduleRoot(t)), table(), everyTest)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

// moduleRoot is the nearest directory above with a go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("there is no go.mod above this package")
		}
		dir = above
	}
}
