package audit_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/countersign/countersign/holds/audit"
)

func testKeys(t testing.TB, installation string) (*audit.Signer, *audit.Verifier) {
	t.Helper()
	private, public, err := audit.GenerateKey(installation)
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.NewSigner([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	if s.PublicKey() != public {
		t.Fatalf("the signer derives the public key %q and it is %q", s.PublicKey(), public)
	}
	v, err := audit.NewVerifier([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func TestCheckpointRoundTrip(t *testing.T) {
	s, v := testKeys(t, "test")
	want := checkpointOf(t, logOf(t, 5), 5)
	want.Time = want.Time.In(time.FixedZone("CET", 3600))
	signed, err := s.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	lines := fmt.Sprintf("countersign/test\n5\n%s\ntime 2026-11-02T09:30:15.123456Z\n\n— countersign/test ", want.Root)
	if !strings.HasPrefix(string(signed), lines) {
		t.Fatalf("the checkpoint reads\n%s\nwant it to begin\n%s", signed, lines)
	}
	got, err := v.Open(signed)
	if err != nil {
		t.Fatal(err)
	}
	if got.Origin != "countersign/test" || got.Size != 5 || got.Root != want.Root || !got.Time.Equal(want.Time) {
		t.Fatalf("opened as %+v", got)
	}
}

// TestCheckpointRefused changes a good checkpoint in every place.
func TestCheckpointRefused(t *testing.T) {
	s, v := testKeys(t, "test")
	other, _ := testKeys(t, "test")
	foreign, _ := testKeys(t, "elsewhere")
	c := checkpointOf(t, logOf(t, 5), 5)
	signed, err := s.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range signed {
		for bit := range 8 {
			bad := []byte(string(signed))
			bad[i] ^= 1 << bit
			if got, err := v.Open(bad); !errors.Is(err, audit.ErrCheckpoint) {
				t.Fatalf("bit %d of byte %d flipped: opened as %+v, %v", bit, i, got, err)
			}
		}
	}
	by := func(s *audit.Signer, c audit.Checkpoint) []byte {
		c.Origin = ""
		b, err := s.Sign(c)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, bad := range map[string][]byte{
		"nothing":                nil,
		"text without signature": signed[:strings.Index(string(signed), "\n\n")+1],
		"another key":            by(other, c),
		"another installation":   by(foreign, c),
		"too large":              append([]byte(strings.Repeat("x", audit.MaxCheckpoint)), signed...),
	} {
		if got, err := v.Open(bad); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("%s: opened as %+v, %v", name, got, err)
		}
	}
	witnessed := append([]byte(string(signed)), "— witness.example Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"...)
	if got, err := v.Open(witnessed); err != nil || got.Size != 5 {
		t.Errorf("a witness's signature beside ours: %+v, %v", got, err)
	}
}

func TestSignRefuses(t *testing.T) {
	s, _ := testKeys(t, "test")
	good := checkpointOf(t, logOf(t, 1), 1)
	for name, spoil := range map[string]func(*audit.Checkpoint){
		"another origin":     func(c *audit.Checkpoint) { c.Origin = "countersign/elsewhere" },
		"an origin of lines": func(c *audit.Checkpoint) { c.Origin = "countersign/test\n9" },
		"a negative size":    func(c *audit.Checkpoint) { c.Size = -1 },
		"no time":            func(c *audit.Checkpoint) { c.Time = time.Time{} },
	} {
		c := good
		spoil(&c)
		if signed, err := s.Sign(c); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("%s: signed %s, %v", name, signed, err)
		}
	}
}

// TestSignedButNotOurs: text that is signed with the right key and still is not
// what we write must not pass; a key can be shared by mistake.
func TestSignedButNotOurs(t *testing.T) {
	private, public, err := audit.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		t.Fatal(err)
	}
	v, err := audit.NewVerifier([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	const root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	const good = "countersign/test\n0\n" + root + "\ntime 2026-11-02T09:30:15.000000Z\n"
	for name, text := range map[string]string{
		"another origin":      strings.Replace(good, "/test", "/prod", 1),
		"no origin":           strings.Replace(good, "countersign/test", "go.sum database tree", 1),
		"a plus in the size":  strings.Replace(good, "\n0\n", "\n+0\n", 1),
		"a zero too many":     strings.Replace(good, "\n0\n", "\n00\n", 1),
		"a negative size":     strings.Replace(good, "\n0\n", "\n-1\n", 1),
		"a size of words":     strings.Replace(good, "\n0\n", "\nnone\n", 1),
		"a shorter root":      strings.Replace(good, root, root[4:], 1),
		"root spelled twice":  strings.Replace(good, "uFU=", "uFV=", 1),
		"no time":             strings.Replace(good, "time 2026-11-02T09:30:15.000000Z\n", "", 1),
		"time without a word": strings.Replace(good, "time ", "", 1),
		"time in seconds":     strings.Replace(good, ".000000Z", "Z", 1),
		"one line more":       good + "x\n",
		"an empty line more":  good + "\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := v.Open(signed); !errors.Is(err, audit.ErrCheckpoint) || text == good {
			t.Errorf("%s: opened as %+v, %v", name, c, err)
		}
	}
	signed, err := note.Sign(&note.Note{Text: good}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Open(signed); err != nil || c.Size != 0 {
		t.Errorf("the good one: %+v, %v", c, err)
	}
}

func TestKeyFilesRefused(t *testing.T) {
	private, public, err := audit.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	_, elsewhere, err := audit.GenerateKey("elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	foreignPrivate, foreignPublic, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.SplitN(strings.TrimSpace(private), "+", 5)[4] // the key itself may hold a + too
	for name, file := range map[string]string{
		"empty": "", "only a newline": "\n", "the public one": public, "cut": private[:len(private)-9],
		"two lines": private + private, "spaces": " " + private, "not of ours": foreignPrivate,
		"renamed": strings.Replace(private, "/test", "/prod", 1),
	} {
		s, err := audit.NewSigner([]byte(file))
		if err == nil {
			t.Errorf("private key file, %s: accepted as %s", name, s)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("private key file, %s: the error repeats the key", name)
		}
	}
	for name, files := range map[string][]string{
		"none": nil, "empty": {""}, "the private one": {private}, "cut": {public[:len(public)-9]},
		"of two installations": {public, elsewhere}, "not of ours": {foreignPublic},
	} {
		var given [][]byte
		for _, f := range files {
			given = append(given, []byte(f))
		}
		v, err := audit.NewVerifier(given...)
		if err == nil {
			t.Errorf("public key files, %s: accepted for %s", name, v.Origin())
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("public key files, %s: the error repeats the key", name)
		}
	}
	for _, name := range []string{"", "Two Words", "a+b", "a/b", "a\nb"} {
		if _, _, err := audit.GenerateKey(name); err == nil {
			t.Errorf("an installation may be called %q", name)
		}
	}
	s, err := audit.NewSigner([]byte(strings.TrimSpace(private) + "\r\n"))
	if err != nil {
		t.Errorf("a key file with the line end of Windows: %v", err)
	}
	if printed := fmt.Sprintf("%v %+v %s", s, s, s); strings.Contains(printed, secret) {
		t.Errorf("printing the signer prints its key: %s", printed)
	}
}

// TestKeyRotation: with both public keys, checkpoints of before and after open;
// with one of them only its own.
func TestKeyRotation(t *testing.T) {
	before, onlyBefore := testKeys(t, "test")
	after, onlyAfter := testKeys(t, "test")
	both, err := audit.NewVerifier([]byte(after.PublicKey()), []byte(before.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	c := checkpointOf(t, logOf(t, 2), 2)
	for name, try := range map[string]struct {
		signer *audit.Signer
		opens  *audit.Verifier
		shut   *audit.Verifier
	}{"before": {before, onlyBefore, onlyAfter}, "after": {after, onlyAfter, onlyBefore}} {
		signed, err := try.signer.Sign(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []*audit.Verifier{both, try.opens} {
			if _, err := v.Open(signed); err != nil {
				t.Errorf("signed with the key %s: %v", name, err)
			}
		}
		if _, err := try.shut.Open(signed); !errors.Is(err, audit.ErrCheckpoint) {
			t.Errorf("signed with the key %s, opened with the other: %v", name, err)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	s, v := testKeys(f, "test")
	for size := range int64(3) {
		signed, err := s.Sign(checkpointOf(f, logOf(f, 3), size))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(signed)
	}
	private, public, err := audit.GenerateKey("test")
	if err != nil {
		f.Fatal(err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		f.Fatal(err)
	}
	anything, err := audit.NewVerifier([]byte(public))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		// As it is, hardly any input has a good signature.
		if c, err := v.Open(input); err == nil && c.Origin != v.Origin() {
			t.Fatalf("opened %+v of another origin", c)
		}
		// With a good signature under any text, only our own spelling opens.
		text := strings.SplitAfter(string(input), "\n\n")[0]
		signed, err := note.Sign(&note.Note{Text: strings.TrimRight(text, "\n") + "\n"}, signer)
		if err != nil {
			return
		}
		c, err := anything.Open(signed)
		if err != nil {
			if !errors.Is(err, audit.ErrCheckpoint) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := ourSigner(t, private).Sign(c)
		if err != nil || string(again) != string(signed) {
			t.Fatalf("two spellings of one checkpoint:\n%s\n%s\n%v", signed, again, err)
		}
	})
}

func ourSigner(t *testing.T, private string) *audit.Signer {
	t.Helper()
	s, err := audit.NewSigner([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
