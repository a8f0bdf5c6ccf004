package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
)

// River's interface for drivers is not stable ("DO NOT IMPLEMENT" in
// riverdriver): this file and fetch.go are all that depends on it. It is written for
// v0.41.0 and must be read again at every upgrade of River; the assertions
// below and the tests of the listener are what says that it still fits.
var (
	_ riverdriver.Driver[*sql.Tx] = (*driver)(nil)
	_ riverdriver.Listener        = (*listener)(nil)
)

const (
	topicPrefix = schema + "."
	insertTopic = "river_insert"
	// Reconnecting is quick at first, because a commit elsewhere is only heard
	// of by polling until the connection is back.
	minReconnect = 50 * time.Millisecond
	maxReconnect = 5 * time.Second
	// listenerTimeout bounds what lib/pq does not let us cancel.
	listenerTimeout = 5 * time.Second
)

// driver is River's driver over database/sql with what it lacks: a listener, and
// an order of jobs that is fair to every connection.
type driver struct {
	*riverdatabasesql.Driver
	listener *listener
	db       *sql.DB
	lanes    *lanes
	looked   func(queue string, took time.Duration, found int)
}

// GetExecutor is what River asks for jobs.
func (d *driver) GetExecutor() riverdriver.Executor {
	return &fetcher{Executor: d.Driver.GetExecutor(), db: d.db, lanes: d.lanes, looked: d.looked}
}

func (*driver) SupportsListener() bool { return true }

func (d *driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.listener
}

// listener hears notifications on a connection of its own, and kicks from
// within the program, which it hands to River as if they were notifications.
type listener struct {
	dsn    string
	by     string // what this program tells others, it need not hear
	queues []string
	log    *slog.Logger
	kicked chan struct{}

	mu   sync.Mutex
	conn *pq.Listener
	// wakes are the queues whose notifications of our own wait to be handed over.
	wakes []string
}

func newListener(dsn string, queues []string, log *slog.Logger) *listener {
	return &listener{dsn: dsn, queues: queues, log: log, kicked: make(chan struct{}, 1)}
}

// kick makes some queues be looked at soon. It never blocks, and a kick while
// the listener does not listen is kept.
func (l *listener) kick(queues []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range queues {
		if slices.Contains(l.queues, q) && !slices.Contains(l.wakes, q) {
			l.wakes = append(l.wakes, q)
		}
	}
	select {
	case l.kicked <- struct{}{}:
	default:
	}
}

// Connect opens the connection and waits until it stands: pq.NewListener
// connects in the background.
func (l *listener) Connect(ctx context.Context) error {
	first := make(chan error, 1)
	conn := pq.NewListener(l.dsn, minReconnect, maxReconnect, func(event pq.ListenerEventType, err error) {
		switch event {
		case pq.ListenerEventConnected, pq.ListenerEventConnectionAttemptFailed:
			select {
			case first <- err:
			default:
			}
		case pq.ListenerEventDisconnected:
			l.log.Warn("the connection that listens for new jobs was lost; reconnecting, and looking for jobs once a second until then", "error", err)
		case pq.ListenerEventReconnected:
			l.log.Info("listening for new jobs again")
		}
	})
	select {
	case err := <-first:
		if err != nil {
			closeSoon(conn)
			return fmt.Errorf("connecting to listen for new jobs: %w", err)
		}
	case <-ctx.Done():
		closeSoon(conn)
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	l.wakes = slices.Clone(l.queues) // what was queued while nobody listened was not heard of
	return nil
}

// Close ends the connection. Its last goroutine ends with it, or when the
// network gives up.
func (l *listener) Close(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		<-closeSoon(l.conn)
		l.conn = nil
	}
	return nil
}

// closeSoon closes a connection without waiting long for a network that hangs.
func closeSoon(conn *pq.Listener) <-chan struct{} {
	closed, waited := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(closed)
		_ = conn.Close()
		for range conn.Notify { // or its sender would hang for ever
		}
	}()
	go func() {
		defer close(waited)
		select {
		case <-closed:
		case <-time.After(listenerTimeout):
		}
	}()
	return waited
}

// Listen starts to hear a topic. That it is heard already is no error.
func (l *listener) Listen(ctx context.Context, topic string) error {
	err := l.within(ctx, func(conn *pq.Listener) error { return conn.Listen(topicPrefix + topic) })
	if errors.Is(err, pq.ErrChannelAlreadyOpen) {
		return nil
	}
	return err
}

// Unlisten stops hearing a topic. That it is not heard is no error.
func (l *listener) Unlisten(ctx context.Context, topic string) error {
	err := l.within(ctx, func(conn *pq.Listener) error { return conn.Unlisten(topicPrefix + topic) })
	if errors.Is(err, pq.ErrChannelNotOpen) {
		return nil
	}
	return err
}

// Ping finds out whether the connection still stands.
func (l *listener) Ping(ctx context.Context) error {
	return l.within(ctx, (*pq.Listener).Ping)
}

// within bounds a call that lib/pq does not let us cancel.
func (l *listener) within(ctx context.Context, call func(*pq.Listener) error) error {
	conn := l.current()
	if conn == nil {
		return errNotListening
	}
	ctx, cancel := context.WithTimeout(ctx, listenerTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() { // pq.Listener.Ping panics at an answer it does not expect
			if v := recover(); v != nil {
				done <- fmt.Errorf("talking to the connection that listens for new jobs: %v", v)
			}
		}()
		done <- call(conn)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNotListening = errors.New("the connection that listens for new jobs is closed")

func (l *listener) current() *pq.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// Schema is where the job tables are.
func (*listener) Schema() string { return schema }

// SetAfterConnectExec is for River's own tests.
func (*listener) SetAfterConnectExec(string) {}

// WaitForNotification waits for a notification, a kick, or the end of ctx.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if q, ok := l.nextWake(); ok {
			return &riverdriver.Notification{Topic: insertTopic, Payload: fmt.Sprintf(`{"queue": %q}`, q)}, nil
		}
		conn := l.current()
		if conn == nil {
			return nil, errNotListening
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.kicked:
		case n, ok := <-conn.Notify:
			if !ok {
				return nil, errNotListening
			}
			if n == nil { // reconnected: what was said meanwhile is lost
				l.kick(l.queues)
				continue
			}
			if n.Channel == topicPrefix+insertTopic && l.ours(n.Extra) {
				continue
			}
			return &riverdriver.Notification{Topic: strings.TrimPrefix(n.Channel, topicPrefix), Payload: n.Extra}, nil
		}
	}
}

// ours recognises what this program told others: it was kicked when it did.
func (l *listener) ours(payload string) bool {
	var n inserted
	return json.Unmarshal([]byte(payload), &n) == nil && n.By != "" && n.By == l.by
}

func (l *listener) nextWake() (queue string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wakes) == 0 {
		return "", false
	}
	queue, l.wakes = l.wakes[0], l.wakes[1:]
	return queue, true
}
