package pagetest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares a page with testdata/NAME.html, apart from what differs from
// run to run or with every change of the look: blank lines, the ends of lines,
// and the addresses of static files.
func Golden(t *testing.T, name, html string) {
	t.Helper()
	got := normal(html)
	path := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to make it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run the test with -update to accept):\n%s", path, diff)
	}
}

func normal(html string) string {
	html = regexp.MustCompile(`/look/[0-9a-f]+\.`).ReplaceAllString(html, "/look/HASH.")
	var out []string
	for line := range strings.SplitSeq(html, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n") + "\n"
}
