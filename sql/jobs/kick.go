package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/holds"
)

// tellEvery bounds how often other replicas are told; what comes in between is
// told once.
const tellEvery = 10 * time.Millisecond

// kicks are the runners of this program that hear of new jobs at once.
type kicks struct {
	mu      sync.Mutex
	runners map[*Runner]func(queues []string)
}

// Kick wakes the runners of this program that were made with this inserter, so
// that they look for these jobs at once, and lets them tell the runners elsewhere.
// It is to be called after the commit, never blocks, and does nothing when no
// runner runs. Runners that hear nothing find new jobs within a second.
func (k *kicks) Kick(jobs ...holds.Job) {
	now := time.Now()
	var queues []string
	for _, j := range jobs {
		if !j.At.After(now) && !slices.Contains(queues, string(j.Kind)) {
			queues = append(queues, string(j.Kind))
		}
	}
	if len(queues) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, wake := range k.runners {
		wake(queues)
	}
}

// alone tells that no runner runs here that could tell others of new jobs.
func (k *kicks) alone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.runners) == 0
}

// attach lets Kick reach a runner until the returned function is called.
func (k *kicks) attach(r *Runner, wake func(queues []string)) (detach func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.runners == nil {
		k.runners = map[*Runner]func([]string){}
	}
	k.runners[r] = wake
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.runners, r)
	}
}

// teller tells the runners elsewhere which queues were given jobs: after the
// commit, because commits that notify wait for each other until the disk has
// them, and many commits at once.
type teller struct {
	db   *sql.DB
	by   string // who tells, and need not listen
	log  *slog.Logger
	said *said
	more chan struct{}

	mu     sync.Mutex
	queues []string
}

// note remembers what to tell.
func (t *teller) note(queues []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range queues {
		if !slices.Contains(t.queues, q) {
			t.queues = append(t.queues, q)
		}
	}
	select {
	case t.more <- struct{}{}:
	default:
	}
}

// run tells until ctx ends.
func (t *teller) run(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.more:
		}
		if err := t.tell(ctx); err != nil && ctx.Err() == nil {
			const message = "other replicas could not be told of new jobs; they find them by looking"
			if left, ok := t.said.pass(message, time.Now()); ok {
				t.log.Warn(message, "error", err, "left_out_since_the_last", left)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// inserted is a notification in River's form, and who sent it.
type inserted struct {
	Queue string `json:"queue"`
	By    string `json:"by,omitempty"`
}

func (t *teller) tell(ctx context.Context) error {
	t.mu.Lock()
	queues := t.queues
	t.queues = nil
	t.mu.Unlock()
	payloads := make([]string, 0, len(queues))
	for _, q := range queues {
		text, err := json.Marshal(inserted{q, t.by})
		if err != nil {
			return err
		}
		payloads = append(payloads, string(text))
	}
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	_, err := t.db.ExecContext(ctx, `SELECT pg_notify($1, p) FROM unnest($2::text[]) p`, topicPrefix+insertTopic, pq.Array(payloads))
	return err
}
