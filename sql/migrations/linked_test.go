package migrations_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

// TestNetworksOfOlderEvents: events stored before the column existed get the
// network that holds.NetworkOf gives to new ones, whatever a provider wrote there.
func TestNetworksOfOlderEvents(t *testing.T) {
	db := open(t, pgtest.New(t, "schema", migrations.Up).OwnerDSN)
	file, err := os.ReadFile("00007_linked.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(file), "CREATE FUNCTION pg_temp")
	again, _, _ := strings.Cut(rest, "CREATE INDEX events_network")
	again = regexp.MustCompile(`(?m)^-- \+goose.*$`).ReplaceAllString("CREATE FUNCTION pg_temp"+again, "")
	for _, statement := range []string{
		`INSERT INTO tenants (tenant_id) VALUES ('t')`,
		`INSERT INTO connections (tenant_id, connection_id, provider, mode, configured_at) VALUES ('t', 'c', 'okta', 'watch', now())`,
		`INSERT INTO deliveries (tenant_id, connection_id, source, body, digest, received_at)
			VALUES ('t', 'c', 'hook', '', decode(repeat('00', 32), 'hex'), now())`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"203.0.113.7": "203.0.113.0/24", "2001:db8:1:9::1": "2001:db8:1::/48", "<null>": "", "999.1.1.1": "", "": ""}
	for ip := range want {
		_, err := db.ExecContext(t.Context(), `INSERT INTO events (tenant_id, connection_id, event_id, delivery_id, type, class, verb, outcome,
			occurred_at, document) SELECT 't', 'c', 'e' || $1::text, delivery_id, 'x', 'none', '', '', now(), jsonb_build_object('ip', $1::text)
			FROM deliveries`, ip)
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	for ip, network := range want {
		var got string
		if err := db.QueryRowContext(t.Context(), `SELECT network FROM events WHERE event_id = 'e' || $1::text`, ip).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != network {
			t.Errorf("%q lies in %q, want %q", ip, got, network)
		}
	}
}
