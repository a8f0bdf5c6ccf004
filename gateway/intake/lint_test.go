package intake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shipped are the directories, from the top of the module, whose code is in the
// program: every package but the simulators and the benchmark, which hold no secret
// of anybody's, and the generated code. None is listed, so that none is forgotten.
func shipped(t *testing.T) (dirs []string) {
	t.Helper()
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		dir, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		switch name := d.Name(); {
		case dir != "." && strings.HasPrefix(name, "."), name == "testdata", name == "bin", name == "pgdb",
			strings.HasSuffix(name, "sim"), strings.HasSuffix(name, "test"), dir == "cmd/countersign/bench":
			return fs.SkipDir
		}
		if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) > 0 {
			dirs = append(dirs, dir)
		}
		return nil
	})
	if err != nil || len(dirs) < 30 {
		t.Fatalf("only %d packages were found: %v", len(dirs), err)
	}
	return dirs
}

// notSecret are the comparisons that only look like one of a secret, by the file
// and what is compared there, with the reason.
func notSecret() map[string]string {
	const kind = "a word for a kind of thing"
	const nonce = "no credential; what Microsoft or our own database tells of a subscription of ours"
	return map[string]string{
		`gateway/signin/token.go: len(raw) != tokenBytes`:                             "a length that everybody knows",
		`holds/ownerlink/mint.go: spell(raw) != token`:                                "what the caller sent, with itself",
		`providers/entra/actor.go: strings.EqualFold(u.login, passwordService)`:       "the name of a service of Microsoft's",
		`providers/entra/auth.go: strings.EqualFold(got.TokenType, "Bearer")`:         "a word of the protocol",
		`providers/entra/auth.go: header == "Bearer " + t.token`:                      "our own header, as this process sent it, with what it has now",
		`providers/entra/feeds.go: s.url != f.opt.NotificationURL + "/" + feed.Nonce`: nonce,
		`providers/entra/feeds.go: s.url == f.opt.NotificationURL + "/" + feed.Nonce`: nonce,
		`providers/entra/subscription.go: w.Nonce != nonce`:                           nonce,
		`holds/subjects.go: e.Actor.Kind != PartyToken`:                               kind,
		`holds/policy/predicates.go: a.Kind == holds.PartyToken`:                      kind,
		`holds/policy/predicates.go: q.event.Class != holds.PasswordReset`:            kind,
		`holds/replay/history.go: e.Actor.Kind != holds.PartyToken`:                   kind,
		`providers/entra/roles.go: p.Credential == pimApp`:                            "the public id of an application",
	}
}

// TestA4SecretsAreComparedInConstantTime reads the code of every package of the
// program: nothing that is a secret or a digest of one may be compared by
// ==, != or a function that stops at the first difference. Comparing with "" or
// nil is allowed.
func TestA4SecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	if found := variableTime(t, "bad.go", `package bad
		func f(secret, given string, a, b [32]byte) bool {
			if secret == "" || given == "x" { return false }
			return secret == given || bytes.Equal(currentDigest[:], b[:]) || strings.EqualFold(given, c.Secrets.Current)
		}`); len(found) != 3 {
		t.Fatalf("the reader is blind: it found %v", found)
	}
	excused, used := notSecret(), map[string]bool{}
	for _, dir := range shipped(t) {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, found := range variableTime(t, name, nil) {
				key := dir + "/" + filepath.Base(name) + ": " + found.what
				if excused[key] == "" {
					t.Errorf("%s: a secret is compared in a time that depends on it; compare digests with subtle.ConstantTimeCompare (or say in notSecret why it is none: %q)", found.where, key)
				}
				used[key] = true
			}
		}
	}
	for key := range excused {
		if !used[key] {
			t.Errorf("notSecret excuses what is not there: %q", key)
		}
	}
}

// suspect is a comparison that looks at something named like a secret.
type suspect struct{ where, what string }

// variableTime finds the comparisons of a file that look at secrets.
func variableTime(t *testing.T, name string, src any) []suspect {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []suspect
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && !empty(n.X) && !empty(n.Y) && (secretive(n.X) || secretive(n.Y)) {
				found = append(found, suspect{set.Position(n.Pos()).String(), types.ExprString(n)})
			}
		case *ast.CallExpr:
			if comparing(n.Fun) && secretive(n.Args...) {
				found = append(found, suspect{set.Position(n.Pos()).String(), types.ExprString(n)})
			}
		}
		return true
	})
	return found
}

// secretive tells whether an expression mentions something named like a secret.
// What a call returns is not what it was given.
func secretive(exprs ...ast.Expr) bool {
	names := regexp.MustCompile(`(?i)secret|digest|current|previous|credential|token|password|nonce|signature|clientstate|cookie|mac$`)
	hit := false
	for _, e := range exprs {
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && names.MatchString(id.Name) {
				hit = true
			}
			_, call := n.(*ast.CallExpr)
			return !call
		})
	}
	return hit
}

// empty tells whether comparing with an expression tells no more than whether
// there is something: "", nil, a number, or the result of such a comparison.
func empty(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return empty(e.X)
	case *ast.BasicLit:
		return e.Value == `""` || e.Kind == token.INT
	case *ast.Ident:
		return e.Name == "nil"
	case *ast.BinaryExpr:
		return (e.Op == token.EQL || e.Op == token.NEQ) && (empty(e.X) || empty(e.Y))
	}
	return false
}

func comparing(f ast.Expr) bool {
	sel, ok := f.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && regexp.MustCompile(`^(bytes|strings|slices|reflect|maps|cmp)\.(Equal|EqualFold|Compare|DeepEqual|HasPrefix|HasSuffix)$`).MatchString(pkg.Name+"."+sel.Sel.Name)
}
