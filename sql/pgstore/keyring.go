package pgstore

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyring seals personal values and makes the keyed digests by which they are
// found again. It is a file of its own: whoever has only the database, or a
// backup of it, has neither the values nor a way to guess them.
type Keyring struct {
	seals tink.AEAD
	equal []byte
}

// keyFile is the form of the file: a tink keyset as tink writes it, so that
// tink's own tools can rotate it, and the key of the digests.
type keyFile struct {
	Format   string          `json:"format"`
	Seals    json.RawMessage `json:"seals"`
	Equality []byte          `json:"equality"`
}

const (
	keyFormat   = "countersign-keyring-1"
	equalSize   = 32
	maxKeyring  = 1 << 20
	keyringMode = 0o600
)

// CreateKeyring makes a new keyring in a file that only its owner can read. It
// refuses to replace a file: with the old keys gone, what they sealed is gone.
func CreateKeyring(path string) (*Keyring, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	var seals bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&seals)); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	equal := make([]byte, equalSize)
	rand.Read(equal) //nolint:errcheck // never fails: the runtime stops the program first
	body, err := json.MarshalIndent(keyFile{Format: keyFormat, Seals: seals.Bytes(), Equality: equal}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the keyring: %w", err)
	}
	if err := writeNew(path, append(body, '\n')); err != nil {
		return nil, fmt.Errorf("write the keyring %s: %w", path, err)
	}
	return OpenKeyring(path)
}

// writeNew makes a file that is whole and durable, or none.
func writeNew(path string, body []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, keyringMode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	_, err = f.Write(body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// OpenKeyring reads a keyring. It refuses a file that anybody but its owner can
// read. Its errors never quote the file.
func OpenKeyring(path string) (*Keyring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the keyring %s must be a file that only its owner can read: chmod 600 %s", path, path)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxKeyring))
	if err != nil {
		return nil, fmt.Errorf("read the keyring: %w", err)
	}
	k, err := parseKeyring(body)
	if err != nil {
		return nil, fmt.Errorf("the keyring %s is damaged: %w", path, err)
	}
	return k, nil
}

func parseKeyring(body []byte) (*Keyring, error) {
	var file keyFile
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil || file.Format != keyFormat || len(file.Equality) != equalSize {
		return nil, errors.New("it is not a keyring of this program")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Seals)))
	if err != nil {
		return nil, errors.New("its keys cannot be read")
	}
	seals, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("its keys are not of a kind that seals")
	}
	return &Keyring{seals: seals, equal: file.Equality}, nil
}

// place says where a sealed value belongs: the table and column, the tenant and
// the key of the row. A value does not open anywhere else.
func place(column string, tenant string, row ...string) []byte {
	var out []byte
	for _, part := range append([]string{column, tenant}, row...) {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

func (k *Keyring) seal(value, where []byte) ([]byte, error) {
	sealed, err := k.seals.Encrypt(value, where)
	if err != nil {
		return nil, fmt.Errorf("seal a value: %w", err)
	}
	return sealed, nil
}

func (k *Keyring) open(sealed, where []byte) ([]byte, error) {
	value, err := k.seals.Decrypt(sealed, where)
	if err != nil {
		return nil, errors.New("a sealed value does not open: it was altered, moved to another row, or sealed with a key that is not in the keyring")
	}
	return value, nil
}

// digest is the keyed digest by which equal values are found.
func (k *Keyring) digest(parts ...string) []byte {
	mac := hmac.New(sha256.New, k.equal)
	mac.Write(place("digest", "", parts...))
	return mac.Sum(nil)
}

// check names the keyring without telling anything about it.
func (k *Keyring) check() []byte { return k.digest("keyring check") }
