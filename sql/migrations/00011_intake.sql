-- +goose Up

-- Taking deliveries: many in one statement, and how many wait.

-- receive_deliveries inserts deliveries of any number of tenants, given column by
-- column, in one round trip. It runs with the caller's rights and enters one
-- tenant after the other, so that the wall between them stands for it as for every
-- other insert. An empty peer is none.
-- +goose StatementBegin
CREATE FUNCTION receive_deliveries(tenants text[], connections text[], sources text[], envelopes text[], bodies bytea[],
    digests bytea[], received timestamptz[], peers text[], secrets text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT DISTINCT u FROM unnest(tenants) u ORDER BY u LOOP
        PERFORM set_config('countersign.tenant', t, true);
        INSERT INTO public.deliveries (tenant_id, connection_id, source, envelope, body, digest, received_at, peer, secret)
        SELECT d.tenant, d.connection, d.source, d.envelope, d.body, d.digest, d.received_at, nullif(d.peer, '')::inet, d.secret
        FROM unnest(tenants, connections, sources, envelopes, bodies, digests, received, peers, secrets)
            AS d (tenant, connection, source, envelope, body, digest, received_at, peer, secret)
        WHERE d.tenant = t;
    END LOOP;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION receive_deliveries(text[], text[], text[], text[], bytea[], bytea[], timestamptz[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION receive_deliveries(text[], text[], text[], text[], bytea[], bytea[], timestamptz[], text[], text[]) TO countersign_app;
