package entrasim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Delivery records one notification sent, or deliberately not sent.
type Delivery struct {
	Subscriptions []string  `json:"subscriptions"`
	URL           string    `json:"url"`
	Changes       []string  `json:"changes"`             // ids of the changed objects, in the order sent
	Lifecycle     string    `json:"lifecycle,omitempty"` // the lifecycle event, in place of changes
	At            time.Time `json:"at"`
	Dropped       bool      `json:"dropped,omitempty"`
	Tries         int       `json:"tries"`
	Status        int       `json:"status,omitempty"` // last HTTP status, 0 when none came
	Failure       string    `json:"failure,omitempty"`
}

// notify gathers a change for every subscription that wants it. The lock must
// be held.
// What is created or deleted softly arrives as updated as well.
func (s *Sim) notify(kind, path, typeName, object string) {
	const changeType = "updated"
	s.dropExpired()
	for _, b := range s.subs {
		about, one := b.about()
		if about != kind || one != "" && one != object || !slices.Contains(b.changeTypes, changeType) || b.quiet || b.needsReauthorization {
			continue
		}
		item := change{id: newSecret(13), kind: changeType, path: path + "/" + object, typeName: typeName, object: object, tag: newGUID()}
		if i := slices.IndexFunc(b.batch, func(x change) bool { return x.object == object && x.kind == changeType }); i >= 0 {
			b.batch[i] = item // several changes of one object within the window are one
			continue
		}
		b.batch = append(b.batch, item)
		if len(b.batch) == 1 {
			s.pending++
			b.timer = time.AfterFunc(s.opt.BatchWindow+s.switches.NotifyDelay.D(), func() { s.flush(b) })
		}
	}
}

// flush sends what was gathered for a subscription, together with what other
// subscriptions of the same address have waiting.
func (s *Sim) flush(b *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || len(b.batch) == 0 {
		return
	}
	d := Delivery{URL: b.notifyURL, At: s.now()}
	var items []any
	settled := 0
	for _, x := range s.subs {
		if x.notifyURL != b.notifyURL || len(x.batch) == 0 {
			continue
		}
		x.close()
		for _, ch := range x.batch {
			items = append(items, s.item(x, ch))
			d.Changes = append(d.Changes, ch.object)
		}
		d.Subscriptions = append(d.Subscriptions, x.id)
		x.batch = nil
		settled++
	}
	if s.switches.NotifyReorder {
		slices.Reverse(items)
		slices.Reverse(d.Changes)
	}
	if s.switches.NotifyDrop != 0 {
		s.switches.NotifyDrop = max(s.switches.NotifyDrop-1, -1)
		d.Dropped = true
		s.sent = append(s.sent, d)
		for range settled {
			s.settle()
		}
		return
	}
	s.dispatch(d, map[string]any{"value": items}, s.switches.NotifyDuplicates+1, settled)
}

// item renders one change. It names the object and says nothing about it.
func (s *Sim) item(b *subscription, ch change) map[string]any {
	return map[string]any{
		"id": ch.id, "subscriptionId": b.id, "subscriptionExpirationDateTime": stamp(b.expires), "clientState": orNull(b.state),
		"changeType": ch.kind, "resource": ch.path, "tenantId": s.org.TenantID,
		"resourceData": map[string]any{
			"@odata.type": "#Microsoft.Graph." + ch.typeName, "@odata.id": ch.path, "@odata.etag": `W/"` + ch.tag + `"`,
			"id": ch.object, "organizationId": s.org.TenantID,
		},
	}
}

// dispatch sends a body, copies times, and then settles the batches it holds.
func (s *Sim) dispatch(d Delivery, body any, copies, settled int) {
	data, err := json.Marshal(body)
	if err != nil {
		panic("entrasim: a notification cannot be encoded: " + err.Error()) // plain values only
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for range copies {
			s.send(d, data)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for range settled {
			s.settle()
		}
	}()
}

// settle marks one batch as finished. The lock must be held.
func (s *Sim) settle() {
	s.pending--
	if s.pending == 0 {
		close(s.quiet)
		s.quiet = make(chan struct{})
	}
}

// send delivers one notification: anything but a 2xx within the timeout is
// tried again, later and later, and then given up.
func (s *Sim) send(d Delivery, body []byte) {
	pause := s.opt.RetryAfter
	for d.Tries < s.opt.Tries {
		if d.Tries > 0 && !s.pause(pause) {
			break
		}
		if d.Tries > 0 {
			pause *= 2
		}
		d.Tries++
		status, err := s.post(d.URL, body)
		d.Status, d.Failure = status, ""
		if err != nil {
			d.Failure = err.Error()
		}
		if status >= 200 && status < 300 {
			break
		}
		if d.Failure == "" {
			d.Failure = http.StatusText(status)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, d)
}

// pause waits, and reports whether there is still somebody to wait for.
func (s *Sim) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *Sim) post(address string, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.NotifyTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := s.opt.HookClient.Do(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return 0, errors.New("timeout")
		}
		return 0, errors.New("connection failed")
	}
	_ = resp.Body.Close()
	return resp.StatusCode, nil
}

// RequireReauthorization asks the owner of a subscription to reauthorize it:
// until it does, or renews it, changes are lost. It reports whether there is
// such a subscription with an address for lifecycle notifications.
func (s *Sim) RequireReauthorization(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.subscription("", id)
	if b == nil || b.lifecycleURL == "" {
		return false
	}
	b.needsReauthorization = true
	s.pending++
	d := Delivery{Subscriptions: []string{b.id}, URL: b.lifecycleURL, Lifecycle: "reauthorizationRequired", At: s.now()}
	s.dispatch(d, map[string]any{"value": []any{map[string]any{
		"subscriptionId": b.id, "subscriptionExpirationDateTime": stamp(b.expires), "tenantId": s.org.TenantID,
		"clientState": orNull(b.state), "lifecycleEvent": "reauthorizationRequired",
	}}}, 1, 1)
	return true
}

// Deliveries lists all notifications so far.
func (s *Sim) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery{}, s.sent...)
}

// Delivered waits until every change gathered for a subscription has been
// delivered, lost or given up.
func (s *Sim) Delivered(ctx context.Context) error {
	for {
		s.mu.Lock()
		n, quiet := s.pending, s.quiet
		s.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
