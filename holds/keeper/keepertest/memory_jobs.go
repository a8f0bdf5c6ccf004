package keepertest

import (
	"context"
	"slices"

	"github.com/countersign/countersign/holds"
)

// queue queues an effect, unless an equal job waits already.
func (t *tx) queue(h holds.Hold, e holds.Effect) {
	j := holds.Job{Effect: e, Key: holds.Key{Tenant: h.Tenant, Hold: h.ID}, Connection: h.Connection, Epoch: t.m.epoch}
	if slices.ContainsFunc(t.jobs, func(q Queued) bool {
		o := q.Job
		o.Attempt = 0
		return !q.Running && o == j
	}) {
		return
	}
	t.lastJob++
	t.jobs = append(t.jobs, Queued{ID: t.lastJob, Job: j})
}

// job changes a queued job, or takes it out when change says false.
func (m *Memory) job(id int64, change func(*Queued) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := slices.IndexFunc(m.rows.jobs, func(q Queued) bool { return q.ID == id })
	if n < 0 {
		return nil // ended meanwhile
	}
	q := m.rows.jobs[n]
	jobs := slices.Clone(m.rows.jobs)
	if jobs[n] = q; change(&jobs[n]) {
		m.rows.jobs = jobs
	} else {
		m.rows.jobs = slices.Delete(jobs, n, n+1)
	}
	return nil
}

// Claim implements [Bench].
func (m *Memory) Claim(_ context.Context, id int64) (j holds.Job, err error) {
	err = m.job(id, func(q *Queued) bool {
		q.Running = true
		q.Job.Attempt++
		j = q.Job
		return true
	})
	if err == nil && j.Kind == "" {
		err = notFound()
	}
	return j, err
}

// End implements [Bench].
func (m *Memory) End(_ context.Context, id int64) error {
	return m.job(id, func(*Queued) bool { return false })
}

// Again implements [Bench].
func (m *Memory) Again(_ context.Context, id int64) error {
	return m.job(id, func(q *Queued) bool { q.Running = false; return true })
}

// Jobs implements [Bench].
func (m *Memory) Jobs(context.Context) ([]Queued, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.rows.jobs), nil
}

// Undecided implements [Bench].
func (m *Memory) Undecided(context.Context) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows.deliveries {
		if !d.decided && !d.failed {
			n++
		}
	}
	return n, nil
}

// Replica implements [Bench]: all replicas share the one memory.
func (m *Memory) Replica(int) Store { return m }

// State implements [Bench].
func (m *Memory) State(context.Context) (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := State{
		Intents: slices.Clone(m.rows.intents), Rulings: slices.Clone(m.rows.rulings), Jobs: slices.Clone(m.rows.jobs),
		Log: map[holds.HoldID]int{}, Size: int64(len(m.log.leaves)),
	}
	t := &tx{m: m, rows: m.rows}
	for _, id := range m.rows.order {
		s.Holds = append(s.Holds, t.whole(m.rows.holds[id]))
	}
	for _, n := range m.rows.notices {
		s.Notices = append(s.Notices, n.Notice)
	}
	for _, d := range m.rows.deliveries {
		s.Inbox = append(s.Inbox, Received{ID: d.ID, Tenant: d.Tenant, Digest: d.Digest, Decided: d.decided, Failed: d.failed, Attempts: d.attempts})
	}
	for id, n := range m.log.byHold {
		s.Log[id] = n
	}
	return s, nil
}
