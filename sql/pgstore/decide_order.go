package pgstore

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// How severe a delivery is shows only once it is decoded, and a page of a log has
// a little of everything. So the inbox is drained in fair turns, and it is the
// jobs it leads to that go by severity, see urgency.
//
// A lane is what came from one connection by one way: its hook, its log, or what
// we observed of it ourselves. Lanes take turns and the oldest of a lane comes
// first, so that a flood of one, or a long log read after an outage, delays
// nobody else by more than a turn.
type lanes struct {
	mu sync.Mutex
	// turn counts claims; every other one lets what failed before go first.
	turn uint64
	// after is the lane that was served last.
	after string
	marks map[string]*mark
	// looked is when each lane was last read from its safe mark, and began when it
	// was read from its beginning.
	looked, began time.Time
}

// A mark is where the reading of a lane begins. What was decided stays in the way
// for as long as anybody's query is open that began before, so that reading over
// all of it would make each claim slower than the one before.
type mark struct {
	// safe is the delivery before which none waits and none can come any more.
	safe int64
	// newest is the last one that was claimed.
	newest int64
	// next is to become safe when the transactions before until are over: one of
	// them may be storing an older delivery, or have one locked and let it go.
	next, until int64
}

const (
	// markSlack is how many deliveries behind the newest claimed one are read again
	// at most, while somebody's long transaction keeps the safe mark far behind.
	markSlack = 1024
	// lookSafe is how often each lane is read from its safe mark, however far, and
	// lookAll how often from its beginning. Nothing should be found there; it is for
	// a database that was exchanged, and for what nobody has thought of.
	lookSafe = time.Second
	lookAll  = 10 * time.Second
)

// next is what to ask the database for.
func (l *lanes) next(now time.Time, clock time.Time) pgdb.ClaimWaitingParams {
	l.mu.Lock()
	defer l.mu.Unlock()
	if clock.Sub(l.began) >= lookAll {
		l.began, l.looked, l.marks = clock, clock, map[string]*mark{}
	}
	whole := clock.Sub(l.looked) >= lookSafe
	if whole {
		l.looked = clock
	}
	l.turn++
	conn, source, _ := strings.Cut(l.after, "/")
	p := pgdb.ClaimWaitingParams{At: now, AfterConnection: conn, AfterSource: source, Retried: l.turn%2 == 0, Lanes: []string{}, Marks: []int64{}}
	for _, lane := range slices.Sorted(maps.Keys(l.marks)) {
		from := l.marks[lane].safe
		if !whole {
			from = max(from, l.marks[lane].newest-markSlack)
		}
		p.Lanes, p.Marks = append(p.Lanes, lane), append(p.Marks, from)
	}
	return p
}

// served remembers what was claimed. A delivery that failed before was in no lane.
//
// The mark moves in two steps. A claim that reads from the mark shows that a delivery
// exists; those before it were given their numbers earlier, so that whoever stores or
// has locked one of them is a transaction that had its own number (see
// 00019_in_order.sql). When all of these are over and a claim that reads from the mark
// finds nothing before that delivery, nothing is there.
func (l *lanes) served(asked pgdb.ClaimWaitingParams, got pgdb.ClaimWaitingRow) {
	if got.Lane == "" {
		return
	}
	var from int64
	if i := slices.Index(asked.Lanes, got.Lane); i >= 0 {
		from = asked.Marks[i]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = got.Lane
	m := l.marks[got.Lane]
	if m == nil {
		m = &mark{}
		l.marks[got.Lane] = m
	}
	m.newest = max(m.newest, got.DeliveryID)
	if from > m.safe {
		return // what waits before from was not looked at
	}
	if m.next > 0 && got.Oldest >= m.until && got.DeliveryID >= m.next {
		m.safe, m.next = m.next, 0
	}
	if m.next == 0 && got.DeliveryID > m.safe {
		m.next, m.until = got.DeliveryID, got.This
	}
}

// urgency is the place of a hold's jobs among those that wait.
func urgency(h holds.Hold) int { return h.Urgency() }
