package pgstore

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/sql/pgdb"
)

// TenantConfig is a tenant as the configuration names it.
type TenantConfig struct {
	Tenant holds.TenantID
}

// ConnectionConfig is a connection as the configuration describes it.
type ConnectionConfig struct {
	Tenant     holds.TenantID
	Connection holds.ConnectionID
	Provider   string
	Mode       holds.Mode
}

// Sync brings tenants and connections in line with the configuration, with an
// audit entry for everything that changed. The first one writes the name of the
// installation into the database; another name is refused from then on, since
// two installations on one database would act twice. Connections that are no
// longer configured are kept, retired.
func (s *Store) Sync(ctx context.Context, installation string, tenants []TenantConfig, connections []ConnectionConfig) error {
	if err := checkConfig(installation, tenants, connections); err != nil {
		return err
	}
	if err := s.claim(ctx, installation); err != nil {
		return err
	}
	wanted := map[holds.TenantID]map[holds.ConnectionID]ConnectionConfig{}
	for _, t := range tenants {
		wanted[t.Tenant] = map[holds.ConnectionID]ConnectionConfig{}
	}
	for _, c := range connections {
		wanted[c.Tenant][c.Connection] = c
	}
	before, err := s.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range before {
		if wanted[c.Tenant] == nil {
			wanted[c.Tenant] = map[holds.ConnectionID]ConnectionConfig{} // retires them all
		}
	}
	for _, tenant := range slices.Sorted(maps.Keys(wanted)) {
		err := s.inTenant(ctx, tenant, "bring the connections in line with the configuration", func(t *tx) error {
			return t.syncTenant(ctx, wanted[tenant])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func checkConfig(installation string, tenants []TenantConfig, connections []ConnectionConfig) error {
	tenantName := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	connectionName := regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,100}$`)
	if installation == "" || installation != cleanText(installation) {
		return holds.Refuse(holds.Invalid, "The installation needs a name.")
	}
	known := map[holds.TenantID]bool{}
	for _, t := range tenants {
		if !tenantName.MatchString(string(t.Tenant)) {
			return holds.Refuse(holds.Invalid, "The tenant %q is not named with lower-case letters, digits and dashes (at most 63).", t.Tenant)
		}
		known[t.Tenant] = true
	}
	seen := map[holds.ConnectionID]bool{}
	for _, c := range connections {
		switch {
		case !known[c.Tenant]:
			return holds.Refuse(holds.Invalid, "The connection %q belongs to the tenant %q, which is not configured.", c.Connection, c.Tenant)
		case !connectionName.MatchString(string(c.Connection)):
			return holds.Refuse(holds.Invalid, "The connection %q is not named with letters, digits, _ . : and - (at most 100).", c.Connection)
		case seen[c.Connection]:
			return holds.Refuse(holds.Invalid, "The connection %q is configured twice.", c.Connection)
		case c.Provider == "" || !slices.Contains([]holds.Mode{holds.ModeWatch, holds.ModeNotify, holds.ModeContain}, c.Mode):
			return holds.Refuse(holds.Invalid, "The connection %q needs a provider and one of the modes watch, notify and contain.", c.Connection)
		}
		seen[c.Connection] = true
	}
	return nil
}

// claim writes the installation's name, once, and compares it from then on.
func (s *Store) claim(ctx context.Context, installation string) error {
	return s.run(ctx, "write the installation's name", nil, func(t *tx) error {
		if _, err := t.InsertInstallation(ctx, pgdb.InsertInstallationParams{Name: installation, KeyCheck: s.keys.check()}); err != nil {
			return err
		}
		row, err := t.GetInstallation(ctx)
		switch {
		case err != nil:
			return err
		case row.Name != installation:
			return holds.Refuse(holds.Invalid, "The database belongs to the installation %q, not to %q.", row.Name, installation)
		case !bytes.Equal(row.KeyCheck, s.keys.check()):
			return holds.Refuse(holds.Invalid, "This is not the keyring of the installation %q.", row.Name)
		}
		return nil
	})
}

func (t *tx) syncTenant(ctx context.Context, wanted map[holds.ConnectionID]ConnectionConfig) error {
	now := t.store.Now()
	if err := t.lock(ctx, "configuration "+string(t.tenant)); err != nil {
		return err
	}
	n, err := t.InsertTenant(ctx, string(t.tenant))
	if err != nil {
		return err
	}
	if n == 1 {
		t.record(now, "", "", configChanged(map[string]string{"tenant": "added"}))
	}
	rows, err := t.ListConnections(ctx, string(t.tenant))
	if err != nil {
		return err
	}
	before := map[holds.ConnectionID]pgdb.Connection{}
	for _, row := range rows {
		before[holds.ConnectionID(row.ConnectionID)] = row
	}
	for _, conn := range slices.Sorted(maps.Keys(wanted)) {
		c, was := wanted[conn], before[conn]
		if was.Provider == c.Provider && was.Mode == string(c.Mode) && !was.RetiredAt.Valid {
			continue
		}
		facts := map[string]string{"provider": c.Provider, "mode": string(c.Mode)}
		if was.Mode != "" {
			facts["was"] = was.Mode
		}
		t.record(now, conn, "", configChanged(facts))
		err := t.UpsertConnection(ctx, pgdb.UpsertConnectionParams{
			TenantID: string(t.tenant), ConnectionID: string(conn), Provider: c.Provider, Mode: string(c.Mode), ConfiguredAt: now,
		})
		if err != nil {
			return err
		}
	}
	for conn, was := range before {
		if _, keep := wanted[conn]; keep || was.RetiredAt.Valid {
			continue
		}
		t.record(now, conn, "", configChanged(map[string]string{"connection": "retired"}))
		if err := t.RetireConnection(ctx, pgdb.RetireConnectionParams{At: now, TenantID: string(t.tenant), ConnectionID: string(conn)}); err != nil {
			return err
		}
	}
	return nil
}

func configChanged(facts map[string]string) holds.Entry {
	return holds.Entry{Kind: "config.changed", By: holds.BySystem("config"), Facts: facts}
}

// Connections lists the configured connections of all tenants.
func (s *Store) Connections(ctx context.Context) (out []ConnectionConfig, err error) {
	err = s.everywhere(ctx, "list the connections", func(t *tx) error {
		rows, err := t.AllConnections(ctx)
		out = make([]ConnectionConfig, 0, len(rows))
		for _, row := range rows {
			out = append(out, ConnectionConfig{
				Tenant: holds.TenantID(row.TenantID), Connection: holds.ConnectionID(row.ConnectionID),
				Provider: row.Provider, Mode: holds.Mode(row.Mode),
			})
		}
		return err
	})
	return out, err
}
