package migrations_test

import (
	"database/sql"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"github.com/countersign/countersign/sql/migrations"
	"github.com/countersign/countersign/sql/pgtest"
)

var update = flag.Bool("update", false, "write schema.golden anew") //nolint:gochecknoglobals // a flag

// TestSchemaIsTheGoldenOne: the whole schema as the catalog tells it, so that
// every change of it is seen in review: columns, defaults, constraints, indexes,
// policies, rights and functions.
func TestSchemaIsTheGoldenOne(t *testing.T) {
	db := pgtest.New(t, "schema", migrations.Up)
	got := describe(t, open(t, db.OwnerDSN))
	const golden = "schema.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Fatalf("the schema is not the one in %s (go test -run Golden -update writes it anew):\n%s", golden, diff)
	}
}

// describe writes a schema down, one line per thing, in the order of names.
func describe(t *testing.T, db *sql.DB) string {
	t.Helper()
	var out strings.Builder
	for _, part := range []struct{ title, query string }{
		{"columns", `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
				|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
				|| CASE a.attidentity WHEN 'a' THEN ' identity' ELSE '' END
				|| CASE WHEN d.oid IS NULL THEN '' WHEN a.attgenerated = 's' THEN ' generated ' ELSE ' default ' END
				|| coalesce(pg_get_expr(d.adbin, d.adrelid), '')
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum`},
		{"constraints", `SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace AND contype <> 'n'`},
		{"indexes", `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'`},
		{"row-level security", `SELECT relname || CASE WHEN relrowsecurity THEN ' on' ELSE ' off' END FROM pg_class
			WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`},
		{"policies", `SELECT tablename || ' ' || policyname || ' ' || permissive || ' ' || cmd || ' to ' || array_to_string(roles, ',')
			|| ' using ' || coalesce(qual, '-') || ' check ' || coalesce(with_check, '-') FROM pg_policies`},
		{"rights on tables", `SELECT table_name || ' ' || grantee || ': ' || string_agg(privilege_type, ' ' ORDER BY privilege_type)
			FROM information_schema.table_privileges WHERE table_schema = 'public' AND grantee <> grantor
			GROUP BY table_name, grantee`},
		{"rights on columns", `SELECT c.relname || ' countersign_app: UPDATE ' || string_agg(a.attname, ' ' ORDER BY a.attname)
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
			WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
			  AND has_column_privilege('countersign_app', c.oid, a.attnum, 'UPDATE')
			GROUP BY c.relname`},
		{"functions", `SELECT proname || '(' || pg_get_function_identity_arguments(oid) || ') ' || pg_get_function_result(oid)
			|| CASE WHEN prosecdef THEN ' definer ' ELSE ' invoker ' END || coalesce(array_to_string(proconfig, ';'), '')
			|| ' ' || array_to_string(array(SELECT x::text FROM unnest(proacl) x ORDER BY 1), ' ')
			|| ' ' || regexp_replace(prosrc, '\s+', ' ', 'g')
			FROM pg_proc WHERE pronamespace = 'public'::regnamespace`},
		{"schemas", `SELECT nspname || ': app uses ' || has_schema_privilege('countersign_app', oid, 'USAGE')
			|| ', app creates ' || has_schema_privilege('countersign_app', oid, 'CREATE')
			FROM pg_namespace WHERE nspname IN ('public', 'river')`},
	} {
		out.WriteString("-- " + part.title + "\n")
		rows, err := db.QueryContext(t.Context(), part.query)
		if err != nil {
			t.Fatalf("%s: %v", part.title, err)
		}
		var lines []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line+"\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if part.title != "columns" { // whose order is part of the schema
			slices.Sort(lines) // a database may sort names by its language
		}
		out.WriteString(strings.Join(lines, ""))
	}
	return out.String()
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	c, err := pq.NewConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
