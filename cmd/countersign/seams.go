package main

import (
	"context"
	"net/http"
	"time"
)

// seams are what the tests of the whole program change about it. They travel in
// the context, so that a command that reads its configuration by itself can be
// tested like the service. Outside of tests there are none: only a test file can
// put them there.
type seams struct {
	// unsafe accepts a database server that may lose what it committed.
	unsafe bool
	// unprepared sends statements to the database whole, so that one can be
	// recognised as it passes.
	unprepared bool
	// transport makes the calls to Okta, for example to check them, and graph those
	// to Entra; nil is the network.
	transport, graph http.RoundTripper
	// timeout bounds each of these calls; zero is the client's own.
	timeout time.Duration
	// job bounds one run of a job; zero is jobTimeout. A job whose process was
	// killed is taken over when that time is up.
	job time.Duration
	// feeds is between two looks at a directory's subscriptions; zero is the
	// client's own.
	feeds time.Duration
}

type seamsKey struct{}

func seamsOf(ctx context.Context) seams {
	s, _ := ctx.Value(seamsKey{}).(seams)
	return s
}
