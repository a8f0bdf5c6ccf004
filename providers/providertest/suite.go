package providertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// Run holds a provider to the suite. Each case gets a harness of its own.
func Run(t *testing.T, harness func(t *testing.T) Harness) {
	cases := map[string]func(*rig, holds.ActionKind){
		"does it once":                    (*rig).once,
		"says already":                    (*rig).already,
		"says gone":                       (*rig).gone,
		"G7 an answer lost after it":      (*rig).lostAfter,
		"G7 an answer of another shape":   (*rig).oddAnswer,
		"G5 a failure before it":          (*rig).failsBefore,
		"G5 a hang ends at the deadline":  (*rig).hangs,
		"G5 a rate limit says how long":   (*rig).limited,
		"G13 a refused credential":        (*rig).refusedCredential,
		"G15 ids that are none":           (*rig).badIDs,
		"stops when the caller gives up ": (*rig).cancelled,
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			for _, k := range append(kinds(), harness(t).Kinds...) {
				t.Run(string(k), func(t *testing.T) { run(newRig(t, harness), k) })
			}
		})
	}
	t.Run("refuses what cannot be", func(t *testing.T) { newRig(t, harness).refused() })
	t.Run("unknown action", func(t *testing.T) { newRig(t, harness).unknownAction() })
	t.Run("G6 snapshot", func(t *testing.T) { newRig(t, harness).snapshots() })
	t.Run("enforcement", func(t *testing.T) { newRig(t, harness).enforcement() })
	t.Run("an object is read back by itself", func(t *testing.T) { newRig(t, harness).objects() })
	t.Run("activity", func(t *testing.T) { newRig(t, harness).activity() })
	t.Run("C8 find", func(t *testing.T) { newRig(t, harness).find() })
	t.Run("decode never fails", func(t *testing.T) { newRig(t, harness).decodes() })
}

// rig is a harness with an account and every error seen.
type rig struct {
	*testing.T
	Harness
	account Account
	had     int // effects of the action's call before it had its turn
}

func newRig(t *testing.T, harness func(t *testing.T) Harness) *rig {
	t.Helper()
	h := harness(t)
	return &rig{T: t, Harness: h, account: h.Account(t)}
}

// do calls Do within what a few calls may take and checks every error for
// secrets.
func (r *rig) do(a holds.Action) (holds.Result, error) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	res, err := r.Provider.Do(ctx, a)
	r.noSecret(err)
	r.noSecret(errors.New(res.Detail))
	return res, err
}

func (r *rig) noSecret(err error) {
	r.Helper()
	if err == nil {
		return
	}
	for _, s := range r.Secrets {
		if s != "" && strings.Contains(err.Error(), s) {
			r.Errorf("the secret is shown in %q", strings.ReplaceAll(err.Error(), s, "(secret)"))
		}
	}
}

// prepare brings the account to where the action has something to do.
func (r *rig) prepare(k holds.ActionKind) holds.Action {
	r.Helper()
	if first := before(k); first != "" {
		r.must(r.account.action(first), holds.Applied)
	}
	a := r.account.action(k)
	r.had = r.Effects(a)
	return a
}

func (r *rig) must(a holds.Action, want holds.ResultStatus) holds.Result {
	r.Helper()
	res, err := r.do(a)
	if err != nil || res.Status != want {
		r.Fatalf("%s: %s (%s), %v; want %s", a.Kind, res.Status, res.Detail, err, want)
	}
	return res
}

func (r *rig) fails(a holds.Action, want holds.Kind) error {
	r.Helper()
	res, err := r.do(a)
	if err == nil || holds.KindOf(err) != want {
		r.Fatalf("%s: %s (%s), %v of kind %s; want an error of kind %s", a.Kind, res.Status, res.Detail, err, holds.KindOf(err), want)
	}
	return err
}

func (r *rig) effects(a holds.Action, want int) {
	r.Helper()
	if got := r.Effects(a) - r.had; got != want {
		r.Errorf("%s took effect %d times, want %d", a.Kind, got, want)
	}
}

// inForce reads back.
func (r *rig) inForce(a holds.Action, want bool) {
	r.Helper()
	s, err := r.Provider.Snapshot(r.Context(), a.Account)
	if err != nil {
		r.Fatalf("reading back: %v", err)
	}
	got, known := holds.InForce(a, s)
	if !known && !a.Kind.Shown() {
		if got, err = r.Objects.Observe(r.Context(), a); err != nil {
			r.Fatalf("reading back: %v", err)
		}
		known = true
	}
	if known && got != want {
		r.Errorf("%s in force: %v, want %v", a.Kind, got, want)
	}
}

// repeatable tells of an action whose state cannot be read, so that it is done
// again rather than found done.
func repeatable(k holds.ActionKind) bool { return k == holds.ClearSessions }
