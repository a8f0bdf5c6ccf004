package policy

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// largestSettings bounds a file of settings; a thousand ids are 50 kB.
const largestSettings = 1 << 20

// file is the settings as YAML, each value with its place.
type file struct {
	Networks             []entry `yaml:"networks"`
	WatchedGroups        []entry `yaml:"watched_groups"`
	WatchedApps          []entry `yaml:"watched_apps"`
	Automation           []entry `yaml:"automation"`
	SensitiveDepartments []entry `yaml:"sensitive_departments"`
	JoinerDays           *entry  `yaml:"joiner_days"`
}

// entry is one value of the file.
type entry struct {
	text         string
	line, column int
	// odd says what stands there when it is no plain value.
	odd string
}

// UnmarshalYAML takes the value as it is written, so that an id of digits stays
// what it is.
func (e *entry) UnmarshalYAML(n ast.Node) error {
	at := n.GetToken()
	e.line, e.column = at.Position.Line, at.Position.Column
	switch n := n.(type) {
	case *ast.StringNode:
		e.text = strings.TrimSpace(n.Value)
	case *ast.LiteralNode:
		e.text = strings.TrimSpace(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		e.text = strings.TrimSpace(at.Value)
	default:
		e.odd = strings.ToLower(n.Type().String())
	}
	return nil
}

// ReadSettings reads an organisation's settings, as YAML: networks,
// watched_groups, watched_apps, automation, sensitive_departments (lists) and
// joiner_days (a number). An empty file is the shipped policy. A key it does not
// know, a network that is none and everything else that is wrong is refused, all
// at once, each as name:line:column with what to do; name is what the reader
// calls the file.
func ReadSettings(r io.Reader, name string) (Settings, error) {
	raw, err := io.ReadAll(io.LimitReader(r, largestSettings+1))
	if err != nil {
		return Settings{}, fmt.Errorf("%s: the settings cannot be read: %w", name, err)
	}
	if len(raw) > largestSettings {
		return Settings{}, fmt.Errorf("%s: larger than 1 MiB; is this the right file?", name)
	}
	f, err := parse(string(raw))
	if err != nil {
		return Settings{}, located(name, err)
	}
	x := reading{name: name}
	s := Settings{
		Networks:             x.networks(f.Networks),
		WatchedGroups:        x.ids("watched_groups", f.WatchedGroups),
		WatchedApps:          x.ids("watched_apps", f.WatchedApps),
		Automation:           x.ids("automation", f.Automation),
		SensitiveDepartments: x.words("sensitive_departments", f.SensitiveDepartments),
		JoinerDays:           x.days("joiner_days", f.JoinerDays),
	}
	if err := errors.Join(x.wrong...); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// errSecond says that a file has more than the settings.
var errSecond = errors.New("there is a second document (after ---); put all settings into one")

// parse reads one document strictly. The library panics on some files that are no
// settings, such as a tag before a word where a list belongs; they are refused like
// any other.
func parse(text string) (f file, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = file{}, errors.New("this cannot be read as lists of plain values; take tags (!) and anchors (&) out")
		}
	}()
	d := yaml.NewDecoder(strings.NewReader(text), yaml.Strict())
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return file{}, err
	}
	if err := d.Decode(&file{}); !errors.Is(err, io.EOF) {
		return file{}, errSecond
	}
	return f, nil
}

// located turns an error of the YAML library into one line with its place.
func located(name string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	why := at.GetMessage()
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		why += "; the keys are networks, watched_groups, watched_apps, automation, sensitive_departments and joiner_days"
	}
	p := at.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, why)
}

// reading collects what is wrong, so that a person can mend it all at once.
type reading struct {
	name  string
	wrong []error
}

func (x *reading) refuse(e entry, key, format string, args ...any) {
	x.wrong = append(x.wrong, fmt.Errorf("%s:%d:%d: %s: %s", x.name, e.line, e.column, key, fmt.Sprintf(format, args...)))
}

// plain tells whether an entry is a plain value that is not empty.
func (x *reading) plain(key string, e entry) bool {
	switch {
	case e.odd != "":
		x.refuse(e, key, "a %s stands where a plain value belongs", e.odd)
	case e.text == "":
		x.refuse(e, key, "an empty entry; give a value or take the line out")
	default:
		return true
	}
	return false
}

func (x *reading) networks(list []entry) []netip.Prefix {
	const key = "networks"
	var out []netip.Prefix
	for _, e := range list {
		if !x.plain(key, e) {
			continue
		}
		n, err := netip.ParsePrefix(e.text)
		if ip, single := netip.ParseAddr(e.text); single == nil && ip.Zone() == "" {
			n, err = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()), nil
		}
		switch {
		case err != nil:
			x.refuse(e, key, "%q is not a network like 198.51.100.0/24 or 2001:db8::/48, nor an address", e.text)
		case n.Bits() == 0:
			x.refuse(e, key, "%q is everybody; name your offices and your VPN", e.text)
		case n.Addr() != n.Masked().Addr():
			x.refuse(e, key, "%q has an address behind its length; write %s if you mean the network", e.text, n.Masked())
		default:
			out = append(out, n)
		}
	}
	return out
}

// ids are the provider's immutable ids: names can be given to something else.
func (x *reading) ids(key string, list []entry) []string {
	var out []string
	for _, e := range list {
		switch {
		case !x.plain(key, e):
		case len(e.text) > 200 || strings.ContainsFunc(e.text, notOfID):
			x.refuse(e, key, "%q is not an id; give the provider's id, since a name can be given to something else", e.text)
		case !slices.Contains(out, e.text):
			out = append(out, e.text)
		}
	}
	return out
}

// notOfID tells whether a character cannot be part of an id of Okta's (letters
// and digits) or of Entra's (a GUID, or a service's name with underscores).
func notOfID(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}

func (x *reading) words(key string, list []entry) []string {
	var out []string
	for _, e := range list {
		if x.plain(key, e) {
			out = append(out, e.text)
		}
	}
	return out
}

func (x *reading) days(key string, e *entry) int {
	if e == nil || !x.plain(key, *e) {
		return 0
	}
	n, err := strconv.Atoi(e.text)
	if err != nil || n < 0 || n > 60 {
		x.refuse(*e, key, "%q is not a number of days from 0 (no joiners) to 60", e.text)
		return 0
	}
	if n == 0 {
		return -1
	}
	return n
}
