package main

import (
	"strings"
	"testing"
)

// J9: a combination that would be insecure starts nothing, and check-config says
// so before. (What has a key of its own is in TestConfigRefusals.)
func TestJ9InsecureCombinationsDoNotStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notYet: true})
	w.write("weak.yaml", "approvers: 0\n")
	for name, c := range map[string]struct {
		dsn string
		old string
		new string
		say string
	}{
		"the database in clear on another machine": {dsn: "host=db.example user=countersign_app password=hidden sslmode=disable", say: "on the way"},
		"the database in clear if somebody asks":   {dsn: "postgres://countersign_app:hidden@10.1.2.3/c?sslmode=prefer", say: "on the way"},
		"no word on encryption":                    {dsn: "host=db.example user=countersign_app password=hidden", say: "sslmode"},
		"no emergency accounts":                    {old: "break_glass: [00uBreakGlassOne0000, 00uBreakGlassTwo0000]", new: "break_glass: []", say: "break_glass"},
		"an emergency account that is restrained":  {old: "        hook:\n", new: "        never_suspend: [00uBreakGlassOne0000]\n        hook:\n", say: "one list"},
		"nobody to decide":                         {old: "reviewers: [ruth, omar, sanne]", new: "reviewers: []", say: "reviewers"},
		"one person twice":                         {old: "reviewers: [ruth, omar, sanne]", new: "reviewers: [ruth, ruth]", say: "reviewers"},
		"everybody a trusted proxy":                {old: "console:\n", new: "  trusted_proxies: [0.0.0.0/0]\nconsole:\n", say: "trusted_proxies"},
		"an address in clear":                      {old: publicURL, new: "http://countersign.nordwind.example", say: "https"},
		"a console for every site":                 {old: "console:\n", new: "console:\n  cors: \"*\"\n", say: "cors"},
		"cookies in clear":                         {old: "console:\n", new: "console:\n  insecure_cookies: true\n", say: "insecure_cookies"},
		"fewer approvers than the floor":           {old: "    policy: policy.yaml\n", new: "    policy: weak.yaml\n", say: "approvers"},
		"event keys shorter than a log":            {old: "console:\n", new: "retention:\n  events: 30\nconsole:\n", say: "91 days"},
	} {
		t.Run(name, func(t *testing.T) {
			before := *w.layout
			defer func() { *w.layout = before }()
			if c.old != "" {
				w.layout.swap(c.old, c.new)
			}
			if c.dsn != "" {
				w.write("elsewhere.url", c.dsn)
				w.layout.DatabaseFile = "elsewhere.url"
			}
			w.layout.rewrite(w)
			for _, command := range []string{"check-config", "serve"} {
				_, errs, code := w.command(command)
				if code != 1 || !strings.Contains(errs, c.say) || strings.Contains(errs, "hidden") {
					t.Errorf("%s: exit %d, %s", command, code, errs)
				}
			}
		})
	}
}
