package entra

import "hash/maphash"

// Bounds of what a scratch remembers of one record for the next.
const (
	keptWords = 1024 // a power of two
	longWord  = 256
)

// scratch is the memory in which a record is read. It is used for one record
// after another and by one goroutine at a time; nothing of an event lies in it.
type scratch struct {
	nodes   []node
	targets []target
	changes []change
	pairs   []pair
	seed    maphash.Seed
	// words were met lately, each in the place that its hash gives it. A log says
	// the same few hundred names of activities, properties, services and applications
	// again and again, so that most words need not be made anew.
	words [keptWords]string
}

func newScratch() *scratch { return &scratch{seed: maphash.MakeSeed()} }

// reset makes the scratch ready for the next record.
func (s *scratch) reset() { s.targets, s.changes, s.pairs = s.targets[:0], s.changes[:0], s.pairs[:0] }

// word is the text of bytes.
func (s *scratch) word(b []byte) string {
	if len(b) == 0 || len(b) > longWord {
		return string(b)
	}
	kept := &s.words[maphash.Bytes(s.seed, b)%keptWords]
	if *kept != string(b) {
		*kept = string(b)
	}
	return *kept
}
