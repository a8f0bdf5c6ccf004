package policy

import (
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadSettings(t *testing.T) {
	networks := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	for name, c := range map[string]struct {
		text string
		want Settings
	}{
		"nothing":          {"", Settings{}},
		"only a comment":   {"# nothing yet\n", Settings{}},
		"an empty list":    {"networks: []\n", Settings{}},
		"a key left empty": {"watched_groups:\n", Settings{}},
		"everything": {`
networks:
  - 198.51.100.0/24   # office
  - 203.0.113.7       # VPN
  - "2001:db8:1::/48"
watched_groups: [ 00gvpn00000000000000 , "62e90394-69f5-4237-9190-012177145e10"]
watched_apps: [0oapayroll0000000000]
automation:
  - 0oaprovision00000000
  - 0oaprovision00000000
  - 12345
sensitive_departments: [Kasse, Vorstand]
joiner_days: 30
`, Settings{
			Networks:             []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("2001:db8:1::/48")},
			WatchedGroups:        []string{"00gvpn00000000000000", "62e90394-69f5-4237-9190-012177145e10"},
			WatchedApps:          []string{"0oapayroll0000000000"},
			Automation:           []string{"0oaprovision00000000", "12345"},
			SensitiveDepartments: []string{"Kasse", "Vorstand"},
			JoinerDays:           30,
		}},
		"no joiners": {"joiner_days: 0", Settings{JoinerDays: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadSettings(strings.NewReader(c.text), "policy.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, networks, cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// TestReadSettingsRefuses: each mistake is told with its place and what to do,
// and no value is guessed.
func TestReadSettingsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":            {"networks: []\nnetwork: []\n", `policy.yaml:2:1: unknown field "network"; the keys are networks`},
		"a key twice":               {"joiner_days: 1\njoiner_days: 2\n", "policy.yaml:2:1: "},
		"not YAML":                  {"networks: [\n", "policy.yaml:1:11: "},
		"a list of everything":      {"- networks\n", "policy.yaml:1:1: "},
		"a second document":         {"joiner_days: 3\n---\nnetworks: []\n", "policy.yaml: there is a second document"},
		"a tag for a list":          {"networks: !x 0\n", "policy.yaml: this cannot be read as lists of plain values"},
		"a word for a list":         {"networks: 198.51.100.0/24\n", "policy.yaml:1:11: "},
		"no network":                {"networks: [office]\n", `policy.yaml:1:12: networks: "office" is not a network`},
		"a network that is too big": {"networks: [198.51.100.0/33]\n", "policy.yaml:1:12: networks: "},
		"everybody":                 {"networks:\n  - 0.0.0.0/0\n", `policy.yaml:2:5: networks: "0.0.0.0/0" is everybody`},
		"everybody in IPv6":         {"networks: [\"::/0\"]\n", "is everybody"},
		"an address with a length":  {"networks: [10.1.2.3/8]\n", "write 10.0.0.0/8 if you mean the network"},
		"a zone":                    {"networks: [\"fe80::1%eth0\"]\n", "is not a network"},
		"a name for an id":          {"watched_groups: [VPN users]\n", `policy.yaml:1:18: watched_groups: "VPN users" is not an id`},
		"a mail address for an id":  {"automation: [hr@acme.example]\n", "is not an id"},
		"an empty id":               {"watched_apps:\n  - \"  \"\n", "policy.yaml:2:5: watched_apps: an empty entry"},
		"nothing for an id":         {"watched_apps:\n  -\n", "watched_apps: an"},
		"a list in a list":          {"automation:\n  - [a, b]\n", "policy.yaml:2:5: automation: a sequence stands where a plain value belongs"},
		"a map in a list":           {"automation:\n  - id: a\n", "automation: a mapping"},
		"an empty department":       {"sensitive_departments: [\"\"]\n", "sensitive_departments: an empty entry"},
		"too many days":             {"joiner_days: 365\n", `policy.yaml:1:14: joiner_days: "365" is not a number of days`},
		"days in words":             {"joiner_days: a fortnight\n", "is not a number of days"},
		"fewer days than none":      {"joiner_days: -3\n", "is not a number of days"},
		"a list of days":            {"joiner_days: [3]\n", "policy.yaml:1:14: joiner_days: a sequence stands"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadSettings(strings.NewReader(c.text), "policy.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v; want %q", err, c.want)
			}
			if diff := cmp.Diff(Settings{}, got); diff != "" {
				t.Errorf("something was read all the same: %s", diff)
			}
		})
	}
	t.Run("all mistakes at once", func(t *testing.T) {
		_, err := ReadSettings(strings.NewReader("networks: [office]\nautomation: [\"a b\"]\njoiner_days: x\n"), "p")
		if n := strings.Count(err.Error(), "\n"); n != 2 {
			t.Errorf("%d lines: %v", n+1, err)
		}
	})
	t.Run("a file without end", func(t *testing.T) {
		if _, err := ReadSettings(io.LimitReader(forever{}, 1<<40), "p"); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
			t.Error(err)
		}
	})
	t.Run("a file that cannot be read", func(t *testing.T) {
		broken := errors.New("the disk is gone")
		if _, err := ReadSettings(iotest.ErrReader(broken), "p"); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}

// forever is a reader of comments without end.
type forever struct{}

func (forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

func FuzzReadSettings(f *testing.F) {
	f.Add("networks: [198.51.100.0/24]\njoiner_days: 3\n")
	f.Add("automation: [&a x, *a]\n")
	f.Add("networks: !000000000000000000000000000 0")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ReadSettings(strings.NewReader(text), "p")
		if err != nil && !strings.HasPrefix(err.Error(), "p:") {
			t.Fatalf("an error without a place: %v", err)
		}
		for _, n := range s.Networks {
			if n.Bits() == 0 {
				t.Fatalf("%s is everybody", n)
			}
		}
	})
}
