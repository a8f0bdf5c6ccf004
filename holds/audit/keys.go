package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// GenerateKey makes an Ed25519 key pair for the checkpoints of an installation,
// each as the one line of a key file: the private one for the service, the
// public one for whoever verifies.
func GenerateKey(installation string) (private, public string, err error) {
	origin, err := Origin(installation)
	if err != nil {
		return "", "", err
	}
	private, public, err = note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", "", fmt.Errorf("generate a key for %s: %w", origin, err)
	}
	return private + "\n", public + "\n", nil
}

// A Signer signs the checkpoints of one installation. It never prints its key.
type Signer struct {
	signer note.Signer
	public string
}

// NewSigner reads a private key file as [GenerateKey] wrote it. The error says
// what is wrong with the file and repeats nothing of it.
func NewSigner(file []byte) (*Signer, error) {
	line, err := oneLine(file)
	if err != nil {
		return nil, fmt.Errorf("private key for checkpoints: %w", err)
	}
	s, err := note.NewSigner(line)
	if err != nil {
		return nil, errors.New("private key for checkpoints: the file is not PRIVATE+KEY+name+hash+key on one line; was it cut, or is it the public one?")
	}
	if !validOrigin(s.Name()) {
		return nil, fmt.Errorf("private key for checkpoints: its name is not %s and the name of an installation", originPrefix)
	}
	public, err := publicKey(line, s.Name())
	if err != nil {
		return nil, fmt.Errorf("private key for checkpoints: %w", err)
	}
	return &Signer{signer: s, public: public}, nil
}

// Origin returns the origin line of what it signs.
func (s *Signer) Origin() string { return s.signer.Name() }

// PublicKey returns the public key as the one line of a key file.
func (s *Signer) PublicKey() string { return s.public }

// String keeps the key out of logs.
func (s *Signer) String() string { return "signer of " + s.Origin() }

// Sign encodes and signs c. An empty origin is filled in; another one than the
// key's is an error.
func (s *Signer) Sign(c Checkpoint) ([]byte, error) {
	if c.Origin == "" {
		c.Origin = s.Origin()
	}
	if c.Origin != s.Origin() {
		return nil, fmt.Errorf("%w: the key of %s does not sign for %q", ErrCheckpoint, s.Origin(), c.Origin)
	}
	text, err := c.text()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("sign the checkpoint of size %d: %w", c.Size, err)
	}
	return signed, nil
}

// A Verifier opens checkpoints of one installation signed with a known key.
type Verifier struct {
	origin string
	known  note.Verifiers
}

// NewVerifier reads one or more public key files as [GenerateKey] wrote them:
// the current key and those before it, all of the same installation.
func NewVerifier(files ...[]byte) (*Verifier, error) {
	if len(files) == 0 {
		return nil, errors.New("public key for checkpoints: none was given")
	}
	var origin string
	var known []note.Verifier
	for i, file := range files {
		line, err := oneLine(file)
		if err != nil {
			return nil, fmt.Errorf("public key %d for checkpoints: %w", i+1, err)
		}
		v, err := note.NewVerifier(line)
		if err != nil || !validOrigin(v.Name()) {
			return nil, fmt.Errorf("public key %d for checkpoints: the file is not %sname+hash+key on one line; was it cut, or is it the private one?", i+1, originPrefix)
		}
		if origin != "" && v.Name() != origin {
			return nil, fmt.Errorf("public key %d for checkpoints is of %s and those before it are of %s", i+1, v.Name(), origin)
		}
		origin = v.Name()
		known = append(known, v)
	}
	return &Verifier{origin: origin, known: note.VerifierList(known...)}, nil
}

// Origin returns the origin line of the checkpoints it opens.
func (v *Verifier) Origin() string { return v.origin }

// Open verifies a signed checkpoint and returns it. Signatures of keys it does
// not know (witnesses) are passed over, as C2SP signed-note demands
// (https://c2sp.org/signed-note); one by a known key must be there and right.
// The error matches [ErrCheckpoint].
func (v *Verifier) Open(signed []byte) (Checkpoint, error) {
	if len(signed) > MaxCheckpoint {
		return Checkpoint{}, fmt.Errorf("%w: it has %d bytes and the most is %d", ErrCheckpoint, len(signed), MaxCheckpoint)
	}
	n, err := note.Open(signed, v.known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	for _, sig := range n.Sigs {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("%w: its signature has a second spelling", ErrCheckpoint)
		}
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.origin {
		return Checkpoint{}, fmt.Errorf("%w: it is signed with a key of %s but speaks for %q", ErrCheckpoint, v.origin, c.Origin)
	}
	return c, nil
}

// oneLine returns the single line of a key file.
func oneLine(file []byte) (string, error) {
	line := strings.TrimRight(string(file), "\r\n")
	if line == "" {
		return "", errors.New("the file is empty")
	}
	if strings.ContainsAny(line, " \t\r\n") {
		return "", errors.New("the file has more than its one line, or spaces in it")
	}
	return line, nil
}

// publicKey derives the public key from a private one that note.NewSigner has
// already accepted: name, hash and, after the byte for Ed25519, the seed.
func publicKey(line, name string) (string, error) {
	parts := strings.SplitN(line, "+", 5) // PRIVATE, KEY, name, hash, key: base64 may have a plus itself
	if len(parts) != 5 {
		return "", errors.New("the file is cut")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("the key is not an Ed25519 key")
	}
	key := ed25519.NewKeyFromSeed(raw[1:])
	public, err := note.NewEd25519VerifierKey(name, ed25519.PublicKey(key[ed25519.SeedSize:]))
	if err != nil {
		return "", fmt.Errorf("derive the public key: %w", err)
	}
	return public + "\n", nil
}
