package okta

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/providers"
)

// value is one JSON value of a record, its bytes as they came; none at all is the
// zero value.
type value []byte

// kind is the value's type, told by its first byte.
func (v value) kind() providers.JSONKind {
	if len(v) == 0 {
		return providers.Absent
	}
	switch v[0] {
	case '{':
		return providers.Object
	case '[':
		return providers.Array
	case '"':
		return providers.String
	case 't', 'f':
		return providers.Bool
	case 'n':
		return providers.Null
	}
	return providers.Number
}

// text is the decoded string or the literal of a number or boolean, as
// providers.JSON has it.
func (v value) text() string {
	if v.kind() != providers.String {
		return string(v)
	}
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	full, err := providers.ReadJSON(v)
	if err != nil {
		return ""
	}
	return full.Text
}

// word is the value when it is a string, else "".
func (v value) word() string {
	if v.kind() != providers.String {
		return ""
	}
	return v.text()
}

// simple is a string's bytes when they are visible ASCII or spaces and nothing in
// them is escaped: they are then fit to be shown as they are.
func (v value) simple() (inner []byte, ok bool) {
	if v.kind() != providers.String {
		return nil, false
	}
	inner = v[1 : len(v)-1]
	for _, c := range inner {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, false
		}
	}
	return inner, true
}

// plain is a string made fit to be shown.
func (v value) plain() string {
	if inner, ok := v.simple(); ok && len(inner) <= longest {
		return string(inner)
	}
	return providers.Plain(v.word(), longest)
}

// like is plain, without another copy where it says the same as one of the texts
// read before it.
func (v value) like(before ...string) string {
	if inner, ok := v.simple(); ok {
		for _, s := range before {
			if string(inner) == s {
				return s
			}
		}
	}
	return v.plain()
}

// object walks over an object that stands in depth arrays and objects. Each member
// of one of the names is handed to visit by its place among them, with the scanner
// before the value, which visit must pass; the others are passed by. Whether all of
// it is JSON is the result.
//
// clash is set, if it was empty, to the first of the names that some reader would
// find elsewhere: it occurs twice, or in another case too. Go's own decoder takes
// the last of two equal keys and matches keys without regard to case. Members of
// other names may do as they like.
func (s *scanner) object(depth int, names []string, clash *string, visit func(place int) bool) bool {
	if depth > maxDepth {
		return false
	}
	seen := uint64(0)
	return s.each(func(name []byte, odd bool) bool {
		place, same := find(name, odd, names)
		if place < 0 {
			return s.skip(depth + 1)
		}
		bit := uint64(1) << place
		if *clash == "" && (!same || seen&bit != 0) {
			*clash = names[place]
		}
		seen |= bit
		return visit(place)
	})
}

// each walks over an object and hands every member's name to visit, with the
// scanner before the value, which visit must pass.
func (s *scanner) each(visit func(name []byte, odd bool) bool) bool {
	if s.values++; s.values > maxValues || !s.take('{') {
		return false
	}
	for last := s.take('}'); !last; {
		s.next()
		from := s.at
		if !s.name() {
			return false
		}
		name, odd := unquoted(s.in[from:s.at])
		s.next()
		if !visit(name, odd) {
			return false
		}
		if last = s.take('}'); !last && !s.take(',') {
			return false
		}
	}
	return true
}

// value passes one value and is its bytes.
func (s *scanner) value(depth int, v *value) bool {
	s.next()
	from := s.at
	ok := s.skip(depth)
	*v = s.in[from:s.at]
	return ok
}

// members finds the members of exactly these names in an object and puts their
// values into out, in the order of the names. For anything but an object there are
// none.
func members(v value, names []string, out []value) (clash string) {
	s := scanner{in: v}
	if v.kind() == providers.Object {
		s.object(0, names, &clash, func(place int) bool { return s.value(1, &out[place]) })
	}
	return clash
}

// unquoted is a name as it is written in a record, colon and all, decoded. A name
// is odd when its bytes alone do not tell it from another.
func unquoted(raw []byte) (name []byte, odd bool) {
	raw = raw[:bytes.LastIndexByte(raw, '"')+1]
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			return []byte(value(raw).text()), true
		}
	}
	return inner, false
}

// find is the place of a name among names, -1 when it is none of them, and whether
// it is spelt the same.
func find(name []byte, odd bool, names []string) (place int, same bool) {
	for i, n := range names {
		if string(name) == n {
			return i, true
		}
	}
	for i, n := range names {
		if (len(name) == len(n) || odd) && strings.EqualFold(string(name), n) {
			return i, false
		}
	}
	return -1, false
}

// array walks over an array that stands in depth arrays and objects, with the
// scanner before each item, which visit must pass.
func (s *scanner) array(depth int, visit func() bool) bool {
	if s.values++; s.values > maxValues || depth > maxDepth || !s.take('[') {
		return false
	}
	for last := s.take(']'); !last; {
		s.next()
		if !visit() {
			return false
		}
		if last = s.take(']'); !last && !s.take(',') {
			return false
		}
	}
	return true
}
