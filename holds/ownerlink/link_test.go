package ownerlink_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds/ownerlink"
)

var (
	now  = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	keyA = bytes.Repeat([]byte("a"), ownerlink.KeySize)
	keyB = bytes.Repeat([]byte("b"), ownerlink.KeySize)
)

var steps = []ownerlink.Step{ownerlink.StepView, ownerlink.StepNotMe, ownerlink.StepWasMe}

func minter(t testing.TB, current []byte, previous ...[]byte) *ownerlink.Minter {
	t.Helper()
	m, err := ownerlink.New(current, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func claim() ownerlink.Claim {
	return ownerlink.Claim{
		Tenant: "acme", Hold: "01935c8e-8d5e-7c3a-9a70-000000000001", Notice: "01935c8e-8d5e-7c3a-9a70-000000000002",
		Step: ownerlink.StepNotMe, Expires: now.Add(7 * 24 * time.Hour),
	}
}

func mint(t testing.TB, m *ownerlink.Minter, c ownerlink.Claim) string {
	t.Helper()
	token, err := m.Mint(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refused checks that a token is refused for this reason and that the outside
// is told the same as always.
func refused(t *testing.T, m *ownerlink.Minter, token string, step ownerlink.Step, at time.Time, want ownerlink.Kind) {
	t.Helper()
	c, err := m.Open(token, step, at)
	var r *ownerlink.Refusal
	if !errors.As(err, &r) || r.Kind != want {
		t.Fatalf("opened as %+v, %#v; want it refused as %s", c, err, want)
	}
	if c != (ownerlink.Claim{}) {
		t.Errorf("a refused link still says %+v", c)
	}
	if got := fmt.Sprintf("%v|%s|%+v", err, err, err); got != strings.Repeat(ownerlink.RefusalText+"|", 2)+ownerlink.RefusalText {
		t.Errorf("the outside is told %q", got)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("error", err))
	if !strings.Contains(log.String(), string(want)) || token != "" && strings.Contains(log.String(), token) {
		t.Errorf("the log says %s; want the kind and not the token", &log)
	}
}

func TestMintOpen(t *testing.T) {
	m := minter(t, keyA)
	for _, step := range steps {
		want := claim()
		want.Step = step
		given := want
		given.Expires = want.Expires.Add(999 * time.Millisecond).In(time.FixedZone("CET", 3600))
		token := mint(t, m, given)
		if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("the token needs escaping in an address: %s", token)
		}
		if len(token) > 300 {
			t.Errorf("the token has %d characters; mail programs break long addresses", len(token))
		}
		got, err := m.Open(token, step, now)
		if err != nil || got != want {
			t.Errorf("%s: opened as %+v, %v", step, got, err)
		}
	}
}

// TestE3 covers the part of E3 that is not the store's (single use, closed
// hold): expiry to the second, and keys across a restart and a rotation.
func TestE3(t *testing.T) {
	c := claim()
	token := mint(t, minter(t, keyA), c)
	t.Run("until the expiry and not from it on", func(t *testing.T) {
		m := minter(t, keyA)
		if _, err := m.Open(token, c.Step, c.Expires.Add(-time.Nanosecond)); err != nil {
			t.Error(err)
		}
		refused(t, m, token, c.Step, c.Expires, ownerlink.KindExpired)
		refused(t, m, token, c.Step, c.Expires.AddDate(1, 0, 0), ownerlink.KindExpired)
	})
	t.Run("opens after a restart with the same key", func(t *testing.T) {
		if got, err := minter(t, keyA).Open(token, c.Step, now); err != nil || got != c {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("opens while its key is a previous one", func(t *testing.T) {
		rotated := minter(t, keyB, keyA)
		if got, err := rotated.Open(token, c.Step, now); err != nil || got != c {
			t.Errorf("%+v, %v", got, err)
		}
		refused(t, minter(t, keyA), mint(t, rotated, c), c.Step, now, ownerlink.KindForged)
	})
	t.Run("is dead when its key is gone", func(t *testing.T) {
		refused(t, minter(t, keyB), token, c.Step, now, ownerlink.KindForged)
	})
}

// TestE4 proves that a token is good for what it was minted for and for
// nothing else.
func TestE4(t *testing.T) {
	m := minter(t, keyA)
	t.Run("no step opens as another", func(t *testing.T) {
		for _, minted := range steps {
			c := claim()
			c.Step = minted
			token := mint(t, m, c)
			for _, asked := range append(steps, "", "approve", "NOT_ME", "not_me\x00") {
				if asked != minted {
					refused(t, m, token, asked, now, ownerlink.KindWrongStep)
				}
			}
		}
	})
	t.Run("an expired link for another step is first of all for another step", func(t *testing.T) {
		c := claim()
		refused(t, m, mint(t, m, c), ownerlink.StepWasMe, c.Expires.Add(time.Hour), ownerlink.KindWrongStep)
	})
	t.Run("hold A's link names hold A, whatever page it is brought to", func(t *testing.T) {
		a, b := claim(), claim()
		b.Hold = "01935c8e-8d5e-7c3a-9a70-00000000000b"
		got, err := m.Open(mint(t, m, a), a.Step, now)
		if err != nil || got.Hold != a.Hold || got.Hold == b.Hold {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("parts of two links make none", func(t *testing.T) {
		a, b := claim(), claim()
		b.Hold = "01935c8e-8d5e-7c3a-9a70-00000000000b"
		rawA, rawB := decoded(t, mint(t, m, a)), decoded(t, mint(t, m, b))
		for cut := range rawA {
			spliced := append(append([]byte{}, rawA[:cut]...), rawB[cut:]...)
			if bytes.Equal(spliced, rawA) || bytes.Equal(spliced, rawB) {
				continue
			}
			refused(t, m, base64.RawURLEncoding.EncodeToString(spliced), a.Step, now, ownerlink.KindForged)
		}
	})
	t.Run("no value reaches over into its neighbour", func(t *testing.T) {
		seen := map[string]ownerlink.Claim{}
		for _, names := range [][3]string{
			{"ab", "c", "d"},
			{"a", "bc", "d"},
			{"a", "b", "cd"},
			{"abc", "d", "e"},
			{"not_me", "was_me", "view"},
			{"was_me", "not_me", "view"},
			{"a\x00\x00\x00\x01b", "c", "d"},
			{"a", "\x00\x00\x00\x01b", "c"},
		} {
			for _, step := range steps {
				c := ownerlink.Claim{Tenant: names[0], Hold: names[1], Notice: names[2], Step: step, Expires: now.Add(time.Hour)}
				token := mint(t, m, c)
				if other, taken := seen[token]; taken {
					t.Fatalf("%+v and %+v have one token", c, other)
				}
				seen[token] = c
				if got, err := m.Open(token, step, now); err != nil || got != c {
					t.Fatalf("%+v opened as %+v, %v", c, got, err)
				}
			}
		}
	})
}

func decoded(t *testing.T, token string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestOpenRefuses changes a good token in every bit, and in length and spelling.
func TestOpenRefuses(t *testing.T) {
	m := minter(t, keyA)
	c := claim()
	token := mint(t, m, c)
	raw := decoded(t, token)
	for i := range raw {
		for bit := range 8 {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			refused(t, m, base64.RawURLEncoding.EncodeToString(bad), c.Step, now, ownerlink.KindForged)
		}
	}
	for i := range token {
		if _, err := m.Open(token[:i], c.Step, now); err == nil {
			t.Fatalf("cut after %d characters it opens", i)
		}
	}
	for name, bad := range map[string]string{
		"nothing":              "",
		"only a signature":     base64.RawURLEncoding.EncodeToString(raw[len(raw)-32:]),
		"padded":               token + "=",
		"a space":              token + " ",
		"a line break in it":   token[:20] + "\n" + token[20:],
		"a dot":                token + ".",
		"standard base 64":     token[:10] + "+/" + token[12:],
		"two of them":          strings.Repeat(token, 12),
		"not text":             "\xff\xfe",
		"a wide character":     token[:10] + "Ａ",
		"spare bits are not 0": spareBits(token),
	} {
		if bad == "" && name != "nothing" {
			continue
		}
		refused(t, m, bad, c.Step, now, ownerlink.KindMalformed)
	}
}

// spareBits returns another spelling of the same bytes, if base 64 leaves bits
// to spare at the end of a token of this length; else nothing.
func spareBits(token string) string {
	if len(token)%4 == 0 {
		return ""
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return token[:len(token)-1] + string(digits[strings.IndexByte(digits, token[len(token)-1])|1])
}

func TestMintRefuses(t *testing.T) {
	m := minter(t, keyA)
	for name, spoil := range map[string]func(*ownerlink.Claim){
		"no step":         func(c *ownerlink.Claim) { c.Step = "" },
		"unknown step":    func(c *ownerlink.Claim) { c.Step = "approve" },
		"no tenant":       func(c *ownerlink.Claim) { c.Tenant = "" },
		"no hold":         func(c *ownerlink.Claim) { c.Hold = "" },
		"no notice":       func(c *ownerlink.Claim) { c.Notice = "" },
		"a hold too long": func(c *ownerlink.Claim) { c.Hold = strings.Repeat("h", 256) },
		"no expiry":       func(c *ownerlink.Claim) { c.Expires = time.Time{} },
	} {
		c := claim()
		spoil(&c)
		if token, err := m.Mint(c); err == nil {
			t.Errorf("%s: minted %s", name, token)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	for name, c := range map[string]struct {
		keys [][]byte
		says string
	}{
		"none":                      {[][]byte{nil}, "the current key for owner links has 0 bytes"},
		"empty":                     {[][]byte{{}}, "the current key for owner links has 0 bytes"},
		"short":                     {[][]byte{keyA[:31]}, "the current key for owner links has 31 bytes"},
		"long":                      {[][]byte{append(bytes.Clone(keyA), '\n')}, "the current key for owner links has 33 bytes"},
		"zeros":                     {[][]byte{make([]byte, 32)}, "the current key for owner links is all zeros"},
		"a previous one is empty":   {[][]byte{keyA, nil}, "previous key 1 for owner links has 0 bytes"},
		"a previous one is short":   {[][]byte{keyA, keyB, keyB[:16]}, "previous key 2 for owner links has 16 bytes"},
		"the current one again":     {[][]byte{keyA, keyA}, "previous key 1 for owner links was given before"},
		"a previous one, two times": {[][]byte{keyA, keyB, keyB}, "previous key 2 for owner links was given before"},
	} {
		m, err := ownerlink.New(c.keys[0], c.keys[1:]...)
		if err == nil || m != nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if !strings.HasPrefix(err.Error(), c.says) {
			t.Errorf("%s: the error does not say which key: %v", name, err)
		}
		if strings.Contains(err.Error(), "aaaa") || strings.Contains(err.Error(), "bbbb") {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
	m := minter(t, keyA, keyB)
	if printed := fmt.Sprintf("%v %+v %#v %s", m, m, m, m); printed != strings.Repeat("minter with 2 key(s) ", 3)+"minter with 2 key(s)" {
		t.Errorf("printing the minter says %s", printed)
	}
}

func FuzzOpen(f *testing.F) {
	m := minter(f, keyA, keyB)
	for _, step := range steps {
		c := claim()
		c.Step = step
		f.Add(mint(f, m, c))
		f.Add(mint(f, minter(f, keyB), c))
		f.Add(mint(f, m, c)[1:])
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, step := range steps {
			c, err := m.Open(token, step, now)
			if err != nil {
				if r := (*ownerlink.Refusal)(nil); !errors.As(err, &r) {
					t.Fatalf("an error of another kind: %v", err)
				}
				continue
			}
			if c.Step != step || token != mint(t, m, c) && token != mint(t, minter(t, keyB), c) {
				t.Fatalf("%q opened as %+v, which was never minted", token, c)
			}
		}
	})
}
