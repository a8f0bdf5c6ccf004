package entra

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An event keeps nothing of the memory it was read in: what is read afterwards, and
// whatever becomes of the bytes of the record, changes nothing of it.
func TestEventsDoNotShareTheMemoryTheyWereReadIn(t *testing.T) {
	x := NewDecoder(DecoderOptions{})
	for _, record := range mix() {
		want := x.Record(slices.Clone(record), received())
		raw := slices.Clone(record)
		got := x.Record(raw, received())
		for i := range raw {
			raw[i] = 'x'
		}
		for _, other := range mix() {
			x.Record(other, received())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\nchanged afterwards:\n%s", record, diff)
		}
	}
}

// A word is its own text, whichever words were met before and share its place.
func TestWordsKeptAreTheRightOnes(t *testing.T) {
	s := newScratch()
	for range 3 {
		for n := range 4 * keptWords {
			word := strings.Repeat("w", n%(longWord+40)) + string(rune('a'+n%26))
			if got := s.word([]byte(word)); got != word {
				t.Fatalf("%q for %q", got, word)
			}
		}
	}
}

// A record of the audit log takes little memory to read. Of an update of a
// department, which means nothing, the values are not even made into texts.
func TestReadingARecordAllocatesLittle(t *testing.T) {
	x := NewDecoder(DecoderOptions{})
	for activity, most := range map[string]float64{"Update device": 12, "Update user": 16} {
		record := []byte(audited("Directory_"+ingrid+"_AAAAA_1", activity, person(ingrid, "Department", `"[\"Sales\"]"`, `"[\"Marketing\"]"`)))
		x.Record(record, received())
		if got := testing.AllocsPerRun(200, func() { x.Record(record, received()) }); got > most {
			t.Errorf("%s: %v allocations, not at most %v", activity, got, most)
		}
	}
}

// Eight bytes at a time are looked at as one by one.
func TestPlainBytesAreCountedLikeOneByOne(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			for _, around := range []byte{'a', '~', ' ', 0x7f, '!', '#', '[', ']'} {
				in := slices.Repeat([]byte{around}, 20)
				in[at] = byte(c)
				want := 20
				if c == '"' || c == '\\' || c < ' ' || c >= 0x80 {
					want = at
				}
				if got := plainBytes(in); got != want {
					t.Fatalf("%q: %d, not %d", in, got, want)
				}
			}
		}
	}
}
