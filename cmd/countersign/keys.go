package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/ownerlink"
	"github.com/countersign/countersign/sql/pgstore"
)

// The files of a key directory. All but the public key are for the service's
// account alone.
const (
	sealFile         = "seal.json"        // seals personal data in the database
	linkFile         = "link.key"         // signs owners' links and makes their codes
	linkPreviousFile = "link.previous"    // optional: the key before, during a rotation
	auditFile        = "audit.key"        // signs checkpoints
	auditPublicFile  = "audit.public.key" // verifies them; give it to your auditor
)

// keyDirectory is the opened keys of an installation.
type keyDirectory struct {
	seal     *pgstore.Keyring
	links    *ownerlink.Minter
	signer   *audit.Signer
	verifier *audit.Verifier
}

type keysCreateCommand struct {
	Directory    string `arg:"" help:"The directory to make; it must not hold keys yet." type:"path"`
	Installation string `help:"The installation's name, as in the configuration." required:"" placeholder:"NAME"`
}

// Run makes the keys.
func (k keysCreateCommand) Run(std streams) error {
	if err := createKeys(k.Directory, k.Installation); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "Keys made in %s.\nBack the directory up where the database's backups are not: without it, sealed data is lost.\nGive %s to whoever audits you.\n",
		k.Directory, filepath.Join(k.Directory, auditPublicFile))
	return err
}

// createKeys makes every key of an installation; it replaces nothing.
func createKeys(dir, installation string) error {
	private, public, err := audit.GenerateKey(installation)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the key directory: %w", err)
	}
	link := make([]byte, 32)
	rand.Read(link) //nolint:errcheck // never fails: the runtime stops the program first
	if _, err := pgstore.CreateKeyring(filepath.Join(dir, sealFile)); err != nil {
		return err
	}
	for _, f := range []struct {
		name, body string
		mode       os.FileMode
	}{
		{linkFile, hex.EncodeToString(link) + "\n", 0o600},
		{auditFile, private, 0o600},
		{auditPublicFile, public, 0o644},
	} {
		if err := writeOnce(filepath.Join(dir, f.name), f.body, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// writeOnce makes a file that must not exist yet.
func writeOnce(path, body string, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(body)
	return errors.Join(err, f.Sync(), f.Close())
}

// openKeys reads every key; one that is missing, empty or readable by others
// stops the start.
func (c *Config) openKeys() (*keyDirectory, error) {
	dir := c.path(c.Keys)
	seal, err := pgstore.OpenKeyring(filepath.Join(dir, sealFile))
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	links, err := c.openLinkKeys(dir)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	private, err := c.readSecret("keys", filepath.Join(dir, auditFile))
	if err != nil {
		return nil, err
	}
	signer, err := audit.NewSigner([]byte(private))
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	verifier, err := openVerifier(filepath.Join(dir, auditPublicFile))
	if err != nil {
		return nil, err
	}
	origin, err := audit.Origin(c.Installation)
	if err != nil {
		return nil, fmt.Errorf("installation: %w", err)
	}
	if signer.Origin() != origin || verifier.Origin() != origin {
		return nil, fmt.Errorf("keys: the audit keys in %s are of %s, but this installation is %s", dir, signer.Origin(), origin)
	}
	return &keyDirectory{seal: seal, links: links, signer: signer, verifier: verifier}, nil
}

func openVerifier(path string) (*audit.Verifier, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	v, err := audit.NewVerifier(raw)
	if err != nil {
		return nil, fmt.Errorf("keys: %s: %w", path, err)
	}
	return v, nil
}

func (c *Config) openLinkKeys(dir string) (*ownerlink.Minter, error) {
	current, err := c.readHex(filepath.Join(dir, linkFile))
	if err != nil {
		return nil, err
	}
	previous, err := c.readHex(filepath.Join(dir, linkPreviousFile))
	if errors.Is(err, os.ErrNotExist) {
		return ownerlink.New(current)
	}
	if err != nil {
		return nil, err
	}
	return ownerlink.New(current, previous)
}

func (c *Config) readHex(path string) ([]byte, error) {
	text, err := c.readSecret(filepath.Base(path), path)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not 64 hexadecimal digits", path)
	}
	return raw, nil
}
