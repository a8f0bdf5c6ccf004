package main

import (
	"fmt"
	"os"

	"github.com/countersign/countersign/holds/policy"
)

// policySettings reads what a tenant tells the policy about itself; without a
// file it is the policy as it is shipped.
func (c *Config) policySettings(t Tenant) (policy.Settings, error) {
	if t.Policy == "" {
		return policy.Settings{}, nil
	}
	return readSettings(c.path(t.Policy))
}

// readSettings reads a file of settings. Whoever can change it decides what is
// held, so it must not be everybody.
func readSettings(path string) (policy.Settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return policy.Settings{}, fmt.Errorf("the policy's settings: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := notForAll(path); err != nil {
		return policy.Settings{}, err
	}
	return policy.ReadSettings(f, path)
}
