package localpg

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The roles of the cluster. The owner migrates, the application's role runs;
// the superuser only makes the other two and their databases.
const (
	RoleSuper = "countersign_super"
	RoleOwner = "countersign_owner"
	RoleApp   = "countersign_app"
)

// secrets are the passwords by role.
type secrets struct {
	Super string `json:"countersign_super"`
	Owner string `json:"countersign_owner"`
	App   string `json:"countersign_app"`
}

func (s secrets) of(role string) string {
	switch role {
	case RoleSuper:
		return s.Super
	case RoleOwner:
		return s.Owner
	case RoleApp:
		return s.App
	}
	return ""
}

// openSecrets reads the passwords, or makes them before there is a cluster. For
// a cluster that exists they cannot be made up: the file has to be there.
func openSecrets(r root, clusterExists bool) (secrets, error) {
	s, err := readSecrets(r.secrets())
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if clusterExists {
		return secrets{}, fmt.Errorf("%s holds a database but %s, the file with its passwords, is missing: put it back from the backup that it was saved in together with the data", r.data(), r.secrets())
	}
	s = secrets{Super: rand.Text(), Owner: rand.Text(), App: rand.Text()}
	return s, writeSecrets(r, s)
}

func readSecrets(path string) (secrets, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return secrets{}, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return secrets{}, fmt.Errorf("%s must be a plain file that only its owner can read (it has mode %s): chmod 600 it", path, info.Mode())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return secrets{}, err
	}
	var s secrets
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&s) != nil || d.Decode(new(any)) != io.EOF || s.Super == "" || s.Owner == "" || s.App == "" {
		// The decoder's own words could repeat a part of the file.
		return secrets{}, fmt.Errorf("%s is damaged (it should hold one password for each of %s, %s and %s): restore it from a backup", path, RoleSuper, RoleOwner, RoleApp)
	}
	return s, nil
}

// writeSecrets writes the file whole or not at all, and durably: a cluster
// whose passwords were lost in a power cut would be lost too.
func writeSecrets(r root, s secrets) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	next := r.secrets() + ".new" // left by a crash, it was never used
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(next, r.secrets())
	}
	if err != nil {
		return err
	}
	return syncDir(string(r))
}

// verifier is what Postgres stores in place of a password (RFC 5803,
// SCRAM-SHA-256). Sending this rather than the password keeps the password out
// of the server's statements and log.
func verifier(password string) (string, error) {
	const iterations = 4096
	salt := make([]byte, 16)
	rand.Read(salt)
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	mac := func(text string) []byte {
		h := hmac.New(sha256.New, salted)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}
