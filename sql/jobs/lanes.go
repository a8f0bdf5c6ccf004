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

	// wake makes queues be looked at.
	wake func(queues []string)

	mu      sync.Mutex
	working map[int64]lane // by the job's id
	waits   map[lane]time.Time
	// full are those that a look has filled, so that more may wait for room.
	full map[lane]bool
}

// A lane is a connection in a queue.
type lane struct{ queue, connection string }

func newLanes(most int) *lanes {
	return &lanes{
		most: most, wake: func([]string) {},
		working: map[int64]lane{}, waits: map[lane]time.Time{}, full: map[lane]bool{},
	}
}

// took counts the jobs that a look into a queue fetched, by their connections.
// names and room are what the look was told by busy. Of a connection of which it
// took as many as it was told, or that it passed over, more may wait: they are
// looked for as soon as there is room.
func (l *lanes) took(queue string, jobs map[int64]string, names []string, room []int64) {
	left := map[string]int{}
	for i, name := range names {
		left[name] = int(room[i])
	}
	l.mu.Lock()
	for id, name := range jobs {
		l.working[id] = lane{queue, name}
		if _, told := left[name]; !told {
			left[name] = l.most
		}
		left[name]--
	}
	again := false
	for name, n := range left {
		if n <= 0 {
			l.full[lane{queue, name}] = true
			again = l.open(lane{queue, name}) || again
		}
	}
	l.mu.Unlock()
	if again {
		l.wake([]string{queue})
	}
}

// open tells whether a full lane has room by now, and forgets that it was full. One
// whose provider asked to wait is looked at as often as for anything else, until
// a job of it succeeds. The caller holds the lock.
func (l *lanes) open(at lane) bool {
	if _, waits := l.waits[at]; waits || !l.full[at] {
		return false
	}
	room := l.most
	for _, busy := range l.working {
		if busy == at {
			room--
		}
	}
	if room > 0 {
		delete(l.full, at)
	}
	return room > 0
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
	delete(l.working, id)
	switch wait := holds.RetryAfter(err); {
	case err == nil:
		delete(l.waits, at)
	case wait > 0:
		l.waits[at] = time.Now().Add(min(wait, longestAsked))
	}
	again := l.open(at)
	l.mu.Unlock()
	if again {
		l.wake([]string{at.queue})
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
