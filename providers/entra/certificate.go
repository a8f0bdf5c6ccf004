package entra

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// assertionLife is how long an assertion is good for; Microsoft recommends five
// to ten minutes.
const assertionLife = 5 * time.Minute

// certificate is a key that Entra knows the certificate of.
type certificate struct {
	key   *rsa.PrivateKey
	thumb string // x5t#S256
}

// readCertificate says in words what is wrong with a key and its certificate,
// since Entra would say so only at the first call.
func readCertificate(keyPEM, certPEM string, now time.Time) (*certificate, error) {
	block, _ := pem.Decode([]byte(certPEM))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("the certificate is missing or is not a CERTIFICATE in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("the certificate cannot be read")
	}
	if now.After(cert.NotAfter) {
		return nil, fmt.Errorf("the certificate expired on %s; make a new one and upload it to the app registration", cert.NotAfter.Format(time.DateOnly))
	}
	key, err := readKey(keyPEM)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("the key and the certificate do not belong together")
	}
	sum := sha256.Sum256(cert.Raw)
	return &certificate{key: key, thumb: base64.RawURLEncoding.EncodeToString(sum[:])}, nil
}

func readKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the key is missing or is not PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := any.(*rsa.PrivateKey); err == nil && ok {
		return key, nil
	}
	return nil, errors.New("the key must be an RSA PRIVATE KEY (PKCS#1) or PRIVATE KEY (PKCS#8) of kind RSA, without a passphrase")
}

// assertion signs a JWT that proves the client by its certificate, with PS256
// (https://learn.microsoft.com/entra/identity-platform/certificate-credentials).
// Two lines of JSON and one signature need no library.
func (c *certificate) assertion(client, audience string, now time.Time) (string, error) {
	header, err := part(map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": c.thumb})
	if err != nil {
		return "", err
	}
	claims, err := part(map[string]any{
		"aud": audience, "iss": client, "sub": client, "jti": rand.Text(),
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := header + "." + claims
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPSS(rand.Reader, c.key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

func part(v any) (string, error) {
	raw, err := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw), err
}
