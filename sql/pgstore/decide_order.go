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
	// after is the lane that was served last, and marks is where the reading of
	// each begins; both are only ever a help. Deliveries before a mark are decided,
	// but for those that were being committed while later ones were claimed.
	after  string
	marks  map[string]int64
	looked time.Time
}

const (
	// markSlack is how many deliveries behind the newest claimed one are looked at
	// again at once: commits do not happen in the order of ids.
	markSlack = 1024
	// lookAll is how often each lane is read from its beginning, marks or not.
	lookAll = time.Second
)

// next is what to ask the database for.
func (l *lanes) next(now time.Time, clock time.Time) pgdb.ClaimNextParams {
	l.mu.Lock()
	defer l.mu.Unlock()
	if clock.Sub(l.looked) >= lookAll {
		l.looked, l.marks = clock, map[string]int64{}
	}
	l.turn++
	conn, source, _ := strings.Cut(l.after, "/")
	p := pgdb.ClaimNextParams{At: now, AfterConnection: conn, AfterSource: source, Retried: l.turn%2 == 0, Lanes: []string{}, Marks: []int64{}}
	for _, lane := range slices.Sorted(maps.Keys(l.marks)) {
		p.Lanes, p.Marks = append(p.Lanes, lane), append(p.Marks, l.marks[lane])
	}
	return p
}

// served remembers what was claimed. A delivery that failed before was in no lane.
func (l *lanes) served(lane string, delivery int64) {
	if lane == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = lane
	l.marks[lane] = max(l.marks[lane], delivery-markSlack)
}

// urgency is the place of a hold's jobs among those that wait.
func urgency(h holds.Hold) int { return h.Urgency() }
