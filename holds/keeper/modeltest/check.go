package modeltest

import "fmt"

// Invariants are the ten, by name, in order.
func Invariants() []Invariant {
	return []Invariant{
		{"I1", (*History).I1},
		{"I2", (*History).I2},
		{"I3", (*History).I3},
		{"I4", (*History).I4},
		{"I5", (*History).I5},
		{"I6", (*History).I6},
		{"I7", (*History).I7},
		{"I8", (*History).I8},
		{"I9", (*History).I9},
		{"I10", (*History).I10},
	}
}

// Invariant is one thing that must always hold.
type Invariant struct {
	Name  string
	Holds func(*History) error
}

// Check asks all of them and says which does not hold.
func (h *History) Check() error {
	for _, i := range Invariants() {
		if err := i.Holds(h); err != nil {
			return fmt.Errorf("%s: %w", i.Name, err)
		}
	}
	h.given = len(h.Calls)
	return nil
}
