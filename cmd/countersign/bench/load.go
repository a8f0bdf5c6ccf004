package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// loaded is what came of a load.
type loaded struct {
	rate    float64 // answers of 2xx a second
	latency series  // milliseconds, of those
	refused int64   // other answers, and none: the service protects itself
}

// closed has clients that each wait for their answer before they ask again.
func closed(ctx context.Context, clients int, span time.Duration, ask func(*http.Client) (int, error)) (loaded, error) {
	c := newClient(clients)
	defer c.CloseIdleConnections()
	var out collect
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Go(func() {
			for time.Since(began) < span && ctx.Err() == nil && !out.failed.Load() {
				asked := time.Now()
				status, err := ask(c)
				out.add(status, err, time.Since(asked))
			}
		})
	}
	all.Wait()
	return out.loaded(time.Since(began))
}

// open asks at a steady rate, whether or not earlier answers are there. A latency
// counts from when it was due, so that a service that stalls is not asked less.
func open(ctx context.Context, rate float64, span time.Duration, ask func(c *http.Client, n int) (int, error)) (loaded, error) {
	c := newClient(128)
	defer c.CloseIdleConnections()
	var out collect
	var all sync.WaitGroup
	began := time.Now()
	for n := range max(1, int(rate*span.Seconds())) {
		due := began.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if !wait(ctx, time.Until(due)) || out.failed.Load() {
			break
		}
		all.Go(func() {
			status, err := ask(c, n)
			out.add(status, err, time.Since(due))
		})
	}
	all.Wait()
	return out.loaded(time.Since(began))
}

// wait waits, unless the context ends first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// collect gathers the answers of all clients.
type collect struct {
	mu      sync.Mutex
	latency series
	refused int64
	status  int // of one that was refused
	err     error
	failed  atomic.Bool
}

func (c *collect) add(status int, err error, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.refused++
		c.err = err
		c.failed.Store(c.refused > int64(len(c.latency))) // nobody is there
	case status >= 200 && status < 300:
		c.latency = append(c.latency, millis(took))
	default:
		c.refused++
		c.status = status
	}
}

func (c *collect) loaded(took time.Duration) (loaded, error) {
	out := loaded{rate: float64(len(c.latency)) / took.Seconds(), latency: c.latency, refused: c.refused}
	switch {
	case len(c.latency) > 0 && !c.failed.Load():
		return out, nil
	case c.err != nil:
		return out, c.err
	}
	return out, fmt.Errorf("no request was accepted; one was answered %d", c.status)
}
