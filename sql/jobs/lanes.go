package jobs

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/holds"
)

// lanes knows how many jobs of each connection are at work here, and which
// connections' providers asked to wait. A connection never has more than a share
// of a queue's workers; one whose provider asked to wait has a single one until
// a job of it succeeds, so that it is looked at again and each of its holds can
// say what it waits for, but nobody else waits for it.
//
// It is the memory of one process. Another one finds out by itself.
type lanes struct {
	most int // jobs of one connection in one queue at a time

	mu      sync.Mutex
	working map[int64]lane // by the job's id
	waits   map[lane]time.Time
}

// A lane is a connection in a queue.
type lane struct{ queue, connection string }

func newLanes(most int) *lanes {
	return &lanes{most: most, working: map[int64]lane{}, waits: map[lane]time.Time{}}
}

// took counts a job that was fetched.
func (l *lanes) took(id int64, at lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.working[id] = at
}

// jobs are the jobs at work here.
func (l *lanes) jobs() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.AppendSeq([]int64{}, maps.Keys(l.working)) // an empty array, and never NULL
}

// ended counts the end of a job, and remembers how it ended.
func (l *lanes) ended(id int64, j holds.Job, err error) {
	at := lane{string(j.Kind), string(j.Connection)}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.working, id)
	switch wait := holds.RetryAfter(err); {
	case err == nil:
		delete(l.waits, at)
	case wait > 0:
		l.waits[at] = time.Now().Add(min(wait, longestAsked))
	}
}

// forgetWaits is how long after a wait was over it is still remembered when no
// job of the connection came to see.
const forgetWaits = time.Minute

// busy lists the connections of which a queue cannot take the usual number: how
// many are at work, and how many more it may take.
func (l *lanes) busy(queue string) (names []string, busy, room []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	working := map[string]int{}
	for _, at := range l.working {
		if at.queue == queue {
			working[at.connection]++
		}
	}
	most := map[string]int{}
	for name := range working {
		most[name] = l.most
	}
	for at, until := range l.waits {
		if time.Since(until) > forgetWaits {
			delete(l.waits, at)
		} else if at.queue == queue {
			most[at.connection] = 1
		}
	}
	for name, m := range most {
		names = append(names, name)
		busy = append(busy, int64(working[name]))
		room = append(room, int64(max(m-working[name], 0)))
	}
	return names, busy, room
}
