package ownerlink_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds/ownerlink"
)

func TestCode(t *testing.T) {
	m := minter(t, keyA)
	seen := map[string]bool{}
	used := map[rune]int{}
	for i := range 4000 {
		notice := fmt.Sprintf("n-%d", i)
		code := m.Code(notice)
		if again := m.Code(notice); again != code {
			t.Fatalf("%s has the codes %q and %q", notice, code, again)
		}
		if len(code) != 9 || code[4] != '-' {
			t.Fatalf("a code reads %q", code)
		}
		if normal, ok := ownerlink.Normalize(code); !ok || normal != code {
			t.Fatalf("%q normalizes to %q, %t", code, normal, ok)
		}
		if seen[code] {
			t.Fatalf("%q came twice in 4000 of 2⁴⁰", code)
		}
		seen[code] = true
		for _, r := range strings.ReplaceAll(code, "-", "") {
			used[r]++
		}
	}
	if len(used) != 32 { // 5 bits for each of 8 characters: 40 bits
		t.Errorf("%d different characters are used, want 32", len(used))
	}
	for r, n := range used {
		if strings.ContainsRune("ILOU", r) || n < 700 || n > 1300 { // expected 1000 of 32000
			t.Errorf("%q came %d times", r, n)
		}
	}
}

func TestNormalize(t *testing.T) {
	for typed, want := range map[string]string{
		"K7QF-2M9D":                          "K7QF-2M9D",
		"k7qf2m9d":                           "K7QF-2M9D",
		" k7 qf - 2m 9d\r\n":                 "K7QF-2M9D",
		"K7QF\u20112M9D":                     "K7QF-2M9D",
		"K7QF\u20132M9D":                     "K7QF-2M9D",
		"K7QF\u00a02M9D":                     "K7QF-2M9D",
		"oOiI-lL00":                          "0011-1100",
		"K7QF-2M9":                           "",
		"K7QF-2M9DX":                         "",
		"K7QF-2M9U":                          "",
		"K7QF_2M9D":                          "",
		"K7QF-2M9\u0662":                     "", // an Arabic digit
		"":                                   "",
		"--------":                           "",
		strings.Repeat("K", 100):             "",
		"K7QF2M9D" + strings.Repeat(" ", 90): "",
	} {
		if got, ok := ownerlink.Normalize(typed); got != want || ok != (want != "") {
			t.Errorf("Normalize(%q) = %q, %t; want %q", typed, got, ok, want)
		}
	}
}

func TestPropertyNormalizeIsStable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		typed := rapid.String().Draw(rt, "typed")
		once, ok := ownerlink.Normalize(typed)
		if !ok {
			if once != "" {
				rt.Fatalf("%q is no code and normalizes to %q", typed, once)
			}
			return
		}
		if twice, ok := ownerlink.Normalize(once); !ok || twice != once {
			rt.Fatalf("%q normalizes to %q and that to %q", typed, once, twice)
		}
	})
}

// TestE4Code: the code of one notice is no code of another.
func TestE4Code(t *testing.T) {
	m := minter(t, keyA)
	code := m.Code("n-1")
	if !m.CodeMatches("n-1", strings.ToLower(strings.ReplaceAll(code, "-", " "))) {
		t.Error("the code as a person types it does not match")
	}
	for name, matches := range map[string]bool{
		"another notice's code": m.CodeMatches("n-1", m.Code("n-2")),
		"another notice":        m.CodeMatches("n-2", code),
		"no code":               m.CodeMatches("n-1", ""),
		"half a code":           m.CodeMatches("n-1", code[:4]),
		"nothing at all":        m.CodeMatches("", ""),
		"no notice":             m.CodeMatches("", m.Code("")),
		"another key":           minter(t, keyB).CodeMatches("n-1", code),
	} {
		if matches {
			t.Errorf("%s: matches", name)
		}
	}
}

// TestE3Code: a code outlives a rotation of the key, and not its removal.
func TestE3Code(t *testing.T) {
	code := minter(t, keyA).Code("n-1")
	if !minter(t, keyB, keyA).CodeMatches("n-1", code) {
		t.Error("not with its key as a previous one")
	}
	if minter(t, keyB).CodeMatches("n-1", code) {
		t.Error("still when its key is gone")
	}
}
