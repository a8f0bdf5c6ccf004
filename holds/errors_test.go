package holds_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/countersign/countersign/holds"
)

// H3: our own database is behind an error only when nothing else is.
func TestStoreAlone(t *testing.T) {
	store := &holds.Error{Kind: holds.Unavailable, Store: true}
	other := holds.Refuse(holds.Unavailable, "the provider is down")
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":                 {nil, false},
		"the database":            {store, true},
		"wrapped":                 {fmt.Errorf("contain: %w", store), true},
		"twice":                   {errors.Join(store, fmt.Errorf("again: %w", store)), true},
		"a provider":              {other, false},
		"both":                    {errors.Join(store, other), false},
		"both, wrapped":           {fmt.Errorf("contain: %w", errors.Join(other, store)), false},
		"an error of no kind":     {errors.New("a bug"), false},
		"a refusal because of it": {holds.Because(holds.Forbidden, store, "no"), false},
	} {
		if got := holds.StoreAlone(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
