-- +goose Up

-- Brakes. A stop is one person's word that all containment or all release of a
-- tenant ends; two different people resume it, one of them at most by the
-- machine's command line. Nothing is deleted: how a stop ended stays with it.
CREATE TABLE stops (
    tenant_id   text NOT NULL,
    stop_id     uuid NOT NULL,
    brake       text NOT NULL CHECK (brake IN ('containment', 'release')),
    by_id       text NOT NULL CHECK (by_id <> ''),
    door        text NOT NULL CHECK (door IN ('console', 'shell')),
    reason      text NOT NULL CHECK (reason <> ''),
    at          timestamptz NOT NULL,
    until       timestamptz,
    ended_at    timestamptz,
    ended_how   text NOT NULL DEFAULT '' CHECK (ended_how IN ('', 'resumed', 'lapsed', 'renewed')),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, stop_id),
    FOREIGN KEY (tenant_id) REFERENCES tenants,
    CONSTRAINT stops_lapse CHECK ((brake = 'containment') = (until IS NOT NULL)),
    CONSTRAINT stops_ended CHECK ((ended_at IS NULL) = (ended_how = ''))
);
CREATE UNIQUE INDEX stops_one ON stops (tenant_id, brake) WHERE ended_at IS NULL;

CREATE TABLE stop_resumes (
    tenant_id   text NOT NULL,
    stop_id     uuid NOT NULL,
    by_id       text NOT NULL CHECK (by_id <> ''),
    door        text NOT NULL CHECK (door IN ('console', 'shell')),
    reason      text NOT NULL CHECK (reason <> ''),
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stop_resumes_once PRIMARY KEY (tenant_id, stop_id, by_id),
    FOREIGN KEY (tenant_id, stop_id) REFERENCES stops
);
-- Whoever has the machine can type any name, and counts as one person.
CREATE UNIQUE INDEX stop_resumes_shell ON stop_resumes (tenant_id, stop_id) WHERE door = 'shell';

-- Each time that a cap was reached, so that people are paged once for it.
CREATE TABLE circuits (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    circuit_id    bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    cap           text NOT NULL CHECK (cap IN ('hour', 'actor', 'role')),
    scope         text NOT NULL DEFAULT '',
    opened_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id, circuit_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);
CREATE UNIQUE INDEX circuits_open ON circuits (tenant_id, connection_id, cap, scope) WHERE closed_at IS NULL;

-- What our calls for a hold wait for.
ALTER TABLE holds
    ADD COLUMN waits text NOT NULL DEFAULT '' CHECK (waits IN ('', 'containment', 'release')),
    ADD COLUMN waits_cap text NOT NULL DEFAULT '' CHECK (waits_cap IN ('', 'hour', 'actor', 'role', 'last')),
    ADD COLUMN waits_scope text NOT NULL DEFAULT '';
CREATE INDEX holds_waits ON holds (tenant_id, connection_id, urgency, opened_at, hold_id) WHERE waits <> '';

-- What the caps count.
CREATE INDEX intents_contain ON intents (tenant_id, connection_id, created_at) WHERE purpose = 'contain';
CREATE INDEX snapshots_privileged ON snapshots (tenant_id, connection_id, account_id) WHERE document @> '{"roles": [{"privileged": true}]}';

-- The seal of a row is a keyed digest of everything it says and whom it is about.
-- A row without one counts for nothing: it was made before there were seals, or
-- by somebody who has the database and not the key.
ALTER TABLE decisions ADD COLUMN seal bytea;
ALTER TABLE evidence ADD COLUMN seal bytea;

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['stops', 'stop_resumes', 'circuits']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_wall ON %I USING (tenant_id = current_setting(''countersign.tenant'', true))', t);
    END LOOP;
END
$$;
-- +goose StatementEnd

GRANT SELECT, INSERT ON stops, stop_resumes, circuits TO countersign_app;
GRANT UPDATE (ended_at, ended_how) ON stops TO countersign_app;
GRANT UPDATE (closed_at) ON circuits TO countersign_app;
GRANT UPDATE (waits, waits_cap, waits_scope) ON holds TO countersign_app;

-- braked_connections names the connections of which holds wait or a circuit is
-- open.
-- +goose StatementBegin
CREATE FUNCTION braked_connections() RETURNS TABLE (tenant_id text, connection_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT h.tenant_id, h.connection_id FROM public.holds h WHERE h.waits <> ''
    UNION
    SELECT c.tenant_id, c.connection_id FROM public.circuits c WHERE c.closed_at IS NULL
$$;
-- +goose StatementEnd

-- lapsed_stops names the stops whose time has passed and that nobody has written
-- off yet.
-- +goose StatementBegin
CREATE FUNCTION lapsed_stops(moment timestamptz) RETURNS TABLE (tenant_id text, stop_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT s.tenant_id, s.stop_id FROM public.stops s WHERE s.ended_at IS NULL AND s.until <= moment
$$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    f text;
BEGIN
    FOREACH f IN ARRAY ARRAY['braked_connections()', 'lapsed_stops(timestamptz)']
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO countersign_app', f);
    END LOOP;
END
$$;
-- +goose StatementEnd
