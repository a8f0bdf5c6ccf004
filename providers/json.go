package providers

import (
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// The limits of ReadJSON: what no honest event comes near.
const (
	maxDepth  = 64
	maxValues = 20_000
)

// JSONKind is the type of a JSON value.
type JSONKind uint8

// The kinds. Absent is the zero value: there is no such member.
const (
	Absent JSONKind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// JSON is one value of a document, read with one meaning only. Go's own decoder
// takes the last of two equal keys and matches keys without regard to case;
// another reader of the same bytes would see another event.
type JSON struct {
	Kind JSONKind
	// Text is the decoded string, or the literal of a number or boolean. What is
	// not valid Unicode in a string is U+FFFD there.
	Text string
	// Items are an array's values.
	Items []JSON
	// Raw is the value's own bytes.
	Raw    []byte
	fields []field
}

type field struct {
	name  string
	value JSON
}

// ErrJSON is wrapped by every error of reading JSON.
var ErrJSON = errors.New("this is not JSON that can be read")

// ReadJSON reads a whole document. It refuses what RFC 8259 refuses (a byte
// order mark, trailing text, comments, NaN), nesting deeper than 64 and more
// than 20,000 values. Keys that occur twice are kept for Clash to find.
func ReadJSON(raw []byte) (JSON, error) {
	p := parser{in: raw}
	v, err := p.value(0)
	if err == nil {
		err = p.end()
	}
	return v, err
}

// SplitJSON reads an object or array one level deep: members and elements are
// checked to be JSON and carry their Raw bytes, whatever their depth and size,
// but are not looked into. One bad element can so be told from its neighbours.
func SplitJSON(raw []byte) (JSON, error) {
	p := parser{in: raw, shallow: true}
	v, err := p.value(0)
	if err == nil {
		err = p.end()
	}
	return v, err
}

// Field is the member of exactly that name; Absent when there is none. With
// two of that name it is Absent too: neither can be preferred.
func (v JSON) Field(name string) JSON {
	var found JSON
	for _, f := range v.fields {
		if f.name != name {
			continue
		}
		if found.Kind != Absent {
			return JSON{}
		}
		found = f.value
	}
	return found
}

// Word is the member of exactly that name when it is a string, else "".
func (v JSON) Word(name string) string {
	if f := v.Field(name); f.Kind == String {
		return f.Text
	}
	return ""
}

// Clash names two members that some reader would take for one another: equal
// names, or names that differ in case only. It is "" when there are none. With
// expected, a single member that is spelt as an expected one in other case is a
// clash too.
func (v JSON) Clash(expected ...string) string {
	seen := make(map[string]bool, len(v.fields))
	for _, f := range v.fields {
		k := fold(f.name)
		if seen[k] {
			return f.name
		}
		seen[k] = true
	}
	for _, e := range expected {
		if seen[fold(e)] && v.Field(e).Kind == Absent {
			return e
		}
	}
	return ""
}

// Values are an array's or object's values.
func (v JSON) Values() []JSON {
	out := slices.Clone(v.Items)
	for _, f := range v.fields {
		out = append(out, f.value)
	}
	return out
}

// Strings are the decoded strings anywhere in the value, names left out.
func (v JSON) Strings(visit func(string)) {
	if v.Kind == String {
		visit(v.Text)
	}
	for _, x := range v.Values() {
		x.Strings(visit)
	}
}

// fold maps a name to one form for all its cases, as Go's decoder compares them
// (so that the Kelvin sign is a k).
func fold(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		least := r
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			least = min(least, x)
		}
		out = append(out, least)
	}
	return string(out)
}

// parser reads one document from in.
type parser struct {
	in      []byte
	at      int
	values  int
	shallow bool
}

func (p *parser) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrJSON, what, p.at)
}

func (p *parser) end() error {
	p.space()
	if p.at < len(p.in) {
		return p.fail("text after the end")
	}
	return nil
}

// value reads one value; depth is how many arrays and objects surround it.
func (p *parser) value(depth int) (JSON, error) {
	p.space()
	from := p.at
	if p.shallow && depth > 0 {
		err := p.skip()
		return JSON{Kind: kindOf(p.in[from:p.at]), Raw: p.in[from:p.at]}, err
	}
	if p.values++; p.values > maxValues {
		return JSON{}, p.fail("too many values")
	}
	if depth > maxDepth {
		return JSON{}, p.fail("too deep nesting")
	}
	var v JSON
	var err error
	switch p.peek() {
	case '{':
		v, err = p.object(depth)
	case '[':
		v, err = p.array(depth)
	case '"':
		v.Kind = String
		v.Text, err = p.text()
	default:
		err = p.scalar()
		v.Kind, v.Text = kindOf(p.in[from:p.at]), string(p.in[from:p.at])
	}
	v.Raw = p.in[from:p.at]
	return v, err
}

func kindOf(raw []byte) JSONKind {
	if len(raw) == 0 {
		return Absent
	}
	switch raw[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

func (p *parser) array(depth int) (JSON, error) {
	v := JSON{Kind: Array}
	p.at++
	if p.take(']') {
		return v, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
		if p.take(']') {
			return v, nil
		}
		if !p.take(',') {
			return v, p.fail("a comma or ] is missing")
		}
	}
}

func (p *parser) object(depth int) (JSON, error) {
	v := JSON{Kind: Object}
	p.at++
	if p.take('}') {
		return v, nil
	}
	for {
		name, err := p.name()
		if err != nil {
			return v, err
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.fields = append(v.fields, field{name, item})
		if p.take('}') {
			return v, nil
		}
		if !p.take(',') {
			return v, p.fail("a comma or } is missing")
		}
	}
}

// name reads a member's name and the colon after it.
func (p *parser) name() (string, error) {
	p.space()
	if p.peek() != '"' {
		return "", p.fail("a name is missing")
	}
	s, err := p.text()
	if err == nil && !p.take(':') {
		err = p.fail("a colon is missing")
	}
	return s, err
}

// skip passes one value of any depth without recursion.
func (p *parser) skip() error {
	var open []byte
	for {
		p.space()
		c := p.peek()
		switch {
		case c == '{' || c == '[':
			p.at++
			if p.take(c + 2) { // '}' and ']' stand two after '{' and '['
				break
			}
			open = append(open, c)
			if c == '{' {
				if _, err := p.name(); err != nil {
					return err
				}
			}
			continue
		case c == '"':
			if _, err := p.text(); err != nil {
				return err
			}
		default:
			if err := p.scalar(); err != nil {
				return err
			}
		}
		for len(open) > 0 && p.take(open[len(open)-1]+2) {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return nil
		}
		if !p.take(',') {
			return p.fail("a comma or bracket is missing")
		}
		if open[len(open)-1] == '{' {
			if _, err := p.name(); err != nil {
				return err
			}
		}
	}
}

func (p *parser) space() {
	for p.at < len(p.in) && (p.in[p.at] == ' ' || p.in[p.at] == '\t' || p.in[p.at] == '\n' || p.in[p.at] == '\r') {
		p.at++
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

// take passes white space and then c, if it is there.
func (p *parser) take(c byte) bool {
	p.space()
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

// validText replaces what is not valid UTF-8.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
