package ownerlink

import (
	"bytes"
	"encoding/binary"
	"time"
)

// payloadVersion is the first field of every payload.
const payloadVersion = "1"

// fields writes each value after its length, as four bytes: two different
// lists of values never give the same bytes.
func fields(values ...string) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	return b
}

// encode writes the payload of a claim.
func encode(c Claim) []byte {
	expires := binary.BigEndian.AppendUint64(nil, uint64(c.Expires.Unix()))
	return fields(payloadVersion, string(c.Step), c.Tenant, c.Hold, c.Notice, string(expires))
}

// decode is the inverse of encode and takes nothing else.
func decode(payload []byte) (Claim, bool) {
	var values [6]string
	rest := payload
	for i := range values {
		if len(rest) < 4 {
			return Claim{}, false
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return Claim{}, false
		}
		values[i], rest = string(rest[:n]), rest[n:]
	}
	if len(rest) != 0 || values[0] != payloadVersion || len(values[5]) != 8 {
		return Claim{}, false
	}
	c := Claim{
		Step: Step(values[1]), Tenant: values[2], Hold: values[3], Notice: values[4],
		Expires: time.Unix(int64(binary.BigEndian.Uint64([]byte(values[5]))), 0).UTC(),
	}
	return c, c.Step.valid() && bytes.Equal(encode(c), payload)
}
