package oktasim

import (
	"fmt"
	"strings"
	"unicode"
)

// parseFilter reads the subset of SCIM filters that Okta's logs and people
// lists use: attribute eq|ne|sw|co|ew|gt|ge|lt|le value, attribute pr, and, or,
// not, parentheses. An attribute is a dotted path; on a list any element counts.
func parseFilter(text string) (func(map[string]any) bool, error) {
	tokens, err := filterTokens(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{tokens: tokens}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("unexpected %q", p.tokens[0].text)
	}
	return func(m map[string]any) bool { return f(m) }, nil
}

type filterToken struct {
	text   string
	quoted bool
}

func filterTokens(text string) ([]filterToken, error) {
	var out []filterToken
	rest := []rune(text)
	for len(rest) > 0 {
		switch r := rest[0]; {
		case unicode.IsSpace(r):
			rest = rest[1:]
		case r == '(' || r == ')':
			out = append(out, filterToken{text: string(r)})
			rest = rest[1:]
		case r == '"':
			end := 1
			var value []rune
			for ; end < len(rest) && rest[end] != '"'; end++ {
				if rest[end] == '\\' && end+1 < len(rest) {
					end++
				}
				value = append(value, rest[end])
			}
			if end >= len(rest) {
				return nil, fmt.Errorf("a quotation mark is missing")
			}
			out = append(out, filterToken{text: string(value), quoted: true})
			rest = rest[end+1:]
		default:
			end := 0
			for end < len(rest) && !unicode.IsSpace(rest[end]) && rest[end] != '(' && rest[end] != ')' {
				end++
			}
			out = append(out, filterToken{text: string(rest[:end])})
			rest = rest[end:]
		}
	}
	return out, nil
}

type (
	matcher      func(map[string]any) bool
	filterParser struct{ tokens []filterToken }
)

func (p *filterParser) word(w string) bool {
	if len(p.tokens) > 0 && !p.tokens[0].quoted && strings.EqualFold(p.tokens[0].text, w) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
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
	if len(p.tokens) < 2 || p.tokens[0].quoted {
		return nil, fmt.Errorf("an attribute and an operator are expected")
	}
	attr, op := p.tokens[0].text, strings.ToLower(p.tokens[1].text)
	p.tokens = p.tokens[2:]
	if op == "pr" {
		return func(m map[string]any) bool { return len(lookup(m, attr)) > 0 }, nil
	}
	compare, ok := comparisons()[op]
	if !ok {
		return nil, fmt.Errorf("the operator %q is not known", op)
	}
	if len(p.tokens) == 0 {
		return nil, fmt.Errorf("%s %s lacks a value", attr, op)
	}
	value := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return func(m map[string]any) bool {
		values := lookup(m, attr)
		for _, v := range values {
			if compare(v, value) {
				return true
			}
		}
		return op == "ne" && len(values) == 0
	}, nil
}

func comparisons() map[string]func(a, b string) bool {
	return map[string]func(a, b string) bool{
		"eq": strings.EqualFold,
		"ne": func(a, b string) bool { return !strings.EqualFold(a, b) },
		"sw": func(a, b string) bool { return strings.HasPrefix(strings.ToLower(a), strings.ToLower(b)) },
		"ew": func(a, b string) bool { return strings.HasSuffix(strings.ToLower(a), strings.ToLower(b)) },
		"co": func(a, b string) bool { return strings.Contains(strings.ToLower(a), strings.ToLower(b)) },
		"gt": func(a, b string) bool { return a > b },
		"ge": func(a, b string) bool { return a >= b },
		"lt": func(a, b string) bool { return a < b },
		"le": func(a, b string) bool { return a <= b },
	}
}

// lookup finds the texts at a dotted path.
func lookup(v any, path string) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, x := range list {
			out = append(out, lookup(x, path)...)
		}
		return out
	}
	if path == "" {
		if v == nil {
			return nil
		}
		return []string{fmt.Sprint(v)}
	}
	head, rest, _ := strings.Cut(path, ".")
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	return lookup(m[head], rest)
}
