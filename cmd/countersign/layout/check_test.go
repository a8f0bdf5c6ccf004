package layout

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// module is a small good program; a case changes files of it.
func module(changes map[string]string) fs.FS {
	files := map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n\nrequire (\n\tgithub.com/labstack/echo/v4 v4.0.0\n\tgithub.com/lib/pq v1.0.0\n" +
			"\tgithub.com/riverqueue/river v0.1.0\n\tgithub.com/riverqueue/river/riverdriver v0.1.0\n\tgithub.com/okta/okta-sdk-golang/v2 v2.0.0\n" +
			"\tgithub.com/x/tool v1.0.0\n\tgithub.com/microsoftgraph/msgraph-sdk-go v1.0.0\n)\n",
		"holds/doc.go":                      "// Package holds is pure.\npackage holds\n",
		"holds/hold.go":                     "package holds\n\nimport \"time\"\n",
		"holds/audit/doc.go":                "// Package audit is pure.\npackage audit\n",
		"holds/keeper/doc.go":               "// Package keeper keeps.\npackage keeper\n\nimport _ \"example.org/m/holds\"\n",
		"gateway/doc.go":                    "// Package gateway speaks HTTP.\npackage gateway\n",
		"gateway/serve.go":                  "package gateway\n\nimport (\n\t\"context\"\n\t\"example.org/m/holds\"\n\t\"github.com/labstack/echo/v4/middleware\"\n)\n",
		"gateway/serve_test.go":             "package gateway_test\n\nimport (\n\t\"example.org/m/gateway\"\n\t\"example.org/m/sql/pgtest\"\n\t\"github.com/x/tool/a\"\n)\n",
		"sql/pgtest/doc.go":                 "// Package pgtest serves tests.\npackage pgtest\n\nimport _ \"github.com/lib/pq\"\n",
		"providers/okta/oktasim/doc.go":     "// Package oktasim plays Okta.\npackage oktasim\n",
		"cmd/idpsim/main.go":                "package main\n\nimport _ \"example.org/m/providers/okta/oktasim\"\n",
		"cmd/serve/main.go":                 "package main\n\nimport (\n\t_ \"example.org/m/gateway\"\n\t_ \"example.org/m/holds/keeper\"\n\t_ \"example.org/m/cmd/serve/config\"\n)\n",
		"cmd/serve/config/doc.go":           "// Package config reads.\npackage config\n",
		"gateway/testdata/x.go":             "package broken !",
		".ci/x.go":                          "package broken !",
		"gateway/_old/x.go":                 "package broken !",
		"gateway/static/x.js":               "import",
		"providers/okta/oktasim/x/other.md": "import",
	}
	for name, content := range changes {
		if content == "" {
			delete(files, name)
			continue
		}
		files[name] = content
	}
	out := fstest.MapFS{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return out
}

func goodTable() map[string]row {
	return map[string]row{
		"holds":                  {},
		"holds/audit":            {code: "holds"},
		"holds/keeper":           {code: "holds"},
		"gateway":                {code: "holds github.com/labstack/echo/v4", test: "github.com/x/tool"},
		"sql/pgtest":             {code: "github.com/lib/pq"},
		"providers/okta/oktasim": {},
		"cmd/idpsim":             {code: "providers/okta/oktasim"},
		"cmd/serve":              {code: "* cmd/serve/config"},
		"cmd/serve/config":       {},
	}
}

const goodEveryTest = "sql/pgtest"

// TestCheck breaks the good program in one way at a time. Each case names part
// of the one message it wants.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		table func(map[string]row)
		every string
		want  string // nothing wrong if empty
	}{
		{name: "the good one"},
		{
			name:  "a new package",
			files: map[string]string{"notify/doc.go": "// Package notify tells.\npackage notify\n\nimport (\n\t_ \"example.org/m/holds\"\n\t_ \"github.com/x/tool/a/b\"\n\t_ \"fmt\"\n)\n", "notify/a_test.go": "package notify\n\nimport (\n\t_ \"example.org/m/sql/pgtest\"\n\t_ \"example.org/m/holds/keeper\"\n)\n"},
			want:  "\t\"notify\": {code: \"holds github.com/x/tool\", test: \"holds/keeper\"},",
		},
		{
			name:  "a new package of which only the tests import",
			files: map[string]string{"notify/doc.go": "// Package notify tells.\npackage notify\n", "notify/a_test.go": "package notify\n\nimport _ \"github.com/x/tool\"\n"},
			want:  "\t\"notify\": {test: \"github.com/x/tool\"},",
		},
		{
			name:  "a new package that imports nothing",
			files: map[string]string{"notify/doc.go": "// Package notify tells.\npackage notify\n"},
			want:  "\t\"notify\": {},",
		},
		{
			name:  "a package that is gone",
			files: map[string]string{"holds/audit/doc.go": ""},
			want:  "the table has a row for holds/audit, which does not exist",
		},
		{
			name: "an arrow to a package that is gone",
			table: func(t map[string]row) {
				t["gateway"] = row{code: "holds holds/gone github.com/labstack/echo/v4", test: "github.com/x/tool"}
			},
			want: "the row of gateway names holds/gone, which does not exist",
		},
		{
			name: "an arrow to a module that is not required",
			table: func(t map[string]row) {
				t["gateway"] = row{code: t["gateway"].code, test: "github.com/x/tool github.com/x/gone"}
			},
			want: "the row of gateway names github.com/x/gone, which go.mod does not require",
		},
		{name: "a word for every test that is gone", every: "sql/pgtest sql/gone", want: "everyTest names sql/gone"},
		{
			name:  "a new arrow",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"example.org/m/holds/audit\"\n"},
			want:  "gateway imports holds/audit (gateway/new.go), and its row does not allow it.\n  Ask first: could it take a value",
		},
		{
			name:  "a test that makes its own data",
			files: map[string]string{"gateway/new_test.go": "package gateway\n\nimport _ \"example.org/m/gateway/testdata/made\"\n"},
		},
		{
			name:  "a test that takes the data of another",
			files: map[string]string{"holds/keeper/new_test.go": "package keeper\n\nimport _ \"example.org/m/gateway/testdata/made\"\n"},
			want:  "holds/keeper imports gateway/testdata/made",
		},
		{
			name:  "code on data of tests",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"example.org/m/gateway/testdata/made\"\n"},
			want:  "gateway imports gateway/testdata/made",
		},
		{
			name:  "a new arrow to another module",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"github.com/x/tool\"\n"},
			want:  "put github.com/x/tool into its code: in table.go",
		},
		{
			name:  "a module that is not even in go.mod",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"example.net/y\"\n"},
			want:  "gateway imports example.net/y (gateway/new.go), and its row does not allow it.\n  Ask first: is it worth a library",
		},
		{
			name:  "a new arrow in a test",
			files: map[string]string{"gateway/new_test.go": "package gateway\n\nimport _ \"example.org/m/holds/keeper\"\n"},
			want:  "put holds/keeper into its test: in table.go",
		},
		{
			name:  "an arrow of tests, used in code",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"github.com/x/tool\"\n"},
			want:  "gateway imports github.com/x/tool (gateway/new.go)",
		},
		{
			name:  "behind a build tag",
			files: map[string]string{"gateway/new_plan9.go": "//go:build ignore\n\npackage gateway\n\nimport _ \"example.org/m/holds/audit\"\n"},
			want:  "gateway imports holds/audit (gateway/new_plan9.go)",
		},
		{
			name:  "between the columns",
			files: map[string]string{"gateway/new.go": "package gateway\n\nimport _ \"example.org/m/holds/keeper\"\n"},
			table: func(t map[string]row) {
				t["gateway"] = row{code: t["gateway"].code + " holds/keeper", test: "github.com/x/tool"}
			},
			want: "no row can allow that: between the columns",
		},
		{
			name:  "a pure package grows impure",
			files: map[string]string{"holds/audit/a.go": "package audit\n\nimport _ \"example.org/m/holds/keeper\"\n"},
			table: func(t map[string]row) { t["holds/audit"] = row{code: "holds holds/keeper"} },
			want:  "a pure package imports only pure packages",
		},
		{
			name:  "holds takes a library",
			files: map[string]string{"holds/a.go": "package holds\n\nimport _ \"github.com/x/tool\"\n"},
			table: func(t map[string]row) { t["holds"] = row{code: "github.com/x/tool"} },
			want:  "holds imports only the standard library",
		},
		{name: "holds takes a context", files: map[string]string{"holds/a.go": "package holds\n\nimport _ \"context\"\n"}, want: "holds is pure"},
		{name: "holds takes the network", files: map[string]string{"holds/a.go": "package holds\n\nimport _ \"net/http\"\n"}, want: "holds is pure"},
		{name: "holds takes chance", files: map[string]string{"holds/a.go": "package holds\n\nimport _ \"math/rand/v2\"\n"}, want: "holds is pure"},
		{name: "holds takes an address", files: map[string]string{"holds/a.go": "package holds\n\nimport (\n\t_ \"net/netip\"\n\t_ \"iter\"\n)\n"}},
		{name: "a test of holds may open files", files: map[string]string{"holds/a_test.go": "package holds\n\nimport _ \"os\"\n"}},
		{
			name:  "somebody imports cmd",
			files: map[string]string{"holds/keeper/a.go": "package keeper\n\nimport _ \"example.org/m/cmd/serve/config\"\n"},
			table: func(t map[string]row) { t["holds/keeper"] = row{code: "holds cmd/serve/config"} },
			want:  "nothing imports cmd",
		},
		{
			name:  "a test imports cmd",
			files: map[string]string{"holds/keeper/a_test.go": "package keeper\n\nimport _ \"example.org/m/cmd/serve/config\"\n"},
			table: func(t map[string]row) { t["holds/keeper"] = row{code: "holds", test: "cmd/serve/config"} },
			want:  "nothing imports cmd",
		},
		{
			name:  "one command imports another",
			files: map[string]string{"cmd/serve/a.go": "package main\n\nimport _ \"example.org/m/cmd/idpsim\"\n"},
			table: func(t map[string]row) { t["cmd/serve"] = row{code: "* cmd/serve/config cmd/idpsim"} },
			want:  "nothing imports cmd",
		},
		{
			name:  "everything is not all of cmd",
			table: func(t map[string]row) { t["cmd/serve"] = row{code: "*"} },
			want:  "put cmd/serve/config into its code:",
		},
		{
			name:  "the service links a simulator",
			files: map[string]string{"cmd/serve/a.go": "package main\n\nimport _ \"example.org/m/providers/okta/oktasim\"\n"},
			want:  "a simulator is imported only by tests and cmd/idpsim",
		},
		{name: "a test of the service uses a simulator", files: map[string]string{"cmd/serve/a_test.go": "package main\n\nimport _ \"example.org/m/providers/okta/oktasim\"\n"}},
		{
			name:  "a simulator imports ours",
			files: map[string]string{"providers/okta/oktasim/a.go": "package oktasim\n\nimport _ \"example.org/m/holds\"\n"},
			table: func(t map[string]row) { t["providers/okta/oktasim"] = row{code: "holds"} },
			want:  "a simulator imports nothing of ours",
		},
		{
			name:  "code imports what serves tests",
			files: map[string]string{"cmd/serve/a.go": "package main\n\nimport _ \"example.org/m/sql/pgtest\"\n"},
			want:  "what serves tests is imported only by tests",
		},
		{
			name:  "Echo outside gateway",
			files: map[string]string{"cmd/serve/a.go": "package main\n\nimport _ \"github.com/labstack/echo/v4\"\n"},
			table: func(t map[string]row) { t["cmd/serve"] = row{code: "* cmd/serve/config github.com/labstack/echo/v4"} },
			want:  "is imported only in gateway",
		},
		{
			name:  "lib/pq outside sql",
			files: map[string]string{"holds/keeper/a.go": "package keeper\n\nimport _ \"github.com/lib/pq\"\n"},
			table: func(t map[string]row) { t["holds/keeper"] = row{code: "holds github.com/lib/pq"} },
			want:  "is imported only in sql",
		},
		{
			name:  "River outside sql, by a module below its own",
			files: map[string]string{"holds/keeper/a.go": "package keeper\n\nimport _ \"github.com/riverqueue/river/riverdriver\"\n"},
			table: func(t map[string]row) { t["holds/keeper"] = row{code: "holds github.com/riverqueue/river/riverdriver"} },
			want:  "is imported only in sql",
		},
		{
			name:  "the root of a module that is imported in parts",
			files: map[string]string{"providers/entra/a.go": "package entra\n\nimport _ \"github.com/microsoftgraph/msgraph-sdk-go\"\n", "providers/entra/doc.go": "// Package entra speaks.\npackage entra\n"},
			table: func(t map[string]row) {
				t["providers/entra"] = row{code: "github.com/microsoftgraph/msgraph-sdk-go"}
			},
			want: "its root imports everything there is",
		},
		{
			name:  "that root in a test",
			files: map[string]string{"gateway/a_test.go": "package gateway\n\nimport _ \"github.com/microsoftgraph/msgraph-sdk-go\"\n"},
			table: func(t map[string]row) {
				t["gateway"] = row{code: t["gateway"].code, test: "github.com/x/tool github.com/microsoftgraph/msgraph-sdk-go"}
			},
			want: "its root imports everything there is",
		},
		{
			name:  "the Okta SDK outside providers/okta",
			files: map[string]string{"gateway/a.go": "package gateway\n\nimport _ \"github.com/okta/okta-sdk-golang/v2/okta\"\n"},
			table: func(t map[string]row) {
				t["gateway"] = row{code: t["gateway"].code + " github.com/okta/okta-sdk-golang/v2", test: "github.com/x/tool"}
			},
			want: "is imported only in providers/okta",
		},
		{
			name:  "cgo",
			files: map[string]string{"gateway/a.go": "package gateway\n\nimport \"C\"\n"},
			want:  "without cgo",
		},
		{name: "no doc.go", files: map[string]string{"holds/audit/doc.go": "", "holds/audit/a.go": "// Package audit is.\npackage audit\n"}, want: "holds/audit: it has no doc.go"},
		{name: "a doc.go without a comment", files: map[string]string{"holds/audit/doc.go": "package audit\n"}, want: "holds/audit: it has no doc.go with a package comment"},
		{
			name:  "generated",
			files: map[string]string{"holds/audit/doc.go": "", "holds/audit/a.go": "package audit\n"},
			table: func(t map[string]row) { t["holds/audit"] = row{code: "holds", generated: true} },
		},
		{
			name:  "an empty name",
			files: map[string]string{"holds/util/doc.go": "// Package util is.\npackage util\n"},
			table: func(t map[string]row) { t["holds/util"] = row{} },
			want:  `holds/util: "util" says nothing`,
		},
		{
			name:  "an empty name in the package clause",
			files: map[string]string{"holds/good/doc.go": "// Package helpers is.\npackage helpers\n"},
			table: func(t map[string]row) { t["holds/good"] = row{} },
			want:  `holds/good: "helpers" says nothing`,
		},
		{
			name:  "below an empty name",
			files: map[string]string{"holds/internal/good/doc.go": "// Package good is.\npackage good\n"},
			table: func(t map[string]row) { t["holds/internal/good"] = row{} },
			want:  `holds/internal/good: "internal" says nothing`,
		},
		{
			name:  "two packages in a folder",
			files: map[string]string{"gateway/a.go": "package other\n"},
			want:  `another package clause than "other"`,
		},
		{
			name:  "another folder at the top",
			files: map[string]string{"pkg/doc.go": "// Package pkg is.\npackage pkg\n"},
			table: func(t map[string]row) { t["pkg"] = row{} },
			want:  "pkg: Go code lives in one of cmd, gateway, providers, holds, notify, sql",
		},
		{
			name:  "somebody imports the root",
			files: map[string]string{"gateway/a.go": "package gateway\n\nimport _ \"example.org/m\"\n"},
			want:  "gateway imports . (gateway/a.go), and no row can allow that",
		},
		{
			name:  "code at the root",
			files: map[string]string{"doc.go": "// Package m is.\npackage m\n"},
			table: func(t map[string]row) { t["."] = row{} },
			want:  ".: Go code lives in one of",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			table, every := goodTable(), goodEveryTest
			if c.table != nil {
				c.table(table)
			}
			if c.every != "" {
				every = c.every
			}
			wrong, err := check(module(c.files), table, every)
			if err != nil {
				t.Fatal(err)
			}
			var hits int
			for _, w := range wrong {
				if c.want != "" && strings.Contains(w, c.want) {
					hits++
				}
			}
			if c.want == "" && len(wrong) > 0 || c.want != "" && (hits != 1 || len(wrong) != 1) {
				t.Fatalf("wrong are %d:\n%s\nwant %q", len(wrong), strings.Join(wrong, "\n"), c.want)
			}
		})
	}
}

// TestCheckCannotRead: what cannot be parsed is an error and not a pass.
func TestCheckCannotRead(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no go.mod":            {"go.mod": ""},
		"a broken go.mod":      {"go.mod": "module ("},
		"a go.mod of no name":  {"go.mod": "go 1.26\n"},
		"a broken file":        {"gateway/serve.go": "package gateway\nimport ("},
		"a file of no package": {"gateway/serve.go": "// nothing\n"},
	} {
		if wrong, err := check(module(files), goodTable(), goodEveryTest); err == nil {
			t.Errorf("%s: %q and no error", name, wrong)
		}
	}
}
