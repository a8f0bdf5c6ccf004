package keepertest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
)

// Update implements [Store].
func (m *Memory) Update(_ context.Context, key holds.Key, now time.Time, change func(holds.Hold) (*holds.Change, error)) (h holds.Hold, err error) {
	err = m.within(key.Tenant, func(t *tx) error {
		if h, err = t.hold(key); err != nil {
			return err
		}
		c, err := change(h)
		if err != nil || c == nil {
			return err
		}
		h, err = t.commit(now, *c, nil)
		return err
	})
	return h, err
}

// hold reads a hold whole.
func (t *tx) hold(key holds.Key) (holds.Hold, error) {
	h, ok := t.holds[key.Hold]
	if !ok || h.Tenant != key.Tenant || h.Tenant != t.tenant {
		return holds.Hold{}, notFound()
	}
	return t.whole(h), nil
}

func (t *tx) whole(h holds.Hold) holds.Hold {
	h.Evidence, h.Decisions = slices.Clone(t.evidence[h.ID]), slices.Clone(t.decisions[h.ID])
	return h
}

// commit writes a change. from is the delivery that caused it, if one did.
func (t *tx) commit(now time.Time, c holds.Change, from *holds.Delivery) (holds.Hold, error) {
	h := c.Hold
	if h.ID == "" || h.Tenant != t.tenant {
		return h, errors.New("a change of a hold without an id, or of another tenant")
	}
	if h.State.Undecided() {
		h.ClosedAt = time.Time{}
	} else if h.ClosedAt.IsZero() {
		h.ClosedAt = now
	}
	h.Revision++
	if err := t.write(h); err != nil {
		return h, err
	}
	if err := t.writeRows(&c); err != nil {
		return h, err
	}
	for _, e := range c.Effects {
		t.queue(h, e)
	}
	for _, e := range c.Entries {
		if from != nil && e.Digests["delivery"] == "" {
			e.Digests = map[string]string{"delivery": digestOf(*from)}
		}
		t.record(now, h.Connection, h.ID, e)
	}
	if c.Also != nil {
		if _, err := t.commit(now, *c.Also, from); err != nil {
			return h, err
		}
	}
	return t.whole(t.holds[h.ID]), nil
}

// write keeps a hold under its revision, and one open hold for each account.
func (t *tx) write(h holds.Hold) error {
	was, exists := t.holds[h.ID]
	switch {
	case h.Revision == 1 && exists:
		return holds.Refuse(holds.Conflict, "There is a hold of this id already.")
	case h.Revision > 1 && (!exists || was.Revision != h.Revision-1):
		return holds.Refuse(holds.Conflict, "The hold has changed since you looked at it. Look at it again.")
	case (h.Containment == holds.ContainmentConfirmed || h.Standing == holds.Contained) && h.ReadBack.IsZero():
		return errors.New("a hold is called contained and was never read back")
	}
	if !exists {
		t.order = append(t.order, h.ID)
	}
	h.Evidence, h.Decisions = nil, nil
	t.holds[h.ID] = h
	for _, o := range t.holds {
		if h.Open() && o.Open() && o.ID != h.ID && o.Connection == h.Connection && o.Subject.ID == h.Subject.ID {
			return holds.Refuse(holds.Conflict, "The account has an open hold already; join it.")
		}
	}
	return nil
}

func (t *tx) writeRows(c *holds.Change) error {
	for _, write := range []func(*holds.Change) error{t.writeEvidence, t.writeDecisions, t.writeIntents, t.writeNotices} {
		if err := write(c); err != nil {
			return err
		}
	}
	if len(c.Notes) > 0 {
		t.notes[c.Hold.ID] = slices.Concat(t.notes[c.Hold.ID], c.Notes)
	}
	return nil
}

func (t *tx) writeEvidence(c *holds.Change) error {
	for _, e := range c.Evidence {
		if slices.ContainsFunc(t.evidence[c.Hold.ID], func(o holds.Evidence) bool { return o.ID == e.ID }) {
			return holds.Refuse(holds.Conflict, "This identity check has been recorded already.")
		}
		t.evidence[c.Hold.ID] = slices.Concat(t.evidence[c.Hold.ID], []holds.Evidence{e})
	}
	return nil
}

// writeDecisions keeps each decision once; all that ever changes is that it is void.
func (t *tx) writeDecisions(c *holds.Change) error {
	all := slices.Clone(t.decisions[c.Hold.ID])
	for _, d := range c.Decisions {
		if slices.ContainsFunc(all, func(o holds.Decision) bool {
			return o.ID == d.ID || o.Version == d.Version && o.Approver == d.Approver && o.Kind == d.Kind
		}) {
			return holds.Refuse(holds.Conflict, "You have decided about this version already.")
		}
		all = append(all, d)
	}
	for _, d := range c.Hold.Decisions {
		for i := range all {
			all[i].Void = all[i].Void || d.Void && all[i].ID == d.ID
		}
	}
	if len(all) > 0 {
		t.decisions[c.Hold.ID] = all
	}
	return nil
}

// writeIntents announces each call once; one that failed may be announced again.
func (t *tx) writeIntents(c *holds.Change) error {
	for _, i := range c.Intents {
		if i.Connection == "" {
			i.Connection = c.Hold.Connection
		}
		i.Hold, i.Tenant, i.Tried, i.Result, i.Action.Before = c.Hold.ID, t.tenant, time.Time{}, holds.Result{}, nil
		for _, o := range t.intents {
			same := o.Hold == i.Hold && o.Round == i.Round && o.Purpose == i.Purpose && o.Connection == i.Connection && o.Action == i.Action
			if o.ID == i.ID || same && o.Result.Status != holds.Broken {
				return holds.Refuse(holds.Conflict, "This call has been announced already.")
			}
		}
		t.intents = append(t.intents, i)
	}
	return nil
}

// writeNotices plans each message once. One that was planned before is left out
// together with the job and the audit entry that speak of it.
func (t *tx) writeNotices(c *holds.Change) error {
	for _, n := range c.Notices {
		row := notice{Notice: n, occasion: occasion(n, c.Hold)}
		if row.Status == "" {
			row.Status = holds.NoticeQueued
		}
		if slices.ContainsFunc(t.notices, row.same) {
			c.Effects = slices.DeleteFunc(slices.Clone(c.Effects), func(e holds.Effect) bool { return e.Notice == n.ID })
			c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e holds.Entry) bool { return e.Facts["notice"] == string(n.ID) })
			continue
		}
		t.notices = append(t.notices, row)
	}
	return nil
}

func (n notice) same(o notice) bool {
	return o.Hold == n.Hold && o.Version == n.Version && o.Audience == n.Audience && o.Point.Kind == n.Point.Kind &&
		o.Point.Value == n.Point.Value && o.occasion == n.occasion
}

// occasion tells pages of one version apart; the owner hears of a version once.
func occasion(n holds.Notice, h holds.Hold) string {
	if n.Audience == holds.ToOwner {
		return ""
	}
	return strconv.Itoa(h.Escalations) + " " + strconv.Itoa(h.ContainRound) + " " + n.Why
}

// OpenHold implements [Store].
func (m *Memory) OpenHold(_ context.Context, tenant holds.TenantID, conn holds.ConnectionID, account string) (key holds.Key, err error) {
	err = m.reading(tenant, func(t *tx) error {
		for _, id := range t.order {
			if h := t.holds[id]; h.Tenant == tenant && h.Connection == conn && h.Subject.ID == account && h.Open() {
				key = holds.Key{Tenant: tenant, Hold: id}
				return nil
			}
		}
		return notFound()
	})
	return key, err
}

// Due implements [Store].
func (m *Memory) Due(_ context.Context, now time.Time, limit int) ([]holds.Key, error) {
	return m.list(limit, func(h holds.Hold) (time.Time, bool) {
		at := h.Due
		if h.State == holds.Approved && h.ReleaseBegun.IsZero() && h.ReleaseAfter.Before(at) {
			at = h.ReleaseAfter
		}
		return at, !h.Ended() && !at.After(now)
	})
}

// Restrained implements [Store].
func (m *Memory) Restrained(_ context.Context, before time.Time, limit int) ([]holds.Key, error) {
	return m.list(limit, func(h holds.Hold) (time.Time, bool) {
		return h.ReadBack, h.Containment == holds.ContainmentConfirmed && !h.Ended() && h.ReadBack.Before(before) &&
			h.ReleaseBegun.IsZero() && h.RestoreBegun.IsZero()
	})
}

// list is the keys of the holds of all tenants that fit, the earliest first.
func (m *Memory) list(limit int, fits func(holds.Hold) (time.Time, bool)) ([]holds.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	type line struct {
		at  time.Time
		key holds.Key
	}
	var found []line
	for _, id := range m.rows.order {
		h := m.rows.holds[id]
		if at, ok := fits(h); ok {
			found = append(found, line{at, holds.Key{Tenant: h.Tenant, Hold: id}})
		}
	}
	slices.SortStableFunc(found, func(a, b line) int { return a.at.Compare(b.at) })
	out := make([]holds.Key, 0, len(found))
	for _, l := range found[:min(len(found), max(0, limit))] {
		out = append(out, l.key)
	}
	return out, nil
}
