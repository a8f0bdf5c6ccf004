package modeltest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTheModelBites: each mutation is found, by the invariant that it breaks.
func TestTheModelBites(t *testing.T) { bites(t, false) }

// TestTheModelBitesRarely: those that take hundreds of sequences to find.
func TestTheModelBitesRarely(t *testing.T) {
	soak(t)
	bites(t, true)
}

func bites(t *testing.T, rare bool) {
	for _, m := range mutants() {
		if m.Rare != rare {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			failure := play(t, &m)
			if !m.finds(failure) {
				t.Fatalf("it was not found by %s: %s", m.Finds, failure)
			}
			t.Log(strings.SplitN(failure, "\n", 2)[0])
		})
	}
}

// play plays sequences with a mutation and returns how the first bad one failed.
func play(t *testing.T, m *Mutation) string {
	t.Helper()
	Tune(t, 6000, 7, 0)
	r, done := &recorder{name: t.Name()}, make(chan struct{})
	go func() {
		defer close(done)
		Check(r, memory, m)
	}()
	<-done
	return r.said
}

// recorder takes a failure down instead of failing.
type recorder struct {
	name, said string
	failed     bool
}

func (*recorder) Helper()              {}
func (r *recorder) Name() string       { return r.name }
func (*recorder) Logf(string, ...any)  {}
func (*recorder) Log(...any)           {}
func (*recorder) Skipf(string, ...any) { runtime.Goexit() }
func (*recorder) Skip(...any)          { runtime.Goexit() }
func (*recorder) SkipNow()             { runtime.Goexit() }
func (r *recorder) Fail()              { r.failed = true }
func (r *recorder) Failed() bool       { return r.failed }
func (r *recorder) FailNow()           { r.failed = true; runtime.Goexit() }
func (r *recorder) Error(args ...any)  { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatal(args ...any)  { r.Fatalf("%s", fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	if r.failed = true; r.said == "" {
		r.said = fmt.Sprintf(format, args...)
	}
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

var _ rapid.TB = (*recorder)(nil)
