package ownerlink

import (
	"testing"
	"time"
)

// FuzzDecode goes past the signature, as a mistake in our own minting would:
// what decodes has one spelling, and nothing panics.
func FuzzDecode(f *testing.F) {
	good := encode(Claim{Tenant: "t", Hold: "h", Notice: "n", Step: StepNotMe, Expires: time.Unix(1793612345, 0)})
	f.Add(good)
	f.Add(append(good, 0))
	f.Add(good[:len(good)-1])
	f.Add(fields("1", "approve", "t", "h", "n", "12345678"))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, ok := decode(payload)
		if !ok {
			return
		}
		if !c.Step.valid() || string(encode(c)) != string(payload) {
			t.Fatalf("%q decodes to %+v, which encodes to %q", payload, c, encode(c))
		}
	})
}

// TestSignedButNotOurs: the right key under a payload we do not write. A key
// shared by mistake, or a later version of this program, must not open a door.
func TestSignedButNotOurs(t *testing.T) {
	m, err := New([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1793612345, 0)
	good := encode(Claim{Tenant: "t", Hold: "h", Notice: "n", Step: StepView, Expires: at})
	expires := string(good[len(good)-8:])
	for name, payload := range map[string][]byte{
		"a later version":        fields("2", "view", "t", "h", "n", expires),
		"an unknown step":        fields("1", "approve", "t", "h", "n", expires),
		"a field less":           fields("1", "view", "t", "h", expires),
		"a field more":           fields("1", "view", "t", "h", "n", expires, ""),
		"an expiry of 4 bytes":   fields("1", "view", "t", "h", "n", expires[:4]),
		"a length that lies":     append([]byte{0xff, 0xff, 0xff, 0xff}, good...),
		"cut":                    good[:len(good)-1],
		"a byte more":            append(append([]byte{}, good...), 0),
		"only a part of a field": {0, 0},
	} {
		token := encodeSigned(m, payload)
		if c, err := m.Open(token, StepView, at.Add(-time.Hour)); err == nil || err.(*Refusal).Kind != KindMalformed {
			t.Errorf("%s: opened as %+v, %v", name, c, err)
		}
	}
	if _, err := m.Open(encodeSigned(m, good), StepView, at.Add(-time.Hour)); err != nil {
		t.Errorf("the good one: %v", err)
	}
	// A signature made with the key for codes is none.
	raw := append(append([]byte{}, good...), sum(m.keys[0].code, good)...)
	if _, err := m.Open(spell(raw), StepView, at.Add(-time.Hour)); err == nil {
		t.Error("the key for codes signs links")
	}
}

func encodeSigned(m *Minter, payload []byte) string {
	return spell(append(append([]byte{}, payload...), sum(m.keys[0].link, payload)...))
}
