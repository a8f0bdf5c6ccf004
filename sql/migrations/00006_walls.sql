-- +goose Up

-- The second wall between tenants, and what the application's role may do.
--
-- The first wall is the tenant in every query. The second is here: without
-- countersign.tenant set in the transaction the application's role sees no row
-- of any tenant, and with it only that tenant's. The owner's role is exempt: it
-- migrates, and it owns the functions below, which answer the few questions
-- that are about all tenants at once, with keys and never with content.

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['tenants', 'connections', 'poll_cursors', 'connection_health', 'deliveries', 'events',
        'snapshots', 'holds', 'event_verdicts', 'intents', 'outcomes', 'evidence', 'decisions', 'notes', 'notices',
        'notice_attempts', 'people', 'person_accounts', 'contact_points', 'signin_links', 'sessions']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_wall ON %I USING (tenant_id = current_setting(''countersign.tenant'', true))', t);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Entries of the installation itself may be appended under any tenant, or none.
ALTER TABLE audit_leaves ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON audit_leaves USING (tenant_id IN ('', current_setting('countersign.tenant', true)));

-- Rights. What is append-only has no UPDATE and nothing but the accounts of the
-- directory, which mirror a file, has DELETE.
GRANT USAGE ON SCHEMA public TO countersign_app;

GRANT SELECT, INSERT ON
    installation, tenants, connections, poll_cursors, connection_health, deliveries, events, snapshots, holds,
    event_verdicts, intents, outcomes, evidence, decisions, notes, notices, notice_attempts, people, person_accounts,
    contact_points, signin_links, sessions, audit_leaves, audit_hashes, checkpoints
TO countersign_app;
GRANT SELECT ON goose_db_version TO countersign_app;

GRANT UPDATE (provider, mode, configured_at, retired_at) ON connections TO countersign_app;
GRANT UPDATE (cursor, moved_at) ON poll_cursors TO countersign_app;
GRANT UPDATE (enforcement, enforcement_at, polled_at, rules_trouble, log_trouble) ON connection_health TO countersign_app;
GRANT UPDATE (attempts, retry_at, decided_at, failed_at, trouble) ON deliveries TO countersign_app;
GRANT UPDATE (revision, version, round, contain_round, class, tier, subject_login, owner_id, state, containment, standing,
    outcome, escalations, occurred_at, not_me_at, restrained_at, read_back_at, release_after, release_begun_at, restore_begun_at,
    closed_at, due_at, document) ON holds TO countersign_app;
GRANT UPDATE (tried_at) ON intents TO countersign_app;
GRANT UPDATE (void) ON decisions TO countersign_app;
GRANT UPDATE (status, tries, used_at) ON notices TO countersign_app;
GRANT UPDATE (source, name, belonging, manager_id, department, removed_at) ON people TO countersign_app;
GRANT UPDATE (person_id), DELETE ON person_accounts TO countersign_app;
GRANT UPDATE (removed_at, within_id, shared) ON contact_points TO countersign_app;
GRANT UPDATE (used_at) ON signin_links TO countersign_app;
GRANT UPDATE (ended_at) ON sessions TO countersign_app;

-- Questions about all tenants at once.

-- claim_delivery locks the oldest undecided delivery that nobody else has
-- locked, for the rest of the caller's transaction. Those of a connection that
-- is no longer configured wait until it is again: nobody could read them.
-- +goose StatementBegin
CREATE FUNCTION claim_delivery(at timestamptz) RETURNS TABLE (tenant_id text, delivery_id bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT d.tenant_id, d.delivery_id FROM public.deliveries d
    WHERE d.decided_at IS NULL AND d.failed_at IS NULL AND (d.retry_at IS NULL OR d.retry_at <= at)
      AND EXISTS (SELECT FROM public.connections c WHERE c.tenant_id = d.tenant_id
                  AND c.connection_id = d.connection_id AND c.retired_at IS NULL)
    ORDER BY d.delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED
$$;
-- +goose StatementEnd

-- due_holds names the holds that have not ended and whose deadline or waiting
-- period has passed.
-- +goose StatementBegin
CREATE FUNCTION due_holds(at timestamptz, most integer) RETURNS TABLE (tenant_id text, hold_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT h.tenant_id, h.hold_id FROM public.holds h
    WHERE h.wake_at <= at ORDER BY h.wake_at, h.hold_id LIMIT most
$$;
-- +goose StatementEnd

-- restrained_holds names the holds whose restraint should be in force and was
-- last read back before a time.
-- +goose StatementBegin
CREATE FUNCTION restrained_holds(before timestamptz, most integer) RETURNS TABLE (tenant_id text, hold_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT h.tenant_id, h.hold_id FROM public.holds h
    WHERE h.containment = 'confirmed' AND NOT h.ended AND h.read_back_at < before
      AND h.release_begun_at IS NULL AND h.restore_begun_at IS NULL
    ORDER BY h.read_back_at, h.hold_id LIMIT most
$$;
-- +goose StatementEnd

-- all_connections lists what the configuration connects.
-- +goose StatementBegin
CREATE FUNCTION all_connections() RETURNS TABLE (tenant_id text, connection_id text, provider text, mode text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.tenant_id, c.connection_id, c.provider, c.mode FROM public.connections c
    WHERE c.retired_at IS NULL ORDER BY c.tenant_id, c.connection_id
$$;
-- +goose StatementEnd

-- inbox_counts counts the deliveries that wait and those that failed.
-- +goose StatementBegin
CREATE FUNCTION inbox_counts() RETURNS TABLE (undecided bigint, failed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT (SELECT count(*) FROM public.deliveries d WHERE d.decided_at IS NULL AND d.failed_at IS NULL),
           (SELECT count(*) FROM public.deliveries d WHERE d.failed_at IS NOT NULL)
$$;
-- +goose StatementEnd

-- audit_size is how many entries the log has.
-- +goose StatementBegin
CREATE FUNCTION audit_size() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(max(l.seq) + 1, 0) FROM public.audit_leaves l
$$;
-- +goose StatementEnd

-- audit_page reads the log itself, which holds keys and digests only: a Merkle
-- log can only be verified whole.
-- +goose StatementBegin
CREATE FUNCTION audit_page(first bigint, most integer) RETURNS TABLE (seq bigint, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT l.seq, l.body FROM public.audit_leaves l WHERE l.seq >= first ORDER BY l.seq LIMIT most
$$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    f text;
BEGIN
    FOREACH f IN ARRAY ARRAY['claim_delivery(timestamptz)', 'due_holds(timestamptz, integer)',
        'restrained_holds(timestamptz, integer)', 'all_connections()', 'inbox_counts()', 'audit_size()',
        'audit_page(bigint, integer)']
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO countersign_app', f);
    END LOOP;
END
$$;
-- +goose StatementEnd
