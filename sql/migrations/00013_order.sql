-- +goose NO TRANSACTION
-- +goose Up

-- The order of the inbox, what is deleted by age, and the mode after a restore.
--
-- Intake goes on while this runs: indexes are built without a lock that keeps
-- writers out, every other statement is over at once or gives its lock up (see
-- package migrations). It is no transaction, so each statement bears being run
-- again after the one behind it failed.

-- Deliveries wait in lanes, one for each connection and source, and are taken
-- from them in turn. Building may have to wait for a long query to end; nobody
-- waits for it meanwhile.
SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS deliveries_waiting;
CREATE INDEX CONCURRENTLY deliveries_waiting ON deliveries (connection_id, source, delivery_id)
    WHERE decided_at IS NULL AND failed_at IS NULL AND retry_at IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS deliveries_retried;
CREATE INDEX CONCURRENTLY deliveries_retried ON deliveries (retry_at)
    WHERE decided_at IS NULL AND failed_at IS NULL AND retry_at IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS holds_delivery;
CREATE INDEX CONCURRENTLY holds_delivery ON holds (tenant_id, delivery_id);
SET lock_timeout = '2s';

-- claim_next locks a delivery for the rest of the caller's transaction: the
-- oldest of the first lane after the given one that has any which nobody else
-- has locked. Those of a connection that is no longer configured wait until it
-- is again: nobody could read them. The marks say where the reading of a lane
-- begins: rows before it were decided, and while somebody's long query keeps
-- them from being cleaned away, walking over them is what costs. Deliveries
-- that failed wait apart; the caller says whether it is their turn.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION claim_next(at timestamptz, after_connection text, after_source text, lanes text[], marks bigint[],
    retried boolean)
RETURNS TABLE (tenant_id text, delivery_id bigint, lane text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    l record;
BEGIN
    FOR round IN 1..2 LOOP
        IF retried = (round = 1) THEN
            RETURN QUERY
                SELECT d.tenant_id, d.delivery_id, ''::text FROM public.deliveries d
                WHERE d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NOT NULL AND d.retry_at <= at
                  AND EXISTS (SELECT FROM public.connections c WHERE c.tenant_id = d.tenant_id
                              AND c.connection_id = d.connection_id AND c.retired_at IS NULL)
                ORDER BY d.retry_at LIMIT 1 FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                RETURN;
            END IF;
            CONTINUE;
        END IF;
        FOR l IN
            SELECT c.connection_id AS conn, s.source AS src, coalesce(m.mark, 0) AS mark
            FROM public.connections c CROSS JOIN (VALUES ('hook'), ('keeper'), ('poller')) s (source)
            LEFT JOIN unnest(lanes, marks) m (lane, mark) ON m.lane = c.connection_id || '/' || s.source
            WHERE c.retired_at IS NULL
            ORDER BY (c.connection_id, s.source) <= (after_connection, after_source), c.connection_id, s.source
        LOOP
            RETURN QUERY
                SELECT d.tenant_id, d.delivery_id, l.conn || '/' || l.src FROM public.deliveries d
                WHERE d.connection_id = l.conn AND d.source = l.src AND d.delivery_id >= l.mark
                  AND d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NULL
                ORDER BY d.delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED;
            IF FOUND THEN
                RETURN;
            END IF;
        END LOOP;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- claim_delivery is what the version before asks; it goes round by chance.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION claim_delivery(at timestamptz) RETURNS TABLE (tenant_id text, delivery_id bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT n.tenant_id, n.delivery_id FROM public.claim_next(at,
        coalesce((SELECT c.connection_id FROM public.connections c ORDER BY random() LIMIT 1), ''), 'hook', '{}', '{}', random() < 0.5) n
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION inbox_counts() RETURNS TABLE (undecided bigint, failed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT (SELECT count(*) FROM public.deliveries d WHERE d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NULL)
         + (SELECT count(*) FROM public.deliveries d WHERE d.decided_at IS NULL AND d.failed_at IS NULL AND d.retry_at IS NOT NULL),
           (SELECT count(*) FROM public.deliveries d WHERE d.failed_at IS NOT NULL)
$$;
-- +goose StatementEnd

-- waiting_deliveries counts as 00011 says, by the indexes there are from now on.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION waiting_deliveries(most integer) RETURNS TABLE (tenant_id text, connection_id text, source text, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT w.tenant_id, w.connection_id, w.source, count(*) FROM (
        SELECT d.tenant_id, d.connection_id, d.source FROM (
            SELECT a.tenant_id, a.connection_id, a.source FROM public.deliveries a
            WHERE a.decided_at IS NULL AND a.failed_at IS NULL AND a.retry_at IS NULL
            UNION ALL
            SELECT b.tenant_id, b.connection_id, b.source FROM public.deliveries b
            WHERE b.decided_at IS NULL AND b.failed_at IS NULL AND b.retry_at IS NOT NULL) d
        JOIN public.connections c USING (tenant_id, connection_id)
        WHERE c.retired_at IS NULL LIMIT most) w
    GROUP BY w.tenant_id, w.connection_id, w.source
$$;
-- +goose StatementEnd

SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS deliveries_undecided;
SET lock_timeout = '2s';

-- What is updated again and again is cleaned again and again, by its number of
-- dead rows and not by the size of the table.
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1);
ALTER TABLE holds SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
ALTER TABLE notices SET (fillfactor = 90);
ALTER TABLE intents SET (fillfactor = 90);
ALTER TABLE poll_cursors SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500);
ALTER TABLE connection_health SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500);

-- Deletion by age. The application has no DELETE on what follows: it may only
-- ask these functions, which look at the age themselves and pass over whatever
-- a hold rests on. Nothing here touches the audit log, holds, or what was said
-- and done about them.

-- prune_deliveries looks at the next deliveries behind a given one, in the order
-- they came. Those that were decided and that no hold rests on lose their body at the first age (never before 7 days), and the row goes once
-- nothing refers to it any more. Events that were not held go at the second age
-- (never before 91 days: Okta's log reaches back 90, and a duplicate must be
-- recognised as long as it can come). last is where to go on, NULL when all of
-- them are young.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION prune_deliveries(behind bigint, bodies_before timestamptz, events_before timestamptz, most integer)
RETURNS TABLE (last bigint, emptied integer, events integer, removed integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
BEGIN
    bodies_before := least(bodies_before, now() - interval '7 days');
    events_before := least(events_before, now() - interval '91 days');
    SELECT coalesce(array_agg(p.delivery_id) FILTER (WHERE p.decided_at IS NOT NULL AND p.received_at < bodies_before), '{}'),
           max(p.delivery_id) FILTER (WHERE p.received_at < bodies_before) INTO ids, last
    FROM (SELECT d.delivery_id, d.decided_at, d.received_at FROM public.deliveries d
          WHERE d.delivery_id > behind ORDER BY d.delivery_id LIMIT most) p;
    emptied := 0; events := 0; removed := 0;
    IF cardinality(ids) > 0 THEN
        DELETE FROM public.event_verdicts v USING public.events e, public.deliveries d
        WHERE d.delivery_id = ANY (ids) AND d.received_at < events_before
          AND e.tenant_id = d.tenant_id AND e.delivery_id = d.delivery_id
          AND v.tenant_id = e.tenant_id AND v.connection_id = e.connection_id AND v.event_id = e.event_id
          AND NOT EXISTS (SELECT FROM public.event_verdicts h WHERE h.tenant_id = e.tenant_id
                          AND h.connection_id = e.connection_id AND h.event_id = e.event_id AND h.hold_id IS NOT NULL);
        DELETE FROM public.events e USING public.deliveries d
        WHERE d.delivery_id = ANY (ids) AND d.received_at < events_before
          AND e.tenant_id = d.tenant_id AND e.delivery_id = d.delivery_id
          AND NOT EXISTS (SELECT FROM public.event_verdicts v WHERE v.tenant_id = e.tenant_id
                          AND v.connection_id = e.connection_id AND v.event_id = e.event_id);
        GET DIAGNOSTICS events = ROW_COUNT;
        DELETE FROM public.deliveries d WHERE d.delivery_id = ANY (ids)
          AND NOT EXISTS (SELECT FROM public.events e WHERE e.tenant_id = d.tenant_id AND e.delivery_id = d.delivery_id)
          AND NOT EXISTS (SELECT FROM public.holds h WHERE h.tenant_id = d.tenant_id AND h.delivery_id = d.delivery_id);
        GET DIAGNOSTICS removed = ROW_COUNT;
        UPDATE public.deliveries d SET body = '', envelope = '', peer = NULL
        WHERE d.delivery_id = ANY (ids) AND d.body <> ''
          AND NOT EXISTS (SELECT FROM public.holds h WHERE h.tenant_id = d.tenant_id AND h.delivery_id = d.delivery_id)
          AND NOT EXISTS (SELECT FROM public.events e JOIN public.event_verdicts v USING (tenant_id, connection_id, event_id)
                          WHERE e.tenant_id = d.tenant_id AND e.delivery_id = d.delivery_id AND v.hold_id IS NOT NULL);
        GET DIAGNOSTICS emptied = ROW_COUNT;
    END IF;
    RETURN NEXT;
END
$$;
-- +goose StatementEnd

-- prune_snapshots looks at the accounts behind a given one, in order, and deletes
-- of each what is older than the age (never before 7 days), but for the newest
-- few, the before-image of each hold, and everything of an account whose hold
-- has not ended. At the end of the accounts no row is given.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION prune_snapshots(behind_tenant text, behind_connection text, behind_account text, before timestamptz, keep integer, most integer)
RETURNS TABLE (last_tenant text, last_connection text, last_account text, removed integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    a record;
    n integer;
BEGIN
    before := least(before, now() - interval '7 days');
    removed := 0;
    FOR a IN
        SELECT DISTINCT s.tenant_id, s.connection_id, s.account_id FROM public.snapshots s
        WHERE (s.tenant_id, s.connection_id, s.account_id) > (behind_tenant, behind_connection, behind_account)
        ORDER BY s.tenant_id, s.connection_id, s.account_id LIMIT most
    LOOP
        last_tenant := a.tenant_id; last_connection := a.connection_id; last_account := a.account_id;
        CONTINUE WHEN EXISTS (SELECT FROM public.holds h WHERE h.tenant_id = a.tenant_id AND h.connection_id = a.connection_id
                              AND h.subject_id = a.account_id AND NOT h.ended);
        DELETE FROM public.snapshots s
        WHERE s.tenant_id = a.tenant_id AND s.connection_id = a.connection_id AND s.account_id = a.account_id AND s.taken_at < before
          AND s.taken_at NOT IN (SELECT k.taken_at FROM public.snapshots k WHERE k.tenant_id = a.tenant_id
                AND k.connection_id = a.connection_id AND k.account_id = a.account_id ORDER BY k.taken_at DESC LIMIT greatest(keep, 1))
          AND NOT EXISTS (SELECT FROM public.holds h WHERE h.tenant_id = a.tenant_id AND h.connection_id = a.connection_id
                AND h.subject_id = a.account_id AND s.taken_at = (SELECT max(b.taken_at) FROM public.snapshots b
                    WHERE b.tenant_id = a.tenant_id AND b.connection_id = a.connection_id AND b.account_id = a.account_id
                      AND b.taken_at < h.occurred_at));
        GET DIAGNOSTICS n = ROW_COUNT;
        removed := removed + n;
    END LOOP;
    IF last_account IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END
$$;
-- +goose StatementEnd

-- prune_signin deletes sign-in links and sessions that ended before a time
-- (never before a day after they did). The audit log keeps that they were.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION prune_signin(before timestamptz, most integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH links AS (
        DELETE FROM public.signin_links WHERE (tenant_id, token) IN (
            SELECT l.tenant_id, l.token FROM public.signin_links l
            WHERE l.expires_at < least(before, now() - interval '1 day') LIMIT most) RETURNING 1),
    ended AS (
        DELETE FROM public.sessions WHERE (tenant_id, token) IN (
            SELECT s.tenant_id, s.token FROM public.sessions s
            WHERE least(s.expires_at, s.ended_at) < least(before, now() - interval '1 day') LIMIT most) RETURNING 1)
    SELECT ((SELECT count(*) FROM links) + (SELECT count(*) FROM ended))::integer
$$;
-- +goose StatementEnd

-- prune_checkpoints deletes the console's copies of published checkpoints (never
-- before 7 days), but for the newest. What was published outside stays.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION prune_checkpoints(before timestamptz, most integer) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM public.checkpoints WHERE (size, signed_at) IN (
            SELECT c.size, c.signed_at FROM public.checkpoints c
            WHERE c.signed_at < least(before, now() - interval '7 days')
              AND c.signed_at < (SELECT max(n.signed_at) FROM public.checkpoints n)
            ORDER BY c.signed_at LIMIT most) RETURNING 1)
    SELECT count(*)::integer FROM gone
$$;
-- +goose StatementEnd

-- Restore mode. While restoring_since is set nothing acts on the outside world.
-- The application can set it, when it sees that the audit log is behind what was
-- published, and only the owner's role ends it.
ALTER TABLE installation ADD COLUMN IF NOT EXISTS restoring_since timestamptz;
ALTER TABLE installation ADD COLUMN IF NOT EXISTS restoring_why text NOT NULL DEFAULT '';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_restore(at timestamptz, why text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH noted AS (
        UPDATE public.installation SET restoring_since = at, restoring_why = why WHERE restoring_since IS NULL RETURNING 1)
    SELECT EXISTS (SELECT FROM noted)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    f text;
BEGIN
    FOREACH f IN ARRAY ARRAY['claim_next(timestamptz, text, text, text[], bigint[], boolean)',
        'prune_deliveries(bigint, timestamptz, timestamptz, integer)', 'prune_snapshots(text, text, text, timestamptz, integer, integer)',
        'prune_signin(timestamptz, integer)', 'prune_checkpoints(timestamptz, integer)', 'note_restore(timestamptz, text)',
        'waiting_deliveries(integer)']
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO countersign_app', f);
    END LOOP;
END
$$;
-- +goose StatementEnd
