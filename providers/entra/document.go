package entra

import (
	"fmt"
	"math"
	"strings"

	"github.com/countersign/countersign/providers"
)

// The limits of a document, those of providers.ReadJSON: what no honest record
// comes near.
const (
	maxDepth = 64
	maxNodes = 20_000
)

// place is where a value stands in a document's list of them.
type place uint16

// document is one JSON text, read once into a flat list of its values. It
// accepts what providers.ReadJSON accepts and refuses what that refuses, but
// makes nothing of a value before somebody asks for it: of ten thousand records
// of a log most are sign-ins, of which four words matter.
type document struct {
	raw     []byte
	nodes   []node
	scratch *scratch // nil where a document is read by itself
}

// node is a value of the document. What it contains follows it in the list, up
// to next.
type node struct {
	from, to         int32 // its own bytes
	nameFrom, nameTo int32 // its name's, without the quotes; both 0 outside an object
	next             place
	kind             providers.JSONKind
	// simple is a string of ASCII characters without escapes, and simpleName a name
	// of those: their bytes are their text.
	simple, simpleName bool
}

// readDocument reads a whole text. The list is built in into, which is emptied.
func readDocument(raw []byte, into []node) (document, error) {
	s := scanner{in: raw, nodes: into[:0]}
	if len(raw) > math.MaxInt32 {
		return document{}, s.fail("more than two gigabytes")
	}
	err := s.value(0, node{})
	if err == nil {
		if s.space(); s.at < len(s.in) {
			err = s.fail("text after the end")
		}
	}
	return document{raw: raw, nodes: s.nodes}, err
}

// open reads the document that a text of this one holds.
func (d document) open(text string) (document, error) {
	in, err := readDocument([]byte(text), nil)
	in.scratch = d.scratch
	return in, err
}

// kind of a value; Absent for 0, which stands for a member that is not there.
// (The document's own value is 0, too, and is asked for by root.)
func (d document) kind(i place) providers.JSONKind {
	if i == 0 {
		return providers.Absent
	}
	return d.nodes[i].kind
}

func (d document) root() providers.JSONKind {
	if len(d.nodes) == 0 {
		return providers.Absent
	}
	return d.nodes[0].kind
}

// bytes are the value as it stands.
func (d document) bytes(i place) []byte { return d.raw[d.nodes[i].from:d.nodes[i].to] }

// word is a string's text; "" for everything that is not a string.
func (d document) word(i place) string {
	if d.kind(i) != providers.String {
		return ""
	}
	n := &d.nodes[i]
	switch text := d.raw[n.from:n.to]; {
	case !n.simple:
		return unquote(text)
	case d.scratch == nil:
		return string(text[1 : len(text)-1])
	default:
		return d.scratch.word(text[1 : len(text)-1])
	}
}

// lower is a string's text in lower case.
func (d document) lower(i place) string {
	n := d.nodes[i]
	if i == 0 || !n.simple || n.to-n.from > longWord || d.scratch == nil {
		return strings.ToLower(d.word(i))
	}
	var lower [longWord]byte
	size := copy(lower[:], d.raw[n.from+1:n.to-1])
	for k, c := range lower[:size] {
		if c >= 'A' && c <= 'Z' {
			lower[k] = c + 'a' - 'A'
		}
	}
	return d.scratch.word(lower[:size])
}

// scalar is the text of a string, number or boolean; "" for the rest.
func (d document) scalar(i place) string {
	switch d.kind(i) {
	case providers.String:
		return d.word(i)
	case providers.Number, providers.Bool:
		return string(d.bytes(i))
	case providers.Absent, providers.Null, providers.Array, providers.Object:
	}
	return ""
}

// unquote reads a JSON string in quotes. What is not Unicode is U+FFFD.
func unquote(raw []byte) string {
	v, err := providers.ReadJSON(raw)
	if err != nil {
		return "" // cannot happen: the scanner has passed it
	}
	return v.Text
}

// scanner passes over a text from its beginning.
type scanner struct {
	in    []byte
	at    int
	nodes []node
}

func (s *scanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", providers.ErrJSON, what, s.at)
}

// value passes one value with all it contains; n carries its name.
func (s *scanner) value(depth int, n node) error {
	s.space()
	if len(s.nodes) == maxNodes {
		return s.fail("too many values")
	}
	if depth > maxDepth {
		return s.fail("too deep nesting")
	}
	i := len(s.nodes)
	n.from = int32(s.at)
	s.nodes = append(s.nodes, n)
	var kind providers.JSONKind
	var simple bool
	var err error
	switch c := s.peek(); c {
	case '{':
		kind, err = providers.Object, s.object(depth)
	case '[':
		kind, err = providers.Array, s.array(depth)
	case '"':
		kind = providers.String
		simple, err = s.text()
	case 't':
		kind, err = providers.Bool, s.literal("true")
	case 'f':
		kind, err = providers.Bool, s.literal("false")
	case 'n':
		kind, err = providers.Null, s.literal("null")
	default:
		kind, err = providers.Number, s.number()
	}
	done := &s.nodes[i]
	done.kind, done.simple = kind, simple
	done.to, done.next = int32(s.at), place(len(s.nodes))
	return err
}

func (s *scanner) object(depth int) error {
	s.at++
	if s.take('}') {
		return nil
	}
	for {
		if s.space(); s.peek() != '"' {
			return s.fail("a name is missing")
		}
		var n node
		var err error
		n.nameFrom = int32(s.at + 1)
		if n.simpleName, err = s.text(); err != nil {
			return err
		}
		n.nameTo = int32(s.at - 1)
		if !s.take(':') {
			return s.fail("a colon is missing")
		}
		if err := s.value(depth+1, n); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fail("a comma or } is missing")
		}
	}
}

func (s *scanner) array(depth int) error {
	s.at++
	if s.take(']') {
		return nil
	}
	for {
		if err := s.value(depth+1, node{}); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.fail("a comma or ] is missing")
		}
	}
}
