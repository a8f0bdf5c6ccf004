package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/countersign/countersign/holds"
)

// The names of the demonstration's tenant, connections and configuration.
const (
	demoTenant = "nordwind"
	demoOkta   = "nordwind-okta"
	demoEntra  = "nordwind-entra"
	demoFile   = "countersign.yaml"
)

// How late the simulated platforms tell of what happened. Okta's event hooks take
// about a second; Entra's audit log a little longer, where a real one takes minutes.
const (
	oktaDelay  = "1s"
	auditDelay = "3s"
)

// demoWorld is everything the demonstration runs: a directory that is removed
// at the end, the simulators, and the real service on a real configuration.
type demoWorld struct {
	dir     demoDir
	sim     *simulator
	service *service
	secret  string
	people  []holds.Person
	cancel  context.CancelFunc
	ended   chan struct{} // closed when the service has; nil before it runs
	failed  error         // how it ended; to be read after that
}

// newDemoWorld starts it all. What was started when a later part fails is
// stopped again.
func newDemoWorld(ctx context.Context, std streams) (w *demoWorld, err error) {
	w = &demoWorld{secret: rand.Text()}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	if _, err := sweepDemos(ctx, os.TempDir()); err != nil {
		say(std.err, "countersign: %v", err) // and goes on: it is in nobody's way
	}
	if w.dir, err = newDemoDir(); err != nil {
		return w, err
	}
	if w.sim, err = startSimulator(ctx, std.err); err != nil {
		return w, err
	}
	path, err := w.writeConfig()
	if err != nil {
		return w, err
	}
	config, err := LoadConfig(path)
	if err != nil {
		return w, err
	}
	log, err := os.OpenFile(w.file("service.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return w, err
	}
	if w.service, err = newService(ctx, config, newLogger(log)); err != nil {
		return w, err
	}
	w.run(ctx)
	if err = w.registerHook(ctx); err != nil {
		return w, err
	}
	return w, w.delay(ctx)
}

// run runs the service until the world is stopped or the service fails.
func (w *demoWorld) run(ctx context.Context) {
	ctx, w.cancel = context.WithCancel(ctx)
	w.ended = make(chan struct{})
	go func() {
		w.failed = w.service.Run(ctx)
		close(w.ended)
	}()
}

func (w *demoWorld) file(name string) string { return filepath.Join(w.dir.path, name) }

// registerHook points the simulated Okta's event hook at us, which makes it verify
// the address. Entra's subscriptions are made by the service itself.
func (w *demoWorld) registerHook(ctx context.Context) error {
	return w.sim.post(ctx, "/sim/hook", map[string]any{
		"url": "http://" + w.service.public.Addr() + "/hooks/okta/" + demoOkta, "header": "Authorization", "secret": w.secret,
	}, nil)
}

// delay makes the simulated platforms tell what happens as late as real ones do, as
// far as somebody wants to wait for it.
func (w *demoWorld) delay(ctx context.Context) error {
	return errors.Join(
		w.sim.post(ctx, "/sim/switches", map[string]any{"hookDelay": oktaDelay, "logDelay": oktaDelay}, nil),
		w.sim.post(ctx, "/entra/sim/switches", map[string]any{"auditDelay": auditDelay, "auditDelayFixed": true}, nil),
	)
}

// stop ends everything and removes the directory.
func (w *demoWorld) stop() error {
	var errs []error
	if w.ended != nil {
		w.cancel()
		<-w.ended
		errs = append(errs, w.failed)
	}
	if w.service != nil {
		errs = append(errs, w.service.close(context.Background()))
	}
	if w.sim != nil {
		errs = append(errs, w.sim.stop())
	}
	return errors.Join(append(errs, w.dir.remove())...)
}

// say prints a line for people.
func say(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}
