package failpoint

import "testing"

// H1: what FAILPOINT asks for is understood, or refused in words.
func TestH1Order(t *testing.T) {
	for text, want := range map[string]order{
		"":                        {},
		"call-tried":              {point: CallTried, hit: 1},
		"call-tried:3":            {point: CallTried, hit: 3},
		"call-tried!stop":         {point: CallTried, hit: 1, stop: true},
		"store-committed:12!stop": {point: StoreCommitted, hit: 12, stop: true},
	} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"call", "call-tried:", "call-tried:0", "call-tried:x", "call-tried!", "call-tried!kill", ":1", "!stop"} {
		if got, err := parse(text); err == nil {
			t.Errorf("%q was taken for %+v", text, got)
		}
	}
}

// H1: every point has one line that says what is durable on both sides of it.
func TestH1EveryPointIsListedOnce(t *testing.T) {
	seen := map[Point]bool{}
	for _, g := range Gaps() {
		if seen[g.Point] || g.Point == "" || g.Before == "" || g.After == "" {
			t.Errorf("%+v", g)
		}
		seen[g.Point] = true
	}
	if !seen[IntakeBodyRead] || !seen[AnchorPublished] {
		t.Error("the list is not whole")
	}
}

// J14: in a program without the tag a point costs nothing.
func BenchmarkHit(b *testing.B) {
	for b.Loop() {
		Hit(CallTried)
	}
}
