package okta

import (
	"cmp"
	"slices"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// longestValue is how many characters of an old or new value are kept.
const longestValue = 1000

// changes reads the old and new values that some sixty types of event carry with
// their targets. They are kept as fields alone, which the store seals, and never
// shown in a summary or a doubt. Where an application changed, the reason says
// what about it, such as that it now gets people's passwords.
func changes(e *holds.Event, l *logEvent) {
	for _, t := range l.targets {
		var f [2]value
		if members(t.changes, []string{"from", "to"}, f[:]) != "" {
			e.Doubts = append(e.Doubts, "The old and new values can be read in two ways and were not read.")
			continue
		}
		e.Fields = append(e.Fields, changed(f[0], f[1])...)
	}
	if reason := l.reason.plain(); reason != "" && (l.kind == "application.lifecycle.update" || l.kind == "application.lifecycle.create") {
		e.Fields = append(e.Fields, holds.FieldChange{Field: "reason", New: reason})
	}
	slices.SortFunc(e.Fields, func(a, b holds.FieldChange) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	e.Fields = slices.Compact(e.Fields)
}

// changed are the attributes that differ between two objects.
func changed(from, to value) []holds.FieldChange {
	before, after := flat(from), flat(to)
	var out []holds.FieldChange
	for name, old := range before {
		if after[name] != old {
			out = append(out, holds.FieldChange{Field: name, Old: old, New: after[name]})
		}
	}
	for name, now := range after {
		if _, known := before[name]; !known {
			out = append(out, holds.FieldChange{Field: name, New: now})
		}
	}
	return out
}

// flat are an object's members by name; what is not a text, number or boolean is
// kept as its JSON.
func flat(v value) map[string]string {
	out := map[string]string{}
	s := scanner{in: v}
	if v.kind() != providers.Object {
		return out
	}
	s.each(func(name []byte, _ bool) bool {
		var m value
		ok := s.value(1, &m)
		text := m.text()
		if m.kind() == providers.Null {
			text = ""
		}
		out[providers.Plain(string(name), 80)] = providers.Plain(text, longestValue)
		return ok
	})
	return out
}
