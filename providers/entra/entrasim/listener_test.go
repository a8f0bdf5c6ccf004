package entrasim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// listener is a receiver of notifications that answers handshakes.
type listener struct {
	*httptest.Server
	mu         sync.Mutex
	handshakes []string // paths
	items      []map[string]any
	posts      int
	answer     func(w http.ResponseWriter, r *http.Request) bool // nil or false: the right answer
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(l)
	t.Cleanup(func() {
		l.CloseClientConnections()
		l.Close()
	})
	return l
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body) // only then does the server notice a caller that gives up
	if l.answer != nil && l.answer(w, r) {
		return
	}
	if token := r.URL.Query().Get("validationToken"); token != "" {
		l.mu.Lock()
		l.handshakes = append(l.handshakes, r.URL.Path)
		l.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, token)
		return
	}
	var body struct{ Value []map[string]any }
	_ = json.Unmarshal(data, &body)
	l.mu.Lock()
	l.posts++
	l.items = append(l.items, body.Value...)
	l.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// heard lists the items received so far.
func (l *listener) heard() []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]map[string]any{}, l.items...)
}

// subscribe asks for changes of a resource.
func (r *rig) subscribe(resource, notify, lifecycle string) map[string]any {
	body := map[string]any{
		"changeType": "updated,deleted", "notificationUrl": notify, "resource": resource, "clientState": "a shared secret",
		"expirationDateTime": r.now().Add(24 * time.Hour),
	}
	if lifecycle != "" {
		body["lifecycleNotificationUrl"] = lifecycle
	}
	return body
}

func subscriptionEndpoints(t *testing.T, r *rig) {
	t.Helper()
	l := newListener(t)
	var made object
	r.call(201, "POST", "/subscriptions", r.subscribe("users", l.URL+"/hooks", l.URL+"/life")).decode(t, &made)
	one := "/subscriptions/" + made.ID
	r.call(200, "GET", "/subscriptions", nil)
	r.call(200, "GET", one, nil)
	r.call(200, "PATCH", one, map[string]any{"expirationDateTime": r.now().Add(48 * time.Hour)})
	r.call(204, "POST", one+"/reauthorize", nil)
	r.call(204, "DELETE", one, nil)
	r.call(404, "GET", one, nil)
}
