package anchor_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
)

var testTime = time.Date(2026, 11, 2, 9, 30, 15, 123456000, time.UTC)

func testKeys(t *testing.T) (*audit.Signer, *audit.Verifier) {
	t.Helper()
	private, public, err := audit.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.NewSigner([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.NewVerifier([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// rig is a directory and the key that signs what goes in.
type rig struct {
	*testing.T
	path   string
	signer *audit.Signer
	dir    *anchor.Directory
}

func newRig(t *testing.T) rig {
	t.Helper()
	s, v := testKeys(t)
	path := filepath.Join(t.TempDir(), "not", "made", "yet")
	d, err := anchor.Open(path, v)
	if err != nil {
		t.Fatal(err)
	}
	return rig{t, path, s, d}
}

// signed is a checkpoint of this size, a root named by one byte, and a time
// that many minutes after testTime.
func (r rig) signed(size int64, root byte, minutes int) []byte {
	r.Helper()
	b, err := r.signer.Sign(audit.Checkpoint{
		Size: size, Root: audit.Hash{root}, Time: testTime.Add(time.Duration(minutes) * time.Minute),
	})
	if err != nil {
		r.Fatal(err)
	}
	return b
}

func (r rig) publish(b []byte) {
	r.Helper()
	if err := r.dir.Publish(r.Context(), b); err != nil {
		r.Fatal(err)
	}
}

func (r rig) names() []string {
	r.Helper()
	entries, err := os.ReadDir(r.path)
	if err != nil {
		r.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (r rig) file(name string) string {
	r.Helper()
	b, err := os.ReadFile(filepath.Join(r.path, name))
	if err != nil {
		r.Fatal(err)
	}
	return string(b)
}

func TestPublish(t *testing.T) {
	r := newRig(t)
	if _, _, err := r.dir.Latest(t.Context()); !errors.Is(err, anchor.ErrEmpty) {
		t.Fatalf("nothing published: %v", err)
	}
	nine, ten := r.signed(9, 1, 0), r.signed(10, 2, 1)
	r.publish(nine)
	r.publish(ten)
	r.publish(r.signed(10, 2, 2)) // the log did not grow

	latest := func() os.FileInfo {
		info, err := os.Stat(filepath.Join(r.path, "latest"))
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	before := latest()
	r.publish(r.signed(10, 2, 3))
	if !os.SameFile(before, latest()) {
		t.Error("latest is written again although nothing is new")
	}

	want := []string{
		"checkpoint-0000000000000000009-20261102T093015.123456Z.txt",
		"checkpoint-0000000000000000010-20261102T093115.123456Z.txt",
		"latest",
	}
	if got := r.names(); !slices.Equal(got, want) {
		t.Fatalf("the directory has %q, want %q", got, want)
	}
	if r.file(want[0]) != string(nine) || r.file(want[1]) != string(ten) || r.file("latest") != string(ten) {
		t.Fatal("a file does not hold the checkpoint it is named after")
	}
	info, err := os.Stat(filepath.Join(r.path, want[0]))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Fatalf("mode %v, %v: everybody may read a checkpoint", info.Mode(), err)
	}
	c, signed, err := r.dir.Latest(t.Context())
	if err != nil || c.Size != 10 || string(signed) != string(ten) {
		t.Fatalf("latest: %+v, %v", c, err)
	}
	files, err := r.dir.List(t.Context())
	if err != nil || len(files) != 2 || files[0].Size != 9 || !files[1].Time.Equal(testTime.Add(time.Minute)) {
		t.Fatalf("list: %+v, %v", files, err)
	}
	all, err := r.dir.All(t.Context())
	if err != nil || len(all) != 2 || all[0].Root != (audit.Hash{1}) || all[1].Root != (audit.Hash{2}) {
		t.Fatalf("all: %+v, %v", all, err)
	}
}

// TestJ2NeverBackwards: a log that shrank or forked is refused, again and
// again, and both sides are named.
func TestJ2NeverBackwards(t *testing.T) {
	r := newRig(t)
	r.publish(r.signed(10, 2, 0))
	before := r.names()
	for name, c := range map[string]struct {
		size int64
		root byte
	}{"smaller": {9, 1}, "empty": {0, 0}, "another root": {10, 3}} {
		for range 2 {
			err := r.dir.Publish(t.Context(), r.signed(c.size, c.root, 5))
			if !errors.Is(err, anchor.ErrBackwards) {
				t.Fatalf("%s: %v", name, err)
			}
			for _, part := range []string{"size 10", audit.Hash{2}.String(), audit.Hash{c.root}.String()} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: the error does not name %s: %v", name, part, err)
				}
			}
		}
	}
	if got := r.names(); !slices.Equal(got, before) {
		t.Fatalf("a refused checkpoint left %q", got)
	}
	r.publish(r.signed(11, 4, 6)) // what continues is still welcome
}

func TestPublishRefusesForeign(t *testing.T) {
	r := newRig(t)
	other, _ := testKeys(t)
	foreign, err := other.Sign(audit.Checkpoint{Size: 1, Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"another key": foreign, "nothing": nil, "cut": r.signed(1, 1, 0)[:50]} {
		if err := r.dir.Publish(t.Context(), b); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := r.names(); len(got) != 0 {
		t.Fatalf("something was written: %q", got)
	}
}

// TestTampered: when the newest file is not good, nothing is added beside it.
func TestTampered(t *testing.T) {
	const newest = "checkpoint-0000000000000000010-20261102T093015.123456Z.txt"
	for name, damage := range map[string]func(r rig) error{
		"a byte changed": func(r rig) error {
			b := []byte(r.file(newest))
			b[20] ^= 1
			return os.WriteFile(filepath.Join(r.path, newest), b, 0o644)
		},
		"emptied": func(r rig) error { return os.Truncate(filepath.Join(r.path, newest), 0) },
		"a good one under another name": func(r rig) error {
			return os.Rename(filepath.Join(r.path, newest), filepath.Join(r.path, strings.Replace(newest, "10-", "99-", 1)))
		},
		"huge": func(r rig) error { return os.Truncate(filepath.Join(r.path, newest), 1<<30) },
		"a forged newer one": func(r rig) error {
			return os.WriteFile(filepath.Join(r.path, strings.Replace(newest, "10-", "99-", 1)), []byte("x"), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.publish(r.signed(10, 2, 0))
			if err := damage(r); err != nil {
				t.Fatal(err)
			}
			before := r.names()
			err := r.dir.Publish(t.Context(), r.signed(11, 3, 1))
			if !errors.Is(err, audit.ErrCheckpoint) || !strings.Contains(err.Error(), "checkpoint-00") {
				t.Errorf("publish: %v; want an error that names the file", err)
			}
			if _, err := r.dir.All(t.Context()); !errors.Is(err, audit.ErrCheckpoint) {
				t.Errorf("all: %v", err)
			}
			if got := r.names(); !slices.Equal(got, before) {
				t.Errorf("the directory changed to %q", got)
			}
		})
	}
}

// TestLatestIsMended: the copy is not believed and is made good again, also
// when the process died between the two renames.
func TestLatestIsMended(t *testing.T) {
	r := newRig(t)
	r.publish(r.signed(9, 1, 0))
	ten := r.signed(10, 2, 1)
	r.publish(ten)
	for name, damage := range map[string]func() error{
		"stale":   func() error { return os.WriteFile(filepath.Join(r.path, "latest"), r.signed(9, 1, 0), 0o644) },
		"forged":  func() error { return os.WriteFile(filepath.Join(r.path, "latest"), r.signed(99, 9, 0), 0o644) },
		"removed": func() error { return os.Remove(filepath.Join(r.path, "latest")) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		r.publish(r.signed(10, 2, 5))
		if got := r.file("latest"); got != string(ten) {
			t.Errorf("%s: latest is\n%s", name, got)
		}
	}
}

// TestOtherFilesArePassedOver: what a dead process or a person left does not
// count and does no harm.
func TestOtherFilesArePassedOver(t *testing.T) {
	r := newRig(t)
	r.publish(r.signed(3, 1, 0))
	for _, name := range []string{
		".tmp-123", "README", "0000000000000000009-20261102T093015.123456Z.txt", "checkpoint-9-20261102T093015.123456Z.txt", "checkpoint-0000000000000000009-today.txt",
		"checkpoint-0000000000000000009-20261102T093015.123456Z", "checkpoint--000000000000000009-20261102T093015.123456Z.txt",
		"checkpoint-9999999999999999999-20261102T093015.123456Z.txt",
	} {
		if err := os.WriteFile(filepath.Join(r.path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := r.dir.List(t.Context()); err != nil || len(files) != 1 {
		t.Fatalf("list: %+v, %v", files, err)
	}
	r.publish(r.signed(4, 2, 1))
}

func TestTwoProcessesOneDirectory(t *testing.T) {
	r := newRig(t)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for size := int64(1); size <= 25; size++ {
				err := r.dir.Publish(t.Context(), r.signed(size, byte(size), worker))
				if err != nil && !errors.Is(err, anchor.ErrBackwards) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	c, signed, err := r.dir.Latest(t.Context())
	if err != nil || c.Size != 25 {
		t.Fatalf("latest: %+v, %v", c, err)
	}
	r.publish(signed)
	if r.file("latest") != string(signed) {
		t.Error("latest is not the newest")
	}
}

func TestDirectoryErrors(t *testing.T) {
	_, v := testKeys(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no path": "", "a file": file, "below a file": filepath.Join(file, "x")} {
		if _, err := anchor.Open(path, v); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := anchor.Open(t.TempDir(), nil); err == nil {
		t.Error("opened without a public key")
	}
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.dir.Publish(ctx, r.signed(1, 1, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.RemoveAll(r.path); err != nil {
		t.Fatal(err)
	}
	if err := r.dir.Publish(t.Context(), r.signed(1, 1, 0)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is gone: %v; want an error and not a new directory", err)
	}
}
