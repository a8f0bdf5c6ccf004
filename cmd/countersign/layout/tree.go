package layout

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// tree is what the files of a module say.
type tree struct {
	module   string
	requires []string        // module paths of go.mod, longest first
	packages map[string]*pkg // by path below the module
}

// pkg is one directory with Go files.
type pkg struct {
	path     string
	name     string              // of the package clause, without _test
	hasCode  bool                // a file that is not a test
	hasDoc   bool                // a doc.go with a package comment
	code     map[target][]string // what is imported, and by which files
	test     map[target][]string // the same for _test.go files
	mismatch []string            // files with another package clause
}

// target is what an import points to: a package of ours by its path below the
// module, a required module for any of its packages, or a package of the
// standard library.
type target struct {
	origin origin
	name   string
}

// origin is whose package an import is.
type origin int

const (
	standard origin = iota
	ours
	foreign
)

// read parses every Go file of the module whose root is fsys, whatever its
// build tags; it skips what the go command skips: directories called testdata
// or starting with a dot or an underscore.
func read(fsys fs.FS) (*tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	file, err := modfile.ParseLax("go.mod", mod, nil)
	if err != nil {
		return nil, err
	}
	if file.Module == nil {
		return nil, errors.New("go.mod: no module line")
	}
	t := &tree{module: file.Module.Mod.Path, packages: map[string]*pkg{}}
	for _, r := range file.Require {
		t.requires = append(t.requires, r.Mod.Path)
	}
	slices.SortFunc(t.requires, func(a, b string) int { return len(b) - len(a) })
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		return t.add(fsys, name)
	})
	return t, err
}

// add takes one file into its package.
func (t *tree) add(fsys fs.FS, name string) error {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	p := t.packages[dir]
	if p == nil {
		p = &pkg{path: dir, code: map[target][]string{}, test: map[target][]string{}}
		t.packages[dir] = p
	}
	isTest := strings.HasSuffix(base, "_test.go")
	p.clause(file, name, isTest)
	into := p.code
	if isTest {
		into = p.test
	} else {
		p.hasCode = true
	}
	p.hasDoc = p.hasDoc || base == "doc.go" && file.Doc != nil
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		to := t.resolve(imported)
		if to != (target{ours, dir}) { // an external test imports its own package
			into[to] = append(into[to], name)
		}
	}
	return nil
}

// clause notes the package's name.
func (p *pkg) clause(file *ast.File, name string, isTest bool) {
	clause := file.Name.Name
	if isTest {
		clause = strings.TrimSuffix(clause, "_test")
	}
	if p.name == "" {
		p.name = clause
	}
	if p.name != clause {
		p.mismatch = append(p.mismatch, name)
	}
}

// resolve says what an import points to. The first element of a path that is
// neither ours nor the standard library's is a host and has a dot.
func (t *tree) resolve(imported string) target {
	if below, found := strings.CutPrefix(imported, t.module+"/"); found {
		return target{ours, below}
	}
	if imported == t.module {
		return target{ours, "."}
	}
	for _, r := range t.requires {
		if imported == r && listed(inParts, r) {
			return target{foreign, r + whole}
		}
		if within(imported, r) {
			return target{foreign, r}
		}
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return target{foreign, imported}
	}
	return target{standard, imported}
}

// sorted returns the packages by path.
func (t *tree) sorted() []*pkg {
	var all []*pkg
	for _, name := range slices.Sorted(maps.Keys(t.packages)) {
		all = append(all, t.packages[name])
	}
	return all
}

// within reports whether name is dir or below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}
