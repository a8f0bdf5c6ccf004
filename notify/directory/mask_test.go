package directory

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
)

// TestR76Mask: what a screen shows of a contact point.
func TestR76Mask(t *testing.T) {
	for _, c := range []struct {
		kind        holds.PointKind
		value, want string
	}{
		{holds.EmailPoint, "anna@private.example", "a…@p….example"},
		{holds.EmailPoint, "Anna.Berg+x@mail.private.co.example", "A…@m….example"},
		{holds.EmailPoint, "a@b.example", "a…@b….example"},
		{holds.EmailPoint, "änne@bücher.example", "ä…@b….example"},
		{holds.EmailPoint, "anna@localhost", "a…@l…"},
		{holds.EmailPoint, `"odd@local"@private.example`, "…@p….example"},
		{holds.EmailPoint, "anna@[192.0.2.1]", "a…@….…"},
		{holds.EmailPoint, "anna@private.<b>", "a…@p….…"},
		{holds.EmailPoint, "anna@.example", "a…@…"},
		{holds.EmailPoint, "@private.example", "…"},
		{holds.EmailPoint, "not an address", "…"},
		{holds.EmailPoint, "", "…"},
		{holds.PhonePoint, "+442079460018", "…18"},
		{holds.PhonePoint, "+44 20 7946-0018", "…18"},
		{holds.PhonePoint, "112", "…"},
		{holds.PhonePoint, "call me", "…"},
		{"pigeon", "anna@private.example", "…"},
	} {
		if got := Mask(holds.ContactPoint{Kind: c.kind, Value: c.value}); got != c.want {
			t.Errorf("Mask(%s %q) = %q, want %q", c.kind, c.value, got, c.want)
		}
	}
}

// TestR76MaskDependsOnLittle: values that agree in what may be shown look the
// same, so nothing else can be read out of a mask, not even a length.
func TestR76MaskDependsOnLittle(t *testing.T) {
	word := rapid.StringMatching(`[a-z0-9.+_-]{0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "local"), word.Draw(t, "domain")
		got := Mask(holds.ContactPoint{Kind: holds.EmailPoint, Value: "x" + a + "@y" + b + ".example"})
		if got != "x…@y….example" {
			t.Fatalf("mask %q", got)
		}
		number := rapid.StringMatching(`\+[1-9][0-9]{4,12}`).Draw(t, "number")
		if got := Mask(holds.ContactPoint{Kind: holds.PhonePoint, Value: number + "42"}); got != "…42" {
			t.Fatalf("mask %q", got)
		}
	})
}
