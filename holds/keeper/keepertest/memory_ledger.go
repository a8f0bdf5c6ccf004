package keepertest

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// maxCodeTries is how many wrong codes a notice's page takes.
const maxCodeTries = 5

// never is later than every moment.
var never = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

func (t *tx) intentsOf(hold holds.HoldID) []holds.Intent {
	var out []holds.Intent
	for _, i := range t.intents {
		if i.Hold == hold {
			out = append(out, i)
		}
	}
	return out
}

// Intents implements [Store].
func (m *Memory) Intents(_ context.Context, key holds.Key) (out []holds.Intent, err error) {
	err = m.reading(key.Tenant, func(t *tx) error {
		if h, ok := t.holds[key.Hold]; ok && h.Tenant == key.Tenant {
			out = t.intentsOf(key.Hold)
		}
		return nil
	})
	return out, err
}

// intent is the position of a hold's intent.
func (t *tx) intent(key holds.Key, id holds.IntentID) (int, error) {
	n := slices.IndexFunc(t.intents, func(i holds.Intent) bool { return i.ID == id && i.Hold == key.Hold && i.Tenant == key.Tenant })
	if n < 0 {
		return n, notFound()
	}
	return n, nil
}

// Tried implements [Store].
func (m *Memory) Tried(_ context.Context, key holds.Key, id holds.IntentID, at time.Time) error {
	return m.within(key.Tenant, func(t *tx) error {
		n, err := t.intent(key, id)
		if err != nil {
			return err
		}
		i := t.intents[n]
		if at.After(i.Tried) {
			i.Tried = at
		}
		t.intents = with(t.intents, n, i)
		return nil
	})
}

// Outcome implements [Store].
func (m *Memory) Outcome(_ context.Context, key holds.Key, id holds.IntentID, result holds.Result) error {
	return m.within(key.Tenant, func(t *tx) error {
		n, err := t.intent(key, id)
		if err != nil {
			return err
		}
		i := t.intents[n]
		if i.Done() {
			return holds.Refuse(holds.Conflict, "The outcome of this call has been recorded already.")
		}
		i.Result = result
		t.intents = with(t.intents, n, i)
		t.record(result.At, i.Connection, key.Hold, holds.Entry{
			Kind: "intent.outcome", By: holds.BySystem("keeper"), Facts: map[string]string{
				"intent": string(id), "purpose": string(i.Purpose), "action": string(i.Action.Kind),
				"round": strconv.Itoa(i.Round), "status": string(result.Status),
			},
		})
		return nil
	})
}

// SaveSnapshot implements [Store].
func (m *Memory) SaveSnapshot(_ context.Context, tenant holds.TenantID, conn holds.ConnectionID, s holds.Snapshot) error {
	return m.within(tenant, func(t *tx) error {
		row := snapshot{tenant: tenant, connection: conn, Snapshot: s}
		if !slices.ContainsFunc(t.snapshots, func(o snapshot) bool {
			return o.connection == conn && o.Account.ID == s.Account.ID && o.At.Equal(s.At)
		}) {
			t.snapshots = append(t.snapshots, row)
		}
		return nil
	})
}

// newest is the newest snapshot of an account before a moment.
func (t *tx) newest(conn holds.ConnectionID, account string, before time.Time) (found holds.Snapshot, ok bool) {
	for _, s := range t.snapshots {
		if s.tenant == t.tenant && s.connection == conn && s.Account.ID == account && s.At.Before(before) && (!ok || s.At.After(found.At)) {
			found, ok = s.Snapshot, true
		}
	}
	return found, ok
}

// SnapshotBefore implements [Store].
func (m *Memory) SnapshotBefore(_ context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string, before time.Time) (s holds.Snapshot, err error) {
	err = m.reading(tenant, func(t *tx) error {
		var ok bool
		if s, ok = t.newest(conn, account, before); !ok {
			return notFound()
		}
		return nil
	})
	return s, err
}

// SaveHealth implements [Store].
func (m *Memory) SaveHealth(_ context.Context, h holds.ConnectionHealth) error {
	return m.within(h.Tenant, func(t *tx) error {
		t.health[h.Connection] = h
		return nil
	})
}

func (t *tx) noticeOf(id holds.NoticeID) (int, error) {
	n := slices.IndexFunc(t.notices, func(n notice) bool { return n.ID == id && n.Tenant == t.tenant })
	if n < 0 {
		return n, notFound()
	}
	return n, nil
}

// Notice implements [Store].
func (m *Memory) Notice(_ context.Context, tenant holds.TenantID, id holds.NoticeID) (out holds.Notice, err error) {
	err = m.reading(tenant, func(t *tx) error {
		n, err := t.noticeOf(id)
		if err == nil {
			out = t.notices[n].Notice
		}
		return err
	})
	return out, err
}

// Gathered implements [Store]. Here every message goes out by itself: how many
// are too many is no part of the model.
func (m *Memory) Gathered(_ context.Context, tenant holds.TenantID, id holds.NoticeID) ([]holds.Notice, error) {
	return nil, m.reading(tenant, func(t *tx) error {
		_, err := t.noticeOf(id)
		return err
	})
}

// Attempted implements [Store].
func (m *Memory) Attempted(_ context.Context, tenant holds.TenantID, a holds.Attempt) error {
	return m.within(tenant, func(t *tx) error {
		n, err := t.noticeOf(a.Notice)
		if err != nil {
			return err
		}
		row := t.notices[n]
		row.Status, row.attempts = a.Status, slices.Concat(row.attempts, []holds.Attempt{a})
		t.notices = with(t.notices, n, row)
		t.record(a.At, "", row.Hold, holds.Entry{Kind: "notice.attempted", By: holds.BySystem("notify"), Facts: map[string]string{
			"notice": string(a.Notice), "audience": string(row.Audience), "channel": row.Channel, "status": string(a.Status),
		}})
		return nil
	})
}

// CodeTry implements [Store].
func (m *Memory) CodeTry(_ context.Context, tenant holds.TenantID, id holds.NoticeID, right bool, now time.Time) (ok bool, err error) {
	err = m.within(tenant, func(t *tx) error {
		n, err := t.noticeOf(id)
		if err != nil {
			return nil // nothing to try, as a statement that finds no row
		}
		row := t.notices[n]
		if ok = row.Used.IsZero() && row.Expires.After(now) && row.Tries < maxCodeTries; !ok {
			return nil
		}
		if row.Tries++; right {
			row.Used = now
		}
		t.notices = with(t.notices, n, row)
		return nil
	})
	return ok, err
}

// Person implements [Store].
func (m *Memory) Person(_ context.Context, tenant holds.TenantID, id holds.PersonID) (holds.Person, error) {
	if p, ok := m.people[id]; ok && p.Tenant == tenant {
		return p, nil
	}
	return holds.Person{}, notFound()
}

// PersonOf implements [Store].
func (m *Memory) PersonOf(_ context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Person, error) {
	if p, ok := m.personOf(tenant, conn, account); ok {
		return p, nil
	}
	return holds.Person{}, notFound()
}

func (m *Memory) personOf(tenant holds.TenantID, conn holds.ConnectionID, account string) (holds.Person, bool) {
	for _, p := range m.people {
		if p.Tenant == tenant && slices.Contains(p.Accounts, holds.PersonAccount{Connection: conn, Account: account}) {
			return p, true
		}
	}
	return holds.Person{}, false
}

// People implements [Store].
func (m *Memory) People(_ context.Context, tenant holds.TenantID) ([]holds.Person, error) {
	var out []holds.Person
	for _, id := range slices.SortedFunc(maps.Keys(m.people), func(a, b holds.PersonID) int { return strings.Compare(string(a), string(b)) }) {
		if p := m.people[id]; p.Tenant == tenant {
			out = append(out, p)
		}
	}
	return out, nil
}
