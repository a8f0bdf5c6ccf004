package entrasim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// keyPair is a certificate with its key.
type keyPair struct {
	key *rsa.PrivateKey
	der []byte
}

func newKeyPair(t *testing.T) keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: seedDate(), NotAfter: seedDate().AddDate(10, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, der}
}

func (k keyPair) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.der}))
}

// sign makes a client assertion.
func (k keyPair) sign(alg string, claims map[string]any) string {
	one, two := sha1.Sum(k.der), sha256.Sum256(k.der)
	header := map[string]any{"alg": alg, "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(one[:])}
	if alg == "PS256" {
		header = map[string]any{"alg": alg, "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(two[:])}
	}
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString([]byte(jsonText(v))) }
	text := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if alg == "PS256" {
		sig, err = rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, sum[:], nil)
	}
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// withKey gives an application a certificate behind the simulator's back, and
// returns its keyId.
func (r *rig) withKey(app string) string {
	r.t.Helper()
	id := newGUID()
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.app(app)
	a.Keys = append(a.Keys, Key{ID: id, Name: "CN=test", Certificate: newKeyPair(r.t).pem(), Start: seedDate(), End: time.Now().AddDate(1, 0, 0)})
	return id
}
