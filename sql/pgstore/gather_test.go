package pgstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgstore"
)

// planAt plans one message about a hold, by either store.
func (w *world) planAt(s *pgstore.Store, h holds.Hold, to holds.Audience, why string, version int, now time.Time) (holds.Notice, error) {
	n := holds.Notice{
		ID: holds.NoticeID(newID()), Tenant: acme, Hold: h.ID, Version: version, Audience: to, Channel: "email", Why: why,
		Point:   holds.ContactPoint{ID: "pt", Person: h.Owner, Kind: holds.EmailPoint, Value: string(to) + "@private.example"},
		Created: now, Expires: now.Add(time.Hour),
	}
	_, err := s.Update(w.Context(), keyOf(h), now, func(h holds.Hold) (*holds.Change, error) {
		c, err := holds.Apply(h, holds.Planned{Notices: []holds.Notice{n}}, now)
		return &c, err
	})
	return n, err
}

func (w *world) planOne(h holds.Hold, to holds.Audience, why string, version int, now time.Time) holds.Notice {
	w.Helper()
	n, err := w.planAt(w.Store, h, to, why, version, now)
	w.must(err)
	n, err = w.Notice(w.Context(), acme, n.ID)
	w.must(err)
	return n
}

// E11: many pages and messages about several holds, planned by two replicas at
// once, are as few jobs as the rule allows.
func TestE11AFloodIsFewJobs(t *testing.T) {
	for _, to := range []holds.Audience{holds.ToOwner, holds.ToDuty} {
		t.Run(string(to), func(t *testing.T) { flood(t, to, 6, 8) })
	}
}

// flood plans messages about many holds at once: each has one that says it, and what
// waits is scheduled.
func flood(t *testing.T, to holds.Audience, many, each int) {
	w := newWorld(t)
	most := holds.MostToOwner
	if to == holds.ToDuty {
		most = holds.MostToDuty
	}
	var all []holds.Hold
	for i := range many {
		all = append(all, w.held(fmt.Sprintf("00u%d", i)))
	}
	now := time.Now().UTC().Truncate(time.Microsecond) // so that the job runner schedules what is due later
	var wg sync.WaitGroup
	for i, h := range all {
		wg.Go(func() {
			for n := range each {
				s := []*pgstore.Store{w.Store, w.Second}[(i+n)%2]
				if _, err := w.planAt(s, h, to, fmt.Sprint("reason ", n), n+1, now.Add(time.Duration(n)*time.Second)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	planned := w.count("notices")
	alone := w.count("notices WHERE bearer = notice_id AND due_at IS NULL")
	digests := w.count("notices WHERE bearer = notice_id AND due_at IS NOT NULL")
	orphans := w.count("notices n LEFT JOIN notices b ON b.notice_id = n.bearer WHERE b.notice_id IS NULL OR b.bearer <> b.notice_id")
	jobs := w.count("river.river_job WHERE args->>'effect' = 'send'")
	early := w.count(`river.river_job j JOIN notices n ON n.notice_id::text = j.args->>'notice'
		WHERE n.due_at IS NOT NULL AND (j.state <> 'scheduled' OR j.scheduled_at < n.due_at)`)
	if planned != many*each || alone != most || digests != 1+(planned-most-1)/holds.MostGathered || orphans != 0 || jobs != alone+digests || early != 0 {
		t.Fatalf("%d planned: %d go at once, %d digests, %d said by nobody, %d jobs, %d of them too early", planned, alone, digests, orphans, jobs, early)
	}
}

// E11: what is graver goes at once in the middle of a flood, and an hour later
// everything does.
func TestE11SeverityStillPages(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	var last holds.Notice
	for n := range holds.MostToDuty + 5 {
		last = w.planOne(h, holds.ToDuty, fmt.Sprint("reason ", n), 1, at(10))
	}
	if last.Bearer == "" {
		t.Fatal("nothing is gathered")
	}
	frozen := w.change(keyOf(h), func(c *holds.Change) { c.Hold.NotMe = at(10) })
	if n := w.planOne(frozen, holds.ToDuty, "the owner says that this was not them", 1, at(10)); n.Bearer != "" || !n.Due.IsZero() {
		t.Fatalf("what the owner repudiated waits: %+v", n)
	}
	w.change(keyOf(h), func(c *holds.Change) { c.Hold.NotMe = time.Time{} })
	if n := w.planOne(h, holds.ToDuty, "later", 1, at(71)); n.Bearer != "" || !n.Due.IsZero() {
		t.Fatalf("an hour later it still waits: %+v", n)
	}
}

// E11: a digest takes nothing more once its sender has begun, and the ledger of each
// message that it stands for has its last attempt, and no other.
func TestE11ADigestIsALedgerLineForEach(t *testing.T) {
	w := newWorld(t)
	h := w.held("00u1")
	for n := range holds.MostToOwner {
		w.planOne(h, holds.ToOwner, "", n+1, at(10))
	}
	digest := w.planOne(h, holds.ToOwner, "", 100, at(11))
	first, second := w.planOne(h, holds.ToOwner, "", 101, at(12)), w.planOne(h, holds.ToOwner, "", 102, at(12))
	if !digest.Due.After(at(11)) || first.Bearer != digest.ID || second.Bearer != digest.ID {
		t.Fatalf("%+v\n%+v\n%+v", digest, first, second)
	}
	for range 2 { // a job may run twice
		with, err := w.Gathered(t.Context(), acme, digest.ID)
		if w.must(err); len(with) != 2 || with[0].ID != first.ID || with[1].ID != second.ID || with[0].Point.Value == "" {
			t.Fatalf("%+v", with)
		}
	}
	if late := w.planOne(h, holds.ToOwner, "", 103, at(12)); late.Bearer != "" || !late.Due.After(at(12)) {
		t.Fatalf("planned after the digest was begun, and said by %q", late.Bearer)
	}
	w.must(w.Attempted(t.Context(), acme, holds.Attempt{Notice: digest.ID, Status: holds.NoticeFailed, Again: true, At: at(26)}))
	if n, err := w.Notice(t.Context(), acme, first.ID); err != nil || n.Status != holds.NoticeQueued {
		t.Fatalf("an attempt that is repeated counts already: %v %s", err, n.Status)
	}
	w.must(w.Attempted(t.Context(), acme, holds.Attempt{Notice: digest.ID, Status: holds.NoticeAccepted, Detail: "Accepted.", At: at(27)}))
	for id, lines := range map[holds.NoticeID]int{digest.ID: 2, first.ID: 1, second.ID: 1} {
		n, err := w.Notice(t.Context(), acme, id)
		if got := w.count("notice_attempts WHERE notice_id = $1", string(id)); err != nil || n.Status != holds.NoticeAccepted || got != lines {
			t.Fatalf("%v, %s, %d lines", err, n.Status, got)
		}
		if n := w.count("audit_leaves WHERE body LIKE '%notice.attempted%' AND body LIKE '%\"notice\":\"' || $1 || '\"%'", string(id)); n != lines {
			t.Errorf("%d audit entries of %s, want %d", n, id, lines)
		}
	}
	_, err := w.Gathered(t.Context(), globe, digest.ID)
	w.kind(holds.NotFound, err)
}

// E11: two people who share a mailbox share no digest: it would tell one of the
// other's account.
func TestE11ASharedMailboxSharesNoDigest(t *testing.T) {
	w := newWorld(t)
	olga := w.change(keyOf(w.held("00u1")), func(c *holds.Change) { c.Hold.Owner = "olga" })
	otto := w.change(keyOf(w.held("00u2")), func(c *holds.Change) { c.Hold.Owner = "otto" })
	for n := range holds.MostToOwner + 3 {
		w.planOne(olga, holds.ToOwner, "", n+1, at(10))
	}
	if n := w.planOne(otto, holds.ToOwner, "", 1, at(10)); n.Bearer != "" || !n.Due.IsZero() {
		t.Fatalf("%+v", n)
	}
}
