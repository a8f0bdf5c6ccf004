package pgstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/countersign/countersign/holds"
)

// Decisions and checks bear a seal: a digest, under the keyring's key, of all that
// the row says, of the hold it belongs to and of what the decision is bound to.
// Whoever has the database and not the key can delete such a row, or bring an
// older one back, but not make one. A row without a seal was written before there
// were any, or past this program; the two cannot be told apart, so that neither
// counts, and what rests on it must be decided again.

// What a row without a good seal is told as.
const (
	unsealed  = "it bears no seal: it was recorded before there were seals, or not by Countersign"
	unfitting = "its seal does not fit: it was not recorded by this installation, or was altered"
)

// mac makes the digest of parts, under the keyring's key and for nothing else.
func (k *Keyring) mac(parts ...string) []byte {
	m := hmac.New(sha256.New, k.equal)
	m.Write(place("seal", "", parts...))
	return m.Sum(nil)
}

// proven says why a row does not count; empty when it does.
func proven(seal, want []byte) string {
	switch {
	case len(seal) == 0:
		return unsealed
	case !hmac.Equal(seal, want):
		return unfitting
	}
	return ""
}

// sealDecision seals a decision on a hold. Void is left out: it only ever takes
// weight away, and one that is made to count again is of an older version or round.
func (k *Keyring) sealDecision(h holds.Hold, d holds.Decision) []byte {
	reason := sha256.Sum256([]byte(d.Reason))
	return k.mac("decision", string(h.Tenant), string(h.ID), d.ID, string(d.Kind), string(d.Approver), strconv.Itoa(d.Version),
		strconv.Itoa(d.Round), instant(d.At), hex.EncodeToString(reason[:]), string(h.Bound(d.Kind)))
}

// sealEvidence seals an identity check.
func (k *Keyring) sealEvidence(h holds.Hold, e holds.Evidence) []byte {
	return k.mac("evidence", string(h.Tenant), string(h.ID), e.ID, string(e.Kind), string(e.Verifier), string(e.Requester), e.Reference,
		e.Point, instant(e.OnFile), string(e.Confirmer), string(e.Witness), e.Place, e.Note, instant(e.At), strconv.Itoa(e.Round), strconv.Itoa(e.Version))
}

// instant is a moment as the database keeps it.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.UnixMicro(), 10)
}
