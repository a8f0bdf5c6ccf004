package layout

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// row is what one package may import besides the standard library: packages of
// ours by their path below the module, others by their module, with spaces
// between them.
type row struct {
	code string
	// test is what its _test.go files may import beyond code and everyTest.
	test string
	// generated packages have their documentation elsewhere.
	generated bool
}

// everything in a row stands for every package of ours outside cmd that no law
// forbids there.
const everything = "*"

// check holds a module against a table and returns what is wrong, in order of
// the packages, in words for the one who has to mend it.
func check(fsys fs.FS, table map[string]row, everyTest string) ([]string, error) {
	t, err := read(fsys)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, p := range t.sorted() {
		r, known := table[p.path]
		wrong = append(wrong, lawsOfPackage(p, r)...)
		wrong = append(wrong, broken(p)...)
		if !known {
			wrong = append(wrong, newPackage(p, everyTest))
			continue
		}
		wrong = append(wrong, arrows(p, r, everyTest)...)
	}
	return append(wrong, stale(t, table, everyTest)...), nil
}

// broken returns the imports of a package that break a law.
func broken(p *pkg) []string {
	var wrong []string
	for _, part := range []struct {
		law     func(string, target) string
		imports map[target][]string
	}{{lawOfArrow, p.code}, {lawOfTest, p.test}} {
		for _, to := range targets(part.imports) {
			if law := part.law(p.path, to); law != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s (%s), and no row can allow that: %s",
					p.path, to.name, strings.Join(part.imports[to], ", "), law))
			}
		}
	}
	return wrong
}

// forbidden reports whether an import of code (or else of a test) breaks a law.
func forbidden(p *pkg, to target, column string) bool {
	if column == "code" {
		return lawOfArrow(p.path, to) != ""
	}
	return lawOfTest(p.path, to) != ""
}

// arrows returns the imports of a package that its row does not allow.
func arrows(p *pkg, r row, everyTest string) []string {
	var wrong []string
	code := strings.Fields(r.code)
	test := slices.Concat(code, strings.Fields(r.test), strings.Fields(everyTest))
	for _, part := range []struct {
		column  string
		imports map[target][]string
		allowed []string
	}{{"code", p.code, code}, {"test", p.test, test}} {
		for _, to := range targets(part.imports) {
			if allows(part.allowed, to) || forbidden(p, to, part.column) || part.column == "test" && within(to.name, p.path+"/testdata") {
				continue // a broken law is said once, without a row that would not help; what a package's own tests read is theirs
			}
			wrong = append(wrong, fmt.Sprintf("%s imports %s (%s), and its row does not allow it.\n%s\n  If it is right, put %s into its %s: in table.go.",
				p.path, to.name, strings.Join(part.imports[to], ", "), question(to), to.name, part.column))
		}
	}
	return wrong
}

func allows(allowed []string, to target) bool {
	if to.origin == standard || slices.Contains(allowed, to.name) {
		return true
	}
	return to.origin == ours && column(to.name) != "cmd" && slices.Contains(allowed, everything)
}

// stale returns the rows and the words of rows for what is not there.
func stale(t *tree, table map[string]row, everyTest string) []string {
	var wrong []string
	gone := func(where, words string) {
		for _, word := range strings.Fields(words) {
			if host := strings.Contains(column(word), "."); host && !slices.Contains(t.requires, word) {
				wrong = append(wrong, fmt.Sprintf("%s names %s, which go.mod does not require (any more): take it out", where, word))
			} else if !host && word != everything && t.packages[word] == nil {
				wrong = append(wrong, fmt.Sprintf("%s names %s, which does not exist (any more): take it out", where, word))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if t.packages[name] == nil {
			wrong = append(wrong, fmt.Sprintf("the table has a row for %s, which does not exist (any more): take it out", name))
			continue
		}
		gone("the row of "+name, table[name].code+" "+table[name].test)
	}
	gone("everyTest", everyTest)
	return wrong
}

// newPackage says which row to add.
func newPackage(p *pkg, everyTest string) string {
	code := words(p.code, nil)
	test := words(p.test, slices.Concat(code, strings.Fields(everyTest)))
	literal := "{"
	if len(code) > 0 {
		literal += fmt.Sprintf("code: %q", strings.Join(code, " "))
	}
	if len(test) > 0 {
		if len(code) > 0 {
			literal += ", "
		}
		literal += fmt.Sprintf("test: %q", strings.Join(test, " "))
	}
	return fmt.Sprintf(`%s is not in the table.
  Ask first: what is its one idea, and does another package have it already? Is it in
  the column of the outside thing that it speaks to? Does each interface stand where it is
  used? Would it still make sense with half of what it imports?
  If it is right, put this row into table.go:
	%q: %s},`, p.path, p.path, literal)
}

// question is what to ask before an arrow is added.
func question(to target) string {
	if to.origin == foreign {
		return "  Ask first: is it worth a library here, and does a package that has it already do this?"
	}
	return "  Ask first: could it take a value or a function instead, or declare the interface it needs and let cmd join the two?"
}

// words are the targets to be written in a row, without those in but.
func words(imports map[target][]string, but []string) []string {
	var out []string
	for _, to := range targets(imports) {
		if to.origin != standard && !slices.Contains(but, to.name) {
			out = append(out, to.name)
		}
	}
	return out
}

// targets are the keys in the order in which a row is written: ours first.
func targets(imports map[target][]string) []target {
	return slices.SortedFunc(maps.Keys(imports), func(a, b target) int {
		if a.origin != b.origin {
			return int(a.origin) - int(b.origin)
		}
		return strings.Compare(a.name, b.name)
	})
}
