package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// giveKey makes a key pair for the company's first service app when it brings
// no public key, and returns the private half as PKCS#1 PEM.
func giveKey(c *oktasim.Company) (string, error) {
	if len(c.Apps) == 0 || c.Apps[0].PublicKey != "" {
		return "", nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", fmt.Errorf("make the service app's key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", fmt.Errorf("make the service app's key: %w", err)
	}
	c.Apps[0].PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), nil
}
