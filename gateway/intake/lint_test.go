package intake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestA4SecretsAreComparedInConstantTime reads this package's code: nothing
// that is a secret or a digest of one may be compared by ==, != or a function
// that stops at the first difference. Comparing with "" or nil is allowed.
func TestA4SecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	if found := variableTime(t, "bad.go", `package bad
		func f(secret, given string, a, b [32]byte) bool {
			if secret == "" || given == "x" { return false }
			return secret == given || bytes.Equal(currentDigest[:], b[:]) || strings.EqualFold(given, c.Secrets.Current)
		}`); len(found) != 3 {
		t.Fatalf("the reader is blind: it found %v", found)
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, where := range variableTime(t, name, nil) {
			t.Errorf("%s: a secret is compared in a time that depends on it; compare digests with subtle.ConstantTimeCompare", where)
		}
	}
}

// variableTime finds the comparisons of a file that look at secrets.
func variableTime(t *testing.T, name string, src any) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && !empty(n.X) && !empty(n.Y) && (secretive(n.X) || secretive(n.Y)) {
				found = append(found, set.Position(n.Pos()).String())
			}
		case *ast.CallExpr:
			if comparing(n.Fun) && secretive(n.Args...) {
				found = append(found, set.Position(n.Pos()).String())
			}
		}
		return true
	})
	return found
}

// secretive tells whether an expression mentions something named like a secret.
// What a call returns is not what it was given.
func secretive(exprs ...ast.Expr) bool {
	names := regexp.MustCompile(`(?i)secret|digest|current|previous|credential|token|password`)
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

func empty(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Value == `""`
	case *ast.Ident:
		return e.Name == "nil"
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
