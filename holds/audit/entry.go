package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// Version is the version of the encoding of an entry, its first field. A
// reader refuses a version it does not know instead of guessing.
const Version = 1

// MaxBody is the largest encoded entry in bytes. An entry holds ids and
// digests; something larger is content, and content belongs elsewhere.
const MaxBody = 8 << 10

// ErrEntry is matched by every error about an entry that this package refuses
// to encode or to parse.
var ErrEntry = errors.New("not a valid audit entry")

// An Entry is what one leaf of the log commits to. It speaks of people and
// accounts only by our own ids, digests and salted commitments.
type Entry struct {
	// Seq is the position in the log, from 0. [Append] sets it.
	Seq int64
	// Time is when the recorded thing happened by our corrected clock, kept
	// in UTC to the microsecond.
	Time time.Time
	// Tenant is the customer organisation; empty means the installation
	// itself (its configuration, its start).
	Tenant string
	// Kind is what happened, as noun.verb: "hold.opened", "decision.recorded".
	Kind string
	// Actor is who did it, as kind:id: "system:keeper", "person:p-17". Never
	// a name, never an address.
	Actor string
	// Hold and Connection are our ids; empty when the entry has none.
	Hold       string
	Connection string
	// Digests are SHA-256 values in lower-case hex by name ("body": the raw
	// delivery). Only of things too large or too random to be guessed; what
	// could be guessed belongs in Commitments.
	Digests map[string]string
	// Commitments are salted commitments by name, made with [Commit].
	Commitments map[string]string
	// Facts are small values that identify nobody: a state, a class, a rule.
	Facts map[string]string
}

// timeLayout writes UTC with exactly six digits of fraction.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// wire is the encoding: the order of the fields here is the order of the
// fields there. Fields without a value are left out, except those that every
// entry has.
type wire struct {
	V           int               `json:"v"`
	Seq         int64             `json:"seq"`
	Time        string            `json:"time"`
	Tenant      string            `json:"tenant,omitempty"`
	Kind        string            `json:"kind"`
	Actor       string            `json:"actor"`
	Hold        string            `json:"hold,omitempty"`
	Connection  string            `json:"connection,omitempty"`
	Digests     map[string]string `json:"digests,omitempty"`
	Commitments map[string]string `json:"commitments,omitempty"`
	Facts       map[string]string `json:"facts,omitempty"`
}

// Encode returns the one canonical encoding of e: a JSON object on one line
// without spaces, its fields in the order v, seq, time, tenant, kind, actor,
// hold, connection, digests, commitments, facts; empty optional fields left
// out; the keys of the three maps sorted by bytes; the time in UTC with six
// digits, anything finer cut off. No string in it needs escaping (see
// [ErrEntry] and the package comment), so every JSON encoder agrees.
//
// The error matches [ErrEntry] and names the field.
func (e Entry) Encode() ([]byte, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	body, err := json.Marshal(wire{
		V: Version, Seq: e.Seq, Time: e.Time.UTC().Format(timeLayout),
		Tenant: e.Tenant, Kind: e.Kind, Actor: e.Actor, Hold: e.Hold, Connection: e.Connection,
		Digests: e.Digests, Commitments: e.Commitments, Facts: e.Facts,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: encode: %w", ErrEntry, err)
	}
	if len(body) > MaxBody {
		return nil, fmt.Errorf("%w: it encodes to %d bytes and the most is %d", ErrEntry, len(body), MaxBody)
	}
	return body, nil
}

// Unnumbered returns the encoding of e around its number, for a store that
// numbers entries itself under the lock of the log: head, then the decimal
// number without leading zeros, then tail are what [Entry.Encode] writes once Seq
// is set. The error matches [ErrEntry], as it would with the longest number.
func (e Entry) Unnumbered() (head, tail []byte, err error) {
	e.Seq = math.MaxInt64
	body, err := e.Encode()
	if err != nil {
		return nil, nil, err
	}
	if _, err := ParseEntry(body); err != nil {
		return nil, nil, err
	}
	head, tail, found := bytes.Cut(body, strconv.AppendInt(nil, e.Seq, 10)) // the first field with a value of ours
	if !found {
		return nil, nil, fmt.Errorf("%w: it has no number", ErrEntry)
	}
	return head, tail, nil
}

// ParseEntry is the inverse of [Entry.Encode] and accepts nothing that Encode
// would not have written byte for byte: no unknown or repeated field, no other
// order, no spaces, no other version. The error matches [ErrEntry].
func ParseEntry(body []byte) (Entry, error) {
	if len(body) > MaxBody {
		return Entry{}, fmt.Errorf("%w: it has %d bytes and the most is %d", ErrEntry, len(body), MaxBody)
	}
	var w wire
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Entry{}, fmt.Errorf("%w: something follows the entry", ErrEntry)
	}
	if w.V != Version {
		return Entry{}, fmt.Errorf("%w: it is of version %d and this program knows %d", ErrEntry, w.V, Version)
	}
	at, err := time.Parse(timeLayout, w.Time)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: time: want UTC with six digits of fraction", ErrEntry)
	}
	e := Entry{
		Seq: w.Seq, Time: at, Tenant: w.Tenant, Kind: w.Kind, Actor: w.Actor, Hold: w.Hold,
		Connection: w.Connection, Digests: w.Digests, Commitments: w.Commitments, Facts: w.Facts,
	}
	again, err := e.Encode()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, body) {
		return Entry{}, fmt.Errorf("%w: it is not written the one canonical way", ErrEntry)
	}
	return e, nil
}
