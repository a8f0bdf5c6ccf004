package pagetest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway/page/pagetest"
)

// bad are pages that Harmless must not take.
func bad() map[string]string {
	return map[string]string{
		"script":    `<p><script>alert(1)</script>`,
		"handler":   `<p onclick="alert(1)">`,
		"style":     `<p style="color:red">`,
		"element":   `<svg></svg>`,
		"comment":   `<p><!-- x --></p>`,
		"leads":     `<a href="https://evil.example/">`,
		"no host":   `<a href="//evil.example/">`,
		"scheme":    `<a href="javascript:alert(1)">`,
		"form":      `<form action="https://evil.example/">`,
		"turned":    "<p>\u202egnp.exe</p>",
		"unseen":    "<p>a\u200bb</p>",
		"attribute": `<p ` + pagetest.Sign + `="x">`,
	}
}

// TestHarmless runs itself as another process for each bad page, since what it
// proves is that a test fails.
func TestHarmless(t *testing.T) {
	if name := os.Getenv("PAGETEST_BAD"); name != "" {
		pagetest.Harmless(t, bad()[name])
		return
	}
	pagetest.Harmless(t, `<!DOCTYPE html><title>x</title><p>a <bdi>b</bdi> <a href="/holds">c</a>`)
	for name := range bad() {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestHarmless$")
		cmd.Env = append(os.Environ(), "PAGETEST_BAD="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--- FAIL: TestHarmless") {
			t.Errorf("%s passes: %s", name, out)
		}
	}
}
