package intake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Secret is the whole value of the header that a provider authenticates with.
// It prints as "[secret]" however it is printed.
type Secret string

const redacted = "[secret]"

// Format keeps the value out of every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String keeps the value out of text.
func (Secret) String() string { return redacted }

// LogValue keeps the value out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the value out of JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Secrets are what a connection accepts.
type Secrets struct {
	Current Secret
	// Previous is accepted as well while a secret is being replaced; empty when
	// none is.
	Previous Secret
	// PreviousUntil is when Previous stops being accepted; zero is when it is
	// removed from the configuration.
	PreviousUntil time.Time
}

// minSecret is the least length, without a scheme in front. Sixteen characters
// of base64 are 96 bits.
const minSecret = 16

func (s Secret) check() error {
	v := string(s)
	switch {
	case v == "":
		return errors.New("it is empty")
	case strings.TrimSpace(v) != v:
		return errors.New("it has white space around it, which HTTP does not transport")
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("it has characters outside printable ASCII")
	case strings.Contains(v, ","):
		return errors.New("it has a comma, which HTTP uses to join values")
	case len(v)-strings.LastIndex(v, " ")-1 < minSecret:
		return fmt.Errorf("it is shorter than %d characters", minSecret)
	}
	return nil
}

// keyring is what is kept of a connection's secrets: digests.
type keyring struct {
	current, previous digest
	previousUntil     time.Time
}

type digest [sha256.Size]byte

func digestOf(s string) digest { return sha256.Sum256([]byte(s)) }

// same compares in constant time.
func (d digest) same(e digest) bool { return subtle.ConstantTimeCompare(d[:], e[:]) == 1 }

func newKeyring(s Secrets) (keyring, error) {
	if err := s.Current.check(); err != nil {
		return keyring{}, fmt.Errorf("the secret cannot be used: %w", err)
	}
	k := decoy()
	k.current = digestOf(string(s.Current))
	if s.Previous == "" {
		if !s.PreviousUntil.IsZero() {
			return keyring{}, errors.New("an end is set for a previous secret, and there is none")
		}
		return k, nil
	}
	if err := s.Previous.check(); err != nil {
		return keyring{}, fmt.Errorf("the previous secret cannot be used: %w", err)
	}
	k.previous, k.previousUntil = digestOf(string(s.Previous)), s.PreviousUntil
	if k.current.same(k.previous) {
		return keyring{}, errors.New("the current and the previous secret are the same; a rotation needs a new one")
	}
	return k, nil
}

// decoy is a keyring that nothing opens. Unknown connections have one, and a
// connection without a previous secret has half of one, so that the work does
// not tell them apart.
func decoy() keyring {
	return keyring{current: digestOf(rand.Text()), previous: digestOf(rand.Text())}
}

// The names of secrets, as a Delivery carries them.
const (
	currentSecret  = "current"
	previousSecret = "previous"
)

// match names the secret that a header's value is, "" when it is none. It
// compares with both, always. Expired is true when the value is a previous
// secret whose time is over.
func (k keyring) match(value string, now time.Time) (name string, expired bool) {
	d := digestOf(value)
	isCurrent, isPrevious := d.same(k.current), d.same(k.previous)
	switch {
	case isCurrent:
		return currentSecret, false
	case isPrevious && (k.previousUntil.IsZero() || now.Before(k.previousUntil)):
		return previousSecret, false
	}
	return "", isPrevious
}

// shares tells whether any secret of one keyring opens the other.
func (k keyring) shares(o keyring) bool {
	return k.current.same(o.current) || k.current.same(o.previous) ||
		k.previous.same(o.current) || k.previous.same(o.previous)
}
