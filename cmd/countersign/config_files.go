package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/countersign/countersign/sql/pgstore"
)

// checkFiles reads every file the configuration names, so that check-config
// finds what a start would.
func (c *Config) checkFiles() error {
	var errs []error
	read := func(key, file string) {
		if file == "" {
			return
		}
		if _, err := c.readSecret(key, file); err != nil {
			errs = append(errs, err)
		}
	}
	// What holds no secret, or is another program's, has to be there.
	there := map[string]string{"public.certificate": c.Public.Certificate, "public.key": c.Public.Key, "mail.ca_file": c.Mail.CAFile}
	read("mail.password_file", c.Mail.PasswordFile)
	read("database.url_file", c.Database.URLFile)
	if _, err := c.healthToken(); err != nil {
		errs = append(errs, err)
	}
	if dsn, err := c.connectionString("database.url_file", c.Database.URLFile, "DATABASE_URL"); err == nil && dsn != "" && c.Database.Private == "" {
		if err := pgstore.CheckDSN(dsn); err != nil {
			errs = append(errs, fmt.Errorf("database: %w", err))
		}
	}
	for _, t := range c.Tenants {
		if _, err := c.policySettings(t); err != nil {
			errs = append(errs, fmt.Errorf("policy of tenant %s: %w", t.ID, err))
		}
		people, rows, err := c.readPeople(t, time.Now())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range rows {
			errs = append(errs, fmt.Errorf("people of tenant %s: %s", t.ID, r))
		}
		if err := reviewersKnown(t, people); err != nil {
			errs = append(errs, err)
		}
		for _, n := range t.Connections {
			read(n.ID+".hook.secret_file", n.Hook.SecretFile)
			read(n.ID+".hook.previous_secret_file", n.Hook.PreviousSecretFile)
			read(n.ID+".okta.token_file", n.Okta.TokenFile)
			read(n.ID+".okta.key_file", n.Okta.KeyFile)
			read(n.ID+".entra.client_secret_file", n.Entra.ClientSecretFile)
			read(n.ID+".entra.key_file", n.Entra.KeyFile)
			there[n.ID+".entra.certificate_file"] = n.Entra.CertificateFile
			there[n.ID+".entra.federated_token_file"] = n.Entra.FederatedTokenFile
		}
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if there[key] == "" {
			continue
		}
		if _, err := os.Stat(c.path(there[key])); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
