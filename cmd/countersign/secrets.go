package main

import (
	"fmt"
	"os"
	"strings"
)

// readSecret reads a secret from a file that only its owner can read. The
// secret never appears in an error.
func (c *Config) readSecret(key, file string) (string, error) {
	path := c.path(file)
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: %s can be read by others; run chmod 600 on it", key, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	secret := strings.TrimRight(string(raw), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s: %s is empty", key, path)
	}
	return secret, nil
}

// notForAll refuses a file that everybody can write: whoever does decides who
// reviews, and where owners are told.
func notForAll(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o002 != 0 {
		err = fmt.Errorf("%s can be changed by everybody; run chmod o-w on it", path)
	}
	return err
}
