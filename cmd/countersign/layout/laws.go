package layout

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Lists of names, with spaces between them.
const (
	// columns are the only folders of the top level that hold Go code.
	columns = "cmd gateway providers holds notify sql"

	// pure are the packages that every column may import: they do no input or
	// output and import only one another and the modules of their row. (What
	// holds/failpoint does is not in any program that is shipped.)
	pure = "holds holds/policy holds/audit holds/ownerlink holds/failpoint"

	// impure are the packages of the standard library, with those below them,
	// through which holds would reach the world: files, network, processes,
	// databases, logs, chance, waiting.
	impure = "context crypto/rand database io log math/rand net os plugin syscall testing"

	// harmless are packages below those that only know shapes.
	harmless = "net/netip net/url net/mail"

	// inParts are modules whose root package is never imported, only packages below
	// it: the root of the Graph SDK alone takes another two minutes to compile.
	inParts = "github.com/microsoftgraph/msgraph-sdk-go"

	// whole marks an import of such a root.
	whole = " (its root)"

	// comparison holds the plain service that we measure ourselves with, of the
	// modules that a team would use for it.
	comparison = "cmd/countersign/bench"

	// emptyNames say nothing about what is inside.
	emptyNames = "internal util utils common helper helpers misc"
)

// commas makes a list of names one for a person.
func commas(list string) string { return strings.Join(strings.Fields(list), ", ") }

// homes says where alone modules may be imported, in code and not in tests, by
// the beginning of their path.
func homes() map[string]string {
	return map[string]string{
		"github.com/labstack":       "gateway",
		"github.com/lib/pq":         "sql",
		"github.com/jackc":          "sql",
		"github.com/sqlc-dev":       "sql",
		"github.com/pressly/goose":  "sql",
		"github.com/riverqueue":     "sql",
		"github.com/okta":           "providers/okta",
		"github.com/microsoftgraph": "providers/entra",
		"github.com/microsoft":      "providers/entra",
	}
}

// listed reports whether name is one of a list of names.
func listed(list, name string) bool { return slices.Contains(strings.Fields(list), name) }

// lawsOfPackage returns what is wrong with a package in itself.
func lawsOfPackage(p *pkg, r row) []string {
	var broken []string
	say := func(format string, args ...any) {
		broken = append(broken, p.path+": "+fmt.Sprintf(format, args...))
	}
	if top, _, _ := strings.Cut(p.path, "/"); !listed(columns, top) {
		say("Go code lives in one of %s, and nowhere else", commas(columns))
	}
	for _, element := range append(strings.Split(p.path, "/"), p.name) {
		if listed(emptyNames, element) {
			say("%q says nothing about what is inside; name the package after its one idea", element)
			break
		}
	}
	if len(p.mismatch) > 0 {
		say("%s: another package clause than %q, the first in this folder", strings.Join(p.mismatch, ", "), p.name)
	}
	if !p.hasDoc && p.name != "main" && !r.generated {
		say("it has no doc.go with a package comment: what it is, what it promises, what it refuses")
	}
	return broken
}

// lawOfArrow returns the law that an import in code breaks, or nothing.
func lawOfArrow(from string, to target) string {
	switch {
	case to.name == "C":
		return "the program is built without cgo"
	case strings.HasSuffix(to.name, whole):
		return "import what you need from below it; its root imports everything there is"
	case to.origin == standard && from == "holds" && reaches(to.name):
		return "holds is pure: no context, no input or output, no chance, no waiting; take the value as an argument"
	case to.origin == foreign && from == "holds":
		return "holds imports only the standard library"
	case to.origin == foreign:
		return lawOfForeign(from, to.name)
	case to.origin == ours:
		return lawOfOurs(from, to.name)
	}
	return ""
}

// lawOfTest returns the law that an import in a test breaks, or nothing. Tests
// may join what code may not; but what cmd has is tested in cmd.
func lawOfTest(from string, to target) string {
	if strings.HasSuffix(to.name, whole) {
		return "import what you need from below it; its root imports everything there is"
	}
	if to.origin == ours && column(to.name) == "cmd" && column(from) != "cmd" {
		return "nothing imports cmd"
	}
	return ""
}

func reaches(std string) bool {
	return slices.ContainsFunc(strings.Fields(impure), func(dir string) bool { return within(std, dir) }) && !listed(harmless, std)
}

// lawOfForeign returns the law that an import of a restricted module breaks, or
// nothing.
func lawOfForeign(from, module string) string {
	for prefix, home := range homes() {
		if within(module, prefix) && !within(from, home) && from != comparison {
			return fmt.Sprintf("what begins with %s is imported only in %s", prefix, home)
		}
	}
	return ""
}

// lawOfOurs returns the law that an import of one package of ours by another
// breaks, or nothing.
func lawOfOurs(from, to string) string {
	fromColumn, toColumn := column(from), column(to)
	switch {
	case toColumn == "cmd" && command(from) != command(to):
		return "nothing imports cmd"
	case simulator(from) && !simulator(to):
		return "a simulator imports nothing of ours, or it would share our mistakes"
	case simulator(to) && !simulator(from):
		return "a simulator is imported only by tests and cmd/idpsim"
	case harness(to) && !harness(from):
		return "what serves tests is imported only by tests"
	case fromColumn == "cmd" || simulator(from):
		return ""
	case listed(pure, from) && !listed(pure, to):
		return "a pure package imports only pure packages"
	case fromColumn != toColumn && !listed(pure, to):
		return fmt.Sprintf("between the columns an arrow goes only to %s; declare an interface where it is used and let cmd join the two", commas(pure))
	}
	return ""
}

func column(name string) string {
	top, _, _ := strings.Cut(name, "/")
	return top
}

// command is the folder of the program that a package below cmd belongs to.
func command(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if parts[0] != "cmd" || len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// simulator reports whether a package is a simulator of a provider, a part of
// one, or the program that runs them.
func simulator(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(element string) bool { return strings.HasSuffix(element, "sim") })
}

// harness reports whether a package serves tests: pgtest, providertest, the proxy
// that cuts connections.
func harness(name string) bool {
	return strings.HasSuffix(path.Base(name), "test") || path.Base(name) == "cutproxy"
}
