package entrasim

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// parseFilter reads the part of OData's $filter that Graph's clients use:
// property eq|ne|ge|gt|le|lt value, property in ('a','b'), startswith(property,
// 'a'), list/any(x:x/property eq 'a'), and, or, not, parentheses. A property
// may be a path with slashes. Only the properties listed may be named.
func parseFilter(text string, allowed []string) (func(map[string]any) bool, error) {
	tokens, err := filterTokens(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{tokens: tokens, allowed: allowed}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("unexpected '%s'", p.tokens[0].text)
	}
	return f, nil
}

type filterToken struct {
	text   string
	quoted bool
}

// filterTokens splits a filter; a doubled apostrophe in a text is one.
func filterTokens(text string) ([]filterToken, error) {
	var out []filterToken
	rest := []rune(text)
	for len(rest) > 0 {
		switch r := rest[0]; {
		case unicode.IsSpace(r):
			rest = rest[1:]
		case strings.ContainsRune("(),", r):
			out = append(out, filterToken{text: string(r)})
			rest = rest[1:]
		case r == '\'':
			var value []rune
			end := 1
			for ; end < len(rest); end++ {
				if rest[end] != '\'' {
					value = append(value, rest[end])
					continue
				}
				if end+1 >= len(rest) || rest[end+1] != '\'' {
					break
				}
				value = append(value, '\'')
				end++
			}
			if end >= len(rest) {
				return nil, fmt.Errorf("there is an unterminated string literal")
			}
			out = append(out, filterToken{text: string(value), quoted: true})
			rest = rest[end+1:]
		default:
			end := 0
			for end < len(rest) && !unicode.IsSpace(rest[end]) && !strings.ContainsRune("(),'", rest[end]) {
				end++
			}
			out = append(out, filterToken{text: string(rest[:end])})
			rest = rest[end:]
		}
	}
	return out, nil
}

type (
	matcher      = func(map[string]any) bool
	filterParser struct {
		tokens  []filterToken
		allowed []string
		prefix  string // of a lambda: "t/"
		list    string // and the list it ranges over
	}
)

func (p *filterParser) word(w string) bool {
	if len(p.tokens) > 0 && !p.tokens[0].quoted && strings.EqualFold(p.tokens[0].text, w) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *filterParser) take() (filterToken, error) {
	if len(p.tokens) == 0 {
		return filterToken{}, fmt.Errorf("it ends too early")
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t, nil
}

func (p *filterParser) or() (matcher, error) {
	left, err := p.and()
	for err == nil && p.word("or") {
		var right matcher
		a := left
		right, err = p.and()
		left = func(m map[string]any) bool { return a(m) || right(m) }
	}
	return left, err
}

func (p *filterParser) and() (matcher, error) {
	left, err := p.term()
	for err == nil && p.word("and") {
		var right matcher
		a := left
		right, err = p.term()
		left = func(m map[string]any) bool { return a(m) && right(m) }
	}
	return left, err
}

func (p *filterParser) term() (matcher, error) {
	if p.word("not") {
		f, err := p.term()
		return func(m map[string]any) bool { return !f(m) }, err
	}
	if p.word("(") {
		f, err := p.or()
		if err == nil && !p.word(")") {
			err = fmt.Errorf("a closing parenthesis is missing")
		}
		return f, err
	}
	if p.word("startswith") {
		return p.startsWith()
	}
	name, err := p.take()
	if err != nil || name.quoted {
		return nil, fmt.Errorf("a property is expected")
	}
	if list, ok := strings.CutSuffix(name.text, "/any"); ok && p.prefix == "" {
		return p.any(list)
	}
	return p.comparison(name.text)
}

// property checks a name; inside a lambda it loses the variable.
func (p *filterParser) property(name string) (string, error) {
	path := name
	if p.prefix != "" {
		inner, ok := strings.CutPrefix(name, p.prefix)
		if !ok {
			return "", fmt.Errorf("'%s' is outside the range variable", name)
		}
		name, path = p.list+"/"+inner, inner
	}
	if !slices.Contains(p.allowed, name) {
		return "", fmt.Errorf("the property '%s' cannot be filtered", name)
	}
	return path, nil
}

func (p *filterParser) startsWith() (matcher, error) {
	var parts []filterToken
	for range 5 {
		t, err := p.take()
		if err != nil {
			return nil, err
		}
		parts = append(parts, t)
	}
	if parts[0].text != "(" || parts[2].text != "," || !parts[3].quoted || parts[4].text != ")" {
		return nil, fmt.Errorf("startswith needs a property and a text")
	}
	path, err := p.property(parts[1].text)
	if err != nil {
		return nil, err
	}
	return func(m map[string]any) bool {
		v, _ := lookup(m, path).(string)
		return strings.HasPrefix(strings.ToLower(v), strings.ToLower(parts[3].text))
	}, nil
}

// any reads list/any(x:condition): the tokens are "(", "x:x/id", "eq", … ")".
func (p *filterParser) any(list string) (matcher, error) {
	if !p.word("(") || len(p.tokens) == 0 {
		return nil, fmt.Errorf("any needs a condition")
	}
	variable, rest, ok := strings.Cut(p.tokens[0].text, ":")
	if !ok {
		return nil, fmt.Errorf("any needs a range variable")
	}
	if rest == "" {
		p.tokens = p.tokens[1:]
	} else {
		p.tokens[0].text = rest
	}
	p.prefix, p.list = variable+"/", list
	inner, err := p.or()
	p.prefix, p.list = "", ""
	if err == nil && !p.word(")") {
		err = fmt.Errorf("a closing parenthesis is missing")
	}
	return func(m map[string]any) bool {
		items, _ := lookup(m, list).([]any)
		return slices.ContainsFunc(items, func(x any) bool {
			one, ok := x.(map[string]any)
			return ok && inner(one)
		})
	}, err
}

func (p *filterParser) comparison(name string) (matcher, error) {
	path, err := p.property(name)
	if err != nil {
		return nil, err
	}
	op, err := p.take()
	if err != nil || op.quoted {
		return nil, fmt.Errorf("an operator is expected after '%s'", name)
	}
	if op.text == "in" {
		return p.oneOf(path)
	}
	if !slices.Contains([]string{"eq", "ne", "ge", "gt", "le", "lt"}, op.text) {
		return nil, fmt.Errorf("the operator '%s' is not known", op.text)
	}
	value, err := p.take()
	if err != nil || !value.quoted && strings.ContainsAny(value.text, "(),") {
		return nil, fmt.Errorf("'%s %s' lacks a value", name, op.text)
	}
	return func(m map[string]any) bool { return compare(lookup(m, path), op.text, value) }, nil
}

func (p *filterParser) oneOf(path string) (matcher, error) {
	if !p.word("(") {
		return nil, fmt.Errorf("in needs a list")
	}
	var values []filterToken
	for !p.word(")") {
		t, err := p.take()
		if err != nil {
			return nil, err
		}
		if t.quoted || t.text != "," {
			values = append(values, t)
		}
	}
	return func(m map[string]any) bool {
		return slices.ContainsFunc(values, func(v filterToken) bool { return compare(lookup(m, path), "eq", v) })
	}, nil
}

// compare decides one comparison: times as times, all else as text without
// regard to case, as the directory compares.
func compare(have any, op string, want filterToken) bool {
	if !want.quoted && want.text == "null" {
		return (have == nil) == (op == "eq")
	}
	if have == nil {
		return op == "ne"
	}
	a, b := strings.ToLower(fmt.Sprint(have)), strings.ToLower(want.text)
	c := strings.Compare(a, b)
	if t, err := time.Parse(time.RFC3339, want.text); err == nil && !want.quoted {
		h, err := time.Parse(time.RFC3339, fmt.Sprint(have))
		if err != nil {
			return false
		}
		c = h.Compare(t)
	}
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "ge":
		return c >= 0
	case "gt":
		return c > 0
	case "le":
		return c <= 0
	}
	return c < 0
}

// lookup finds the value at a path with slashes.
func lookup(v any, path string) any {
	for _, name := range strings.Split(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}
