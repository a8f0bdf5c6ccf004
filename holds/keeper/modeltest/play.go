package modeltest

import (
	"context"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// Tune gives rapid's flags other values for one test: how many sequences are played,
// which ones (a seed of 0 is others every time), and how long a bad one is shrunk.
func Tune(t *testing.T, checks int, seed uint64, shrink time.Duration) {
	t.Helper()
	for name, value := range map[string]string{
		"rapid.checks": strconv.Itoa(checks), "rapid.steps": "40", "rapid.seed": strconv.FormatUint(seed, 10),
		"rapid.nofailfile": "true", "rapid.shrinktime": shrink.String(),
	} {
		f := flag.Lookup(name)
		was := f.Value.String()
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
}

// Sequences is how many a soak plays: all, or as many as COUNTERSIGN_SOAK_SEQUENCES
// says.
func Sequences(all int) int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERSIGN_SOAK_SEQUENCES")); err == nil {
		return n
	}
	return all
}

// Check plays sequences over benches made by fresh until one does not keep an
// invariant, or all have been played.
func Check(t rapid.TB, fresh func() keepertest.Bench, m *Mutation) {
	check(t, fresh, m, func(*History) {})
}

// check is Check, and shows each history at its end.
func check(t rapid.TB, fresh func() keepertest.Bench, m *Mutation, show func(*History)) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(fresh(), m)
		defer w.bury()
		look := func() {
			if err := w.after(); err != nil {
				r.Fatalf("%v\n\nThe story:\n%s", err, strings.Join(w.story, "\n"))
			}
		}
		steps := w.steps()
		steps[""] = func(*rapid.T) {
			look()
			w.now = w.now.Add(time.Second)
			for _, c := range w.clouds {
				c.settle()
			}
		}
		r.Repeat(steps)
		w.rest()
		w.h.Rest, w.h.Accounts = true, w.accounts()
		look()
		show(w.h)
		if err := w.bench.Verify(context.Background(), w.h.Heads); err != nil {
			r.Fatalf("I5: %v\n\nThe story:\n%s", err, strings.Join(w.story, "\n"))
		}
	})
}

// after looks at what the last step has left.
func (w *world) after() error {
	if err := w.observe(); err != nil {
		return err
	}
	if w.trust != "" {
		return errors.New(w.trust)
	}
	err := w.h.Check()
	w.h.Read = false
	return err
}

// between looks in the middle of a step.
func (w *world) between() {
	read := w.h.Read
	if err := w.after(); err != nil {
		w.wrong("%v", err)
	}
	w.h.Read = read
}

// accounts is how the accounts stand.
func (w *world) accounts() map[holds.PersonAccount]bool {
	out := map[holds.PersonAccount]bool{}
	for id, c := range w.clouds {
		for _, a := range c.accounts {
			if key := (holds.PersonAccount{Connection: id, Account: a.id}); w.h.ByHand[key] == 0 {
				out[key] = a.restrained()
			}
		}
	}
	return out
}

// bury ends what still stands.
func (w *world) bury() {
	for _, t := range w.threads {
		if !t.done {
			t.step(dies)
		}
	}
}
