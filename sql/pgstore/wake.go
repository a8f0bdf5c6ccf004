package pgstore

import (
	"context"
	"sync"
	"time"

	"github.com/lib/pq"
)

// channel is the name of the notification that deliveries are waiting.
const channel = "countersign_inbox"

// notifyEvery bounds how often other replicas are told; what comes in between
// is told once.
const notifyEvery = 10 * time.Millisecond

// Wake fires after Receive or AppendPage committed in this process and, while
// Listen runs, in another one. A signal may be lost when the other process or
// the network fails: look by yourself now and then.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// announce tells this process at once, and the others soon.
func (s *Store) announce() {
	signal(s.wake)
	signal(s.notify)
}

// signal sets a flag; it never waits.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Listen passes signals between the replicas until the context ends. The NOTIFY
// is a statement of its own: inside the transactions of Receive it would make
// their commits wait for each other.
func (s *Store) Listen(ctx context.Context) error {
	var both sync.WaitGroup
	both.Go(func() { s.hear(ctx) })
	both.Go(func() { s.tell(ctx) })
	both.Wait()
	return nil
}

// hear wakes this process when another one received something.
func (s *Store) hear(ctx context.Context) {
	listener := pq.NewListener(s.dsn, 100*time.Millisecond, 10*time.Second, func(_ pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			s.log.Warn("no signals from other replicas; deliveries are found by looking", "error", err)
		}
	})
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-ctx.Done()
		_ = listener.Close() // also ends a Listen that still connects
	}()
	defer func() { <-closed }()
	if err := listener.Listen(channel); err != nil {
		if ctx.Err() == nil {
			s.log.Error("cannot listen for other replicas", "error", err)
		}
		<-ctx.Done()
		return
	}
	for n := range listener.Notify {
		// nil stands for a connection that was lost and made again.
		if n == nil || n.Extra != s.self {
			signal(s.wake)
		}
	}
}

// tell tells the other replicas, at most once every notifyEvery.
func (s *Store) tell(ctx context.Context) {
	tick := time.NewTicker(notifyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.notify:
		}
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := s.db.ExecContext(short, `SELECT pg_notify($1, $2)`, channel, s.self)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.log.Warn("other replicas could not be told of a delivery; they find it by looking", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
