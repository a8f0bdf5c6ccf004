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

-- waiting_deliveries counts the deliveries that wait to be decided. It looks at
-- no more than most of each feed, so that its cost has a bound, and leaves out
-- those of connections that are no longer configured: they wait for as long as it
-- takes.
-- +goose StatementBegin
CREATE FUNCTION waiting_deliveries(most integer) RETURNS TABLE (tenant_id text, connection_id text, source text, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.tenant_id, w.connection_id, w.source, sum(w.waiting)::bigint FROM (
        SELECT c.tenant_id, c.connection_id, s.source, n.waiting
        FROM public.connections c CROSS JOIN (VALUES ('hook'), ('keeper'), ('poller')) s (source)
        CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM (SELECT FROM public.deliveries d
            WHERE d.tenant_id = c.tenant_id AND d.connection_id = c.connection_id AND d.source = s.source
              AND d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NULL LIMIT most) f) n
        UNION ALL
        SELECT r.tenant_id, r.connection_id, r.source, count(*) FROM (SELECT d.tenant_id, d.connection_id, d.source
            FROM public.deliveries d WHERE d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NOT NULL LIMIT most) r
        GROUP BY r.tenant_id, r.connection_id, r.source) w
    JOIN public.connections c USING (tenant_id, connection_id)
    WHERE c.retired_at IS NULL AND w.waiting > 0
    GROUP BY w.tenant_id, w.connection_id, w.source
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION waiting_deliveries(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_deliveries(integer) TO countersign_app;

-- An event that a webhook brought first is confirmed when the provider's log tells
-- the same. doubted_at is when people were told, on the hold, that the log does not.
ALTER TABLE events ADD COLUMN confirmed_at timestamptz, ADD COLUMN doubted_at timestamptz;
GRANT UPDATE (confirmed_at, doubted_at) ON events TO countersign_app;

-- doubtful_events names the events of holds that have not ended about which people
-- are to be told something: that the log does not show them although it was read
-- well after they came, or that it now does. An event of no known kind may be none
-- that the log is asked for, and while pages of the log wait to be decided nobody
-- knows what it shows.
-- +goose StatementBegin
CREATE FUNCTION doubtful_events(patience interval, most integer)
RETURNS TABLE (tenant_id text, hold_id uuid, connection_id text, event_id text, type text, confirmed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT h.tenant_id, h.hold_id, e.connection_id, e.event_id, e.type, e.confirmed_at IS NOT NULL
    FROM public.holds h
    JOIN public.event_verdicts v ON v.tenant_id = h.tenant_id AND v.hold_id = h.hold_id
    JOIN public.events e ON e.tenant_id = v.tenant_id AND e.connection_id = v.connection_id AND e.event_id = v.event_id
    JOIN public.deliveries d ON d.tenant_id = e.tenant_id AND d.delivery_id = e.delivery_id
    JOIN public.connection_health c ON c.tenant_id = e.tenant_id AND c.connection_id = e.connection_id
    WHERE NOT h.ended AND d.source = 'hook' AND e.class <> 'unclassified'
      AND (e.confirmed_at IS NULL) = (e.doubted_at IS NULL)
      AND (e.confirmed_at IS NOT NULL OR c.polled_at > d.received_at + patience
           AND NOT EXISTS (SELECT FROM public.deliveries w
                           WHERE w.tenant_id = e.tenant_id AND w.connection_id = e.connection_id AND w.source = 'poller'
                             AND w.decided_at IS NULL AND w.failed_at IS NULL AND w.retry_at IS NULL)
           AND NOT EXISTS (SELECT FROM public.deliveries w
                           WHERE w.tenant_id = e.tenant_id AND w.connection_id = e.connection_id AND w.source = 'poller'
                             AND w.decided_at IS NULL AND w.failed_at IS NULL AND w.retry_at IS NOT NULL))
    ORDER BY h.tenant_id, h.hold_id, e.event_id LIMIT most
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION doubtful_events(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION doubtful_events(interval, integer) TO countersign_app;
