package cutproxy

import "bytes"

// Side is one end of a connection.
type Side string

// The two ends.
const (
	Caller Side = "caller"
	Target Side = "target"
)

// Moment is when a cut with a pattern strikes.
type Moment string

// The moments. With Request the bytes in which the pattern ends do not pass: the
// other side does not have it whole. With Answer they pass, and what the other
// side answers to them does not.
const (
	Request Moment = "request"
	Answer  Moment = "answer"
)

// Cut is one fault.
type Cut struct {
	// From is whose bytes are counted, or looked through for the pattern; the
	// empty one is the caller's.
	From Side
	// Bytes is how many of them pass at most on one connection, when there is no
	// pattern.
	Bytes int64
	// Pattern strikes when these bytes pass.
	Pattern string
	// Then, when given, is what it strikes at instead, on the same connection, once
	// the pattern has passed: the COMMIT of the transaction that had a statement.
	Then string
	// Moment says at which side of it; the empty one is Request.
	Moment Moment
	// Turns is how many answers pass before the one that is lost. A statement
	// with arguments takes two of Postgres' turns: it is prepared, then run.
	Turns int
	// Skip is how many times the pattern passes unharmed before, on all
	// connections together.
	Skip int
	// Times is how often it strikes; zero is once.
	Times int
	// Stall keeps the connection open and forwards nothing more in this direction,
	// until Mend, instead of breaking it.
	Stall bool
}

func (c *Cut) from() Side {
	if c.From == "" {
		return Caller
	}
	return c.From
}

// watch is what one direction of a connection remembers of what passed.
type watch struct {
	passed int64
	tail   []byte // the end of what passed, for patterns across two reads
}

// tailBytes bounds the length of a pattern.
const tailBytes = 256

// find is where in a piece the next pattern ends, or -1. It begins with what
// passed before, so that a pattern may come in two pieces; from is where the
// last one ended.
func (w *watch) find(piece []byte, pattern string, from int) int {
	whole := append(bytes.Clone(w.tail), piece...)
	start := len(w.tail) + from
	if from == 0 {
		start = max(0, len(w.tail)-len(pattern)+1)
	}
	i := bytes.Index(whole[start:], []byte(pattern))
	if i < 0 {
		return -1
	}
	return start + i + len(pattern) - len(w.tail)
}

// keep remembers a piece that passed.
func (w *watch) keep(piece []byte) {
	w.passed += int64(len(piece))
	whole := append(w.tail, piece...)
	w.tail = bytes.Clone(whole[max(0, len(whole)-tailBytes):])
}
