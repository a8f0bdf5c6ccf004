package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/holds/audit"
)

func verify(t testing.TB, m *memory, checkpoints ...audit.Checkpoint) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), m, audit.Options{Checkpoints: checkpoints, PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// edit changes the text of one leaf and keeps it a valid entry.
func edit(m *memory, seq int) {
	m.leaves[seq].body = []byte(strings.Replace(string(m.leaves[seq].body), "pending", "granted", 1))
}

// rehash makes all stored hashes agree with the bodies, as a patient intruder
// would, numbering the leaves again.
func rehash(m *memory) {
	m.hashes = nil
	for i := range m.leaves {
		m.leaves[i].seq = int64(i)
		e, err := audit.ParseEntry(m.leaves[i].body)
		if err == nil && e.Seq != int64(i) {
			e.Seq = int64(i)
			m.leaves[i].body, _ = e.Encode()
		}
		hashes, err := tlog.StoredHashes(int64(i), m.leaves[i].body, m)
		if err != nil {
			panic(err)
		}
		for k, h := range hashes {
			m.hashes = append(m.hashes, hashRow{tlog.StoredHashIndex(0, int64(i)) + int64(k), h[:]})
		}
	}
}

// TestJ2 damages a log of 11 entries in every way its tables allow. A
// checkpoint of 3, one of 8 and one of all 11 are outside the database; blind
// says what is found without them, and "" that nothing can be.
func TestJ2EveryTamperingIsNamed(t *testing.T) {
	good := logOf(t, 11)
	checkpoints := []audit.Checkpoint{
		checkpointOf(t, good, 11), checkpointOf(t, good, 3), checkpointOf(t, good, 8), checkpointOf(t, good, 0),
	}
	stored := func(level int, n int64) int { return int(tlog.StoredHashIndex(level, n)) }

	for _, c := range []struct {
		name   string
		damage func(*memory)
		blind  string // start of the finding without a checkpoint
		seen   string // with them; the same if empty
	}{
		{name: "nothing", damage: func(*memory) {}},
		{name: "alter", damage: func(m *memory) { edit(m, 5) }, blind: "entry 5: altered"},
		{name: "alter the first", damage: func(m *memory) { edit(m, 0) }, blind: "entry 0: altered"},
		{name: "alter the last", damage: func(m *memory) { edit(m, 10) }, blind: "entry 10: altered"},
		{name: "alter two", damage: func(m *memory) { edit(m, 9); edit(m, 6) }, blind: "entry 6: altered"},
		{name: "overwrite with rubbish", damage: func(m *memory) { m.leaves[5].body = []byte("{}") }, blind: "entry 5: altered"},
		{name: "overwrite with nothing", damage: func(m *memory) { m.leaves[5].body = nil }, blind: "entry 5: altered"},
		{
			name: "alter with its leaf hash",
			damage: func(m *memory) {
				edit(m, 6)
				h := audit.HashOf(m.leaves[6].body)
				m.hashes[stored(0, 6)].hash = h[:]
			},
			blind: "entries 6 to 7: stored hash differs",
		},
		{
			name: "alter an entry of two, the first vouched for",
			damage: func(m *memory) {
				edit(m, 3)
				h := audit.HashOf(m.leaves[3].body)
				m.hashes[stored(0, 3)].hash = h[:]
			},
			blind: "entries 2 to 3: stored hash differs",
			seen:  "entry 3: stored hash differs",
		},
		{name: "delete", damage: func(m *memory) { m.leaves = slices.Delete(m.leaves, 5, 6) }, blind: "entry 5: missing"},
		{name: "delete several", damage: func(m *memory) { m.leaves = slices.Delete(m.leaves, 5, 8) }, blind: "entries 5 to 7: missing"},
		{name: "delete the first", damage: func(m *memory) { m.leaves = slices.Delete(m.leaves, 0, 1) }, blind: "entry 0: missing"},
		{
			name: "delete with its hash",
			damage: func(m *memory) {
				m.leaves = slices.Delete(m.leaves, 6, 7)
				m.hashes = slices.Delete(m.hashes, stored(0, 6), stored(0, 6)+1)
			},
			blind: "entry 6: missing",
		},
		{
			name: "delete and close the gap",
			damage: func(m *memory) {
				m.leaves = slices.Delete(m.leaves, 5, 6)
				for i := 5; i < len(m.leaves); i++ {
					m.leaves[i].seq = int64(i)
				}
			},
			blind: "entry 5: reordered",
		},
		{
			name: "swap two",
			damage: func(m *memory) {
				m.leaves[5].body, m.leaves[7].body = m.leaves[7].body, m.leaves[5].body
			},
			blind: "entry 5: reordered",
		},
		{
			name: "swap two and number them again",
			damage: func(m *memory) {
				a, b := m.leaves[5].body, m.leaves[7].body
				m.leaves[5].body = []byte(strings.Replace(string(b), `"seq":7`, `"seq":5`, 1))
				m.leaves[7].body = []byte(strings.Replace(string(a), `"seq":5`, `"seq":7`, 1))
			},
			blind: "entry 5: altered",
		},
		{name: "file one elsewhere", damage: func(m *memory) { m.leaves[5].seq = 99 }, blind: "entry 5: missing"},
		{name: "file the last elsewhere", damage: func(m *memory) { m.leaves[10].seq = 12 }, blind: "entry 10: reordered"},
		{
			name: "insert in the middle",
			damage: func(m *memory) {
				for i := 5; i < len(m.leaves); i++ {
					m.leaves[i].seq++
				}
				body := []byte(strings.Replace(string(m.leaves[4].body), `"seq":4`, `"seq":5`, 1))
				m.leaves = slices.Insert(m.leaves, 5, leafRow{5, body})
			},
			blind: "entry 5: altered",
		},
		{
			name: "insert before the first",
			damage: func(m *memory) {
				m.leaves = append(m.leaves, leafRow{-1, m.leaves[0].body})
			},
			blind: "entry 0: reordered",
		},
		{
			name: "the same number twice",
			damage: func(m *memory) {
				m.leaves = append(m.leaves, leafRow{4, m.leaves[4].body})
			},
			blind: "entry 5: reordered",
		},
		{
			name: "insert at the end without hashes",
			damage: func(m *memory) {
				body := []byte(strings.Replace(string(m.leaves[10].body), `"seq":10`, `"seq":11`, 1))
				m.leaves = append(m.leaves, leafRow{11, body})
			},
			blind: "entry 11: stored hash missing",
		},
		{name: "truncate", damage: func(m *memory) { m.leaves = m.leaves[:7] }, blind: "entry 7: truncated", seen: "entries 7 to 10: truncated"},
		{
			name: "truncate with the hashes",
			damage: func(m *memory) {
				m.leaves = m.leaves[:7]
				m.hashes = m.hashes[:audit.HashCount(7)]
			},
			seen: "entries 7 to 10: truncated",
		},
		{name: "remove all leaves", damage: func(m *memory) { m.leaves = nil }, blind: "entry 0: truncated", seen: "entries 0 to 10: truncated"},
		{name: "remove everything", damage: func(m *memory) { *m = memory{} }, seen: "entries 0 to 10: truncated"},
		{
			name:   "alter a leaf's hash",
			damage: func(m *memory) { m.hashes[stored(0, 5)].hash[0] ^= 1 },
			blind:  "entry 5: altered", seen: "entry 5: stored hash differs",
		},
		{name: "alter an inner hash", damage: func(m *memory) { m.hashes[stored(2, 1)].hash[31] ^= 1 }, blind: "entries 4 to 7: stored hash differs"},
		{
			name:   "empty a leaf's hash",
			damage: func(m *memory) { m.hashes[stored(0, 9)].hash = nil },
			blind:  "entry 9: altered", seen: "entry 9: stored hash differs",
		},
		{
			name:   "remove a hash",
			damage: func(m *memory) { m.hashes = slices.Delete(m.hashes, stored(1, 2), stored(1, 2)+1) },
			blind:  "entry 5: stored hash missing",
		},
		{name: "remove the last hash", damage: func(m *memory) { m.hashes = m.hashes[:len(m.hashes)-1] }, blind: "entry 10: stored hash missing"},
		{name: "remove all hashes", damage: func(m *memory) { m.hashes = nil }, blind: "entry 0: stored hash missing"},
		{name: "unreadable, hashes consistent", damage: func(m *memory) { m.leaves[9].body = []byte("{}"); rehash(m) }, blind: "entry 9: unreadable"},
		{name: "rewrite from the start", damage: func(m *memory) { edit(m, 1); rehash(m) }, seen: "entries 0 to 2: rewritten"},
		{name: "rewrite from the middle", damage: func(m *memory) { edit(m, 5); rehash(m) }, seen: "entries 3 to 7: rewritten"},
		{name: "rewrite the last", damage: func(m *memory) { edit(m, 10); rehash(m) }, seen: "entries 8 to 10: rewritten"},
		{name: "rewrite without one", damage: func(m *memory) { m.leaves = slices.Delete(m.leaves, 4, 5); rehash(m) }, seen: "entries 3 to 7: rewritten"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := good.clone()
			c.damage(m)
			seen := c.seen
			if seen == "" {
				seen = c.blind
			}
			expectFinding(t, "without a checkpoint", verify(t, m), c.blind)
			expectFinding(t, "with checkpoints", verify(t, m, checkpoints...), seen)
		})
	}
}

func expectFinding(t *testing.T, how string, r audit.Report, want string) {
	t.Helper()
	switch {
	case want == "" && !r.OK():
		t.Errorf("%s: %s; want it to pass", how, r)
	case want != "" && r.OK():
		t.Errorf("%s: passed; want %q", how, want)
	case want != "" && !strings.HasPrefix(r.Finding.String(), want+": "):
		t.Errorf("%s: %s; want %q", how, r.Finding, want)
	case want != "" && r.Size != r.Finding.Seq:
		t.Errorf("%s: %d entries are said to be good before %s", how, r.Size, r.Finding)
	}
}

// TestVerifyReport checks what a good report says, at every size and for pages
// that divide it and that do not.
func TestVerifyReport(t *testing.T) {
	for size := range int64(20) {
		m := logOf(t, int(size))
		head := checkpointOf(t, m, size)
		for _, page := range []int{1, 2, 5, 0} {
			var progress []int64
			r, err := audit.Verify(t.Context(), m, audit.Options{
				Checkpoints: []audit.Checkpoint{head, head}, PageSize: page,
				Progress: func(n int64) { progress = append(progress, n) },
			})
			if err != nil || !r.OK() || r.Size != size || r.Root != head.Root || r.Checkpoints != 2 {
				t.Fatalf("size %d, page %d: %s, %v", size, page, r, err)
			}
			if !slices.IsSorted(progress) || progress[len(progress)-1] != size {
				t.Fatalf("size %d, page %d: progress %v", size, page, progress)
			}
		}
	}
	m := logOf(t, 2)
	if s := verify(t, m).String(); !strings.Contains(s, "without a checkpoint a full rewrite would not show") {
		t.Errorf("a report without a checkpoint says: %s", s)
	}
	if s := verify(t, m, checkpointOf(t, m, 2)).String(); !strings.HasPrefix(s, "audit log intact: 2 entries") {
		t.Errorf("a report with a checkpoint says: %s", s)
	}
	edit(m, 1)
	if s := verify(t, m).String(); !strings.HasPrefix(s, "audit log NOT intact: entry 1: altered") {
		t.Errorf("a bad report says: %s", s)
	}
}

// TestVerifyCannotSay: what could not be read is an error, never a report.
func TestVerifyCannotSay(t *testing.T) {
	m := logOf(t, 6)
	m.fail = errDown
	if _, err := audit.Verify(t.Context(), m, audit.Options{}); !errors.Is(err, errDown) {
		t.Errorf("the store is down: %v", err)
	}
	m.fail = nil
	ctx, cancel := context.WithCancel(t.Context())
	_, err := audit.Verify(ctx, m, audit.Options{PageSize: 2, Progress: func(int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled after the first page: %v", err)
	}
	m.greedy = true
	if _, err := audit.Verify(t.Context(), m, audit.Options{PageSize: 2}); err == nil {
		t.Error("a source that gives more than a page is read without end")
	}
	m.greedy, m.greedyHashes = false, true
	if _, err := audit.Verify(t.Context(), m, audit.Options{PageSize: 2}); err == nil {
		t.Error("a source that gives more hashes than asked for is believed")
	}
}

// TestPropertyAppendVerifyFlip: whatever is appended in whatever portions,
// every prefix verifies against its root, and any single flipped bit is found
// at the entry or hash where it is.
func TestPropertyAppendVerifyFlip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &memory{}
		var heads []audit.Checkpoint
		for range rapid.IntRange(1, 6).Draw(rt, "commits") {
			entries := rapid.SliceOfN(entryGen(), 1, 5).Draw(rt, "entries")
			leaves, err := audit.Append(m.size(), entries, m)
			if err != nil {
				rt.Fatal(err)
			}
			m.write(leaves)
			heads = append(heads, checkpointOf(t, m, m.size()))
			if r := verify(t, m, heads...); !r.OK() || r.Checkpoints != len(heads) {
				rt.Fatalf("a good log of %d: %s", m.size(), r)
			}
		}

		bad := m.clone()
		bit := byte(1) << rapid.IntRange(0, 7).Draw(rt, "bit")
		if rapid.Bool().Draw(rt, "in a body") {
			seq := rapid.IntRange(0, len(bad.leaves)-1).Draw(rt, "seq")
			body := bad.leaves[seq].body
			body[rapid.IntRange(0, len(body)-1).Draw(rt, "byte")] ^= bit
			if r := verify(t, bad); r.OK() || r.Finding.Seq != int64(seq) {
				rt.Fatalf("a bit of entry %d was flipped: %s", seq, r)
			}
			return
		}
		i := rapid.IntRange(0, len(bad.hashes)-1).Draw(rt, "hash")
		bad.hashes[i].hash[rapid.IntRange(0, audit.SaltSize-1).Draw(rt, "byte")] ^= bit
		level, n := tlog.SplitStoredHashIndex(bad.hashes[i].index)
		r := verify(t, bad)
		if r.OK() || r.Finding.Seq != n<<level || r.Finding.Last != (n+1)<<level-1 {
			rt.Fatalf("a bit of the hash at level %d over entries from %d was flipped: %s", level, n<<level, r)
		}
	})
}

func entryGen() *rapid.Generator[audit.Entry] {
	word := rapid.StringMatching(`[a-z][a-z0-9_-]{0,9}`)
	digest := rapid.StringMatching(`[0-9a-f]{64}`)
	return rapid.Custom(func(t *rapid.T) audit.Entry {
		return audit.Entry{
			Time:    testTime.AddDate(0, 0, rapid.IntRange(-9000, 9000).Draw(t, "days")),
			Tenant:  rapid.StringMatching(`[A-Za-z0-9-]{0,36}`).Draw(t, "tenant"),
			Kind:    fmt.Sprintf("%s.%s", word.Draw(t, "noun"), word.Draw(t, "verb")),
			Actor:   fmt.Sprintf("%s:%s", word.Draw(t, "type"), word.Draw(t, "id")),
			Hold:    rapid.StringMatching(`[A-Za-z0-9-]{0,36}`).Draw(t, "hold"),
			Digests: rapid.MapOfN(word, digest, 0, 3).Draw(t, "digests"),
			Facts:   rapid.MapOfN(word, rapid.StringMatching(`[ !#-%'-;=?A-Z\[\]^-~]{0,20}`), 0, 3).Draw(t, "facts"),
		}
	})
}
