package directory

import "fmt"

// Problem is something in the file that people must mend. It is written to be
// shown as it is; it quotes ids but never an address or a number.
type Problem struct {
	// Line is the line of the file the row begins on, counted from 1.
	Line int
	// Column is the name of the column, empty when the whole row is meant.
	Column string
	// What says what is wrong and what to do.
	What string
}

// String is the problem in one line: line 7, recorded: …
func (p Problem) String() string {
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.What)
	}
	return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.What)
}
