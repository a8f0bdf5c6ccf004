package anchor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
)

// fakeLog is a log that a test grows, breaks and rewrites.
type fakeLog struct {
	mu     sync.Mutex
	hashes []audit.Hash
	size   int64
	salt   string // part of every entry's text: another one is another log
	fail   error
	asked  int
}

func (l *fakeLog) ReadHashes(indexes []int64) ([]audit.Hash, error) {
	var out []audit.Hash
	for _, i := range indexes {
		out = append(out, l.hashes[i])
	}
	return out, nil
}

// set makes it a log of this many entries.
func (l *fakeLog) set(t *testing.T, size int64, salt string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if salt != l.salt || size < l.size {
		l.hashes, l.size, l.salt = nil, 0, salt
	}
	for l.size < size {
		leaves, err := audit.Append(l.size, []audit.Entry{{
			Time: testTime, Kind: "test.grown", Actor: "system:test", Facts: map[string]string{"salt": salt},
		}}, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range leaves[0].Hashes {
			l.hashes = append(l.hashes, h.Hash)
		}
		l.size++
	}
}

func (l *fakeLog) failWith(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

func (l *fakeLog) head(context.Context) (int64, audit.Hash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.fail != nil {
		return 0, audit.Hash{}, l.fail
	}
	root, err := audit.Root(l.size, l)
	return l.size, root, err
}

func (l *fakeLog) grew(_ context.Context, newer, older int64) (audit.TreeProof, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return audit.ProveTree(newer, older, l)
}

// running starts a loop in the bubble and returns what stops it.
func running(t *testing.T, l *anchor.Loop) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	synctest.Wait()
	return func() error { cancel(); return <-done }
}

func newLoop(r rig, log *fakeLog, out *bytes.Buffer) *anchor.Loop {
	return &anchor.Loop{
		Directory: r.dir, Signer: r.signer, Head: log.head, Grew: log.grew,
		Log: slog.New(slog.NewTextHandler(out, nil)),
	}
}

func sizes(t *testing.T, r rig) []int64 {
	t.Helper()
	files, err := r.dir.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []int64
	for _, f := range files {
		out = append(out, f.Size)
	}
	return out
}

func expectSizes(t *testing.T, r rig, when string, want ...int64) {
	t.Helper()
	got := sizes(t, r)
	if len(got) != len(want) {
		t.Fatalf("%s: published are %v, want %v", when, got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: published are %v, want %v", when, got, want)
		}
	}
}

func TestLoopPublishesWhenGrown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log, out := newRig(t), &fakeLog{}, &bytes.Buffer{}
		log.set(t, 2, "a")
		stop := running(t, newLoop(r, log, out))
		expectSizes(t, r, "at once", 2)

		minute := func() { <-time.After(time.Minute); synctest.Wait() } // the bubble's clock
		minute()
		expectSizes(t, r, "not grown", 2)
		log.set(t, 7, "a")
		minute()
		expectSizes(t, r, "grown", 2, 7)
		log.set(t, 8, "a")
		<-time.After(59 * time.Second)
		synctest.Wait()
		expectSizes(t, r, "before the minute is over", 2, 7)

		if err := stop(); err != nil {
			t.Fatalf("stopped: %v", err)
		}
		if log.asked != 3 || out.Len() != 0 {
			t.Fatalf("asked %d times, logged %s", log.asked, out)
		}
		c, _, err := r.dir.Latest(t.Context())
		if err != nil || !c.Time.Equal(time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC)) {
			t.Fatalf("latest: %+v, %v", c, err)
		}
	})
}

func TestLoopRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log, out := newRig(t), &fakeLog{}, &bytes.Buffer{}
		log.set(t, 2, "a")
		log.failWith(errors.New("the database is down"))
		l := newLoop(r, log, out)
		l.Interval = 10 * time.Second
		stop := running(t, l)
		<-time.After(25 * time.Second)
		synctest.Wait()
		expectSizes(t, r, "while the database is down")
		if n := strings.Count(out.String(), "the database is down"); n != 3 {
			t.Fatalf("logged %d times, want 3:\n%s", n, out)
		}
		log.failWith(nil)
		<-time.After(10 * time.Second)
		synctest.Wait()
		expectSizes(t, r, "when it is up again", 2)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestJ2LoopReportsDamage: each kind of damage is logged at every look and
// nothing is published over it.
func TestJ2LoopReportsDamage(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, log *fakeLog){
		"cut off":                 func(t *testing.T, log *fakeLog) { log.set(t, 4, "a") },
		"rewritten":               func(t *testing.T, log *fakeLog) { log.set(t, 5, "b") },
		"rewritten and grown":     func(t *testing.T, log *fakeLog) { log.set(t, 9, "b") },
		"cut off and grown again": func(t *testing.T, log *fakeLog) { log.set(t, 0, "a"); log.set(t, 6, "c") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, log, out := newRig(t), &fakeLog{}, &bytes.Buffer{}
				log.set(t, 5, "a")
				stop := running(t, newLoop(r, log, out))
				damage(t, log)
				<-time.After(2 * time.Minute)
				synctest.Wait()
				expectSizes(t, r, "after the damage", 5)
				if n := strings.Count(out.String(), anchor.ErrBackwards.Error()); n != 2 {
					t.Errorf("logged %d times, want 2:\n%s", n, out)
				}
				if !strings.Contains(out.String(), "level=ERROR") {
					t.Errorf("not logged as an error:\n%s", out)
				}
				if err := stop(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestLoopBesideAnother: a newer head that another process published between
// our reading and our publishing is no damage.
func TestLoopBesideAnother(t *testing.T) {
	r, log, out := newRig(t), &fakeLog{}, &bytes.Buffer{}
	log.set(t, 5, "a")
	other, mine := newLoop(r, log, out), newLoop(r, log, out)
	first := true
	mine.Head = func(ctx context.Context) (int64, audit.Hash, error) {
		size, root, err := log.head(ctx)
		if first {
			first = false
			log.set(t, 6, "a")
			if err := other.Once(ctx); err != nil {
				t.Fatal(err)
			}
		}
		return size, root, err
	}
	if err := mine.Once(t.Context()); err != nil {
		t.Fatalf("the slower of two: %v", err)
	}
	expectSizes(t, r, "after both", 6)
}

// TestLoopClock: the time in a checkpoint is of the clock it was given.
func TestLoopClock(t *testing.T) {
	r, log := newRig(t), &fakeLog{}
	log.set(t, 1, "a")
	l := newLoop(r, log, &bytes.Buffer{})
	l.Now = func() time.Time { return testTime }
	if err := l.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, _, err := r.dir.Latest(t.Context()); err != nil || !c.Time.Equal(testTime) {
		t.Fatalf("latest: %+v, %v", c, err)
	}
}

func TestLoopDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, out := newRig(t), &bytes.Buffer{}
		l := newLoop(r, &fakeLog{}, out)
		l.Head = func(ctx context.Context) (int64, audit.Hash, error) {
			<-ctx.Done() // a database that does not answer
			return 0, audit.Hash{}, ctx.Err()
		}
		if err := l.Once(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a head that is never read: %v", err)
		}
	})
}

func TestLoopNotReady(t *testing.T) {
	r, log, out := newRig(t), &fakeLog{}, &bytes.Buffer{}
	for name, spoil := range map[string]func(*anchor.Loop){
		"no directory": func(l *anchor.Loop) { l.Directory = nil },
		"no signer":    func(l *anchor.Loop) { l.Signer = nil },
		"no head":      func(l *anchor.Loop) { l.Head = nil },
		"no log":       func(l *anchor.Loop) { l.Log = nil },
		"another key":  func(l *anchor.Loop) { l.Signer, _ = testKeys(t) },
	} {
		l := newLoop(r, log, out)
		spoil(l)
		if err := l.Run(t.Context()); err == nil {
			t.Errorf("%s: it runs", name)
		}
	}
}
