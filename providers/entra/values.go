package entra

import (
	"strings"

	"github.com/countersign/countersign/providers"
)

// plainValue reads an old or new value. It is usually JSON in a string
// ("\"Global Administrator\"", "[true]", "[]"), sometimes pretty-printed, but may
// be bare text. One value is that value, however wrapped; nothing is "".
func plainValue(s string) string {
	t := strings.TrimSpace(s)
	if t == "" {
		return ""
	}
	v, err := providers.ReadJSON([]byte(t))
	if err != nil {
		return providers.Plain(t, most)
	}
	return scalarOf(v, t)
}

// scalarOf unwraps lists of one.
func scalarOf(v providers.JSON, raw string) string {
	switch v.Kind {
	case providers.Null, providers.Absent:
		return ""
	case providers.String:
		return providers.Plain(strings.TrimSpace(v.Text), most)
	case providers.Bool, providers.Number:
		return v.Text
	case providers.Array:
		if len(v.Items) == 0 {
			return ""
		}
		if len(v.Items) == 1 {
			return scalarOf(v.Items[0], string(v.Items[0].Raw))
		}
	case providers.Object:
	}
	return providers.Plain(strings.Join(strings.Fields(raw), " "), most)
}

// listValue reads a value as the list it holds: the items of an array, or the one
// value that stands alone. Strings that are JSON themselves are opened.
func listValue(s string) []providers.JSON {
	t := strings.TrimSpace(s)
	if t == "" {
		return nil
	}
	v, err := providers.ReadJSON([]byte(t))
	if err != nil {
		return []providers.JSON{{Kind: providers.String, Text: t}}
	}
	switch v.Kind {
	case providers.Null, providers.Absent:
		return nil
	case providers.Array:
		return v.Items
	case providers.String:
		if v.Text == "" {
			return nil
		}
		if !strings.HasPrefix(strings.TrimLeft(v.Text, " \t\r\n"), "[") {
			break // it is no list
		}
		if inner, err := providers.ReadJSON([]byte(v.Text)); err == nil && inner.Kind == providers.Array {
			return inner.Items
		}
	case providers.Bool, providers.Number, providers.Object:
	}
	return []providers.JSON{v}
}

// isTrue tells of a parameter's or property's value.
func isTrue(s string) bool { return strings.EqualFold(plainValue(s), "true") }

// member is a member of a value found without regard to case, as the values
// within records are spelt both ways.
func memberOf(v providers.JSON, name string) providers.JSON {
	if f := v.Field(name); f.Kind != providers.Absent {
		return f
	}
	if f := v.Field(strings.ToLower(name)); f.Kind != providers.Absent {
		return f
	}
	return v.Field(strings.ToLower(name[:1]) + name[1:])
}
