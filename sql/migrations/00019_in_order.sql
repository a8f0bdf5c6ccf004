-- +goose Up

-- A transaction that stores deliveries has its own number before the first of them
-- is given its. Without this a row has its number for a moment in which its
-- transaction has none, and whoever asks which transactions are under way does not
-- see it: the mark of a lane (see 00018) could pass over what is still being
-- written. A trigger of the statement runs before any of its rows is made.
-- +goose StatementBegin
CREATE FUNCTION number_transaction() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN NULL;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION number_transaction() FROM PUBLIC;

CREATE TRIGGER number_transaction BEFORE INSERT ON deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION number_transaction();

-- append_audit works under the lock of the log. Its plans are kept by the
-- connection, and made while a table was small they walked over all of it: over
-- every row that somebody's long query keeps from being cleaned away, for each entry.
ALTER FUNCTION append_audit() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION append_audit() SET enable_seqscan = off;
ALTER FUNCTION append_audit() SET enable_bitmapscan = off;
ALTER FUNCTION append_audit() SET jit = off;

-- And it waits for a lock no longer than any statement may take: statement_timeout is
-- over when COMMIT begins.
ALTER FUNCTION append_audit() SET lock_timeout = '30s';
