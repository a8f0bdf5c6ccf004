-- +goose Up

-- The audit log is appended to inside COMMIT. A transaction puts its entries here,
-- without their numbers; a trigger that waits for the commit takes the lock of the
-- log, numbers them, hashes them and moves them. So the lock is held for no round
-- trip of a client: only for the appending itself and for the disk.
--
-- The table is empty whenever nobody is committing. The order of entry_id is the
-- order in which a transaction queued its entries.
CREATE TABLE audit_queue (
    entry_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL,
    head      text NOT NULL,
    tail      text NOT NULL
);

ALTER TABLE audit_queue ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON audit_queue USING (tenant_id IN ('', current_setting('countersign.tenant', true)));

-- append_audit moves one entry into the log: the leaf, and the hash of each
-- complete subtree that it completes, under the indexes of
-- golang.org/x/mod/sumdb/tlog (the hash of record n of level 0 stands at
-- n + n/2 + n/4 + …; those of the subtrees that end with it follow, and a record's
-- left neighbour of level l, number m, at 2^l-fold the way).
--
-- The numbers are read after the lock is had, and each statement of a volatile
-- function sees what was committed when it began.
-- +goose StatementBegin
CREATE FUNCTION append_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    seq   bigint;
    m     bigint; -- the number of the node of this level
    at    bigint; -- the index its hash is stored at
    left_ bytea;
    hash  bytea;
    level integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('countersign audit log', 0));
    SELECT coalesce(max(l.seq) + 1, 0) INTO seq FROM public.audit_leaves l;
    INSERT INTO public.audit_leaves (seq, tenant_id, body) VALUES (seq, NEW.tenant_id, NEW.head || seq || NEW.tail);
    hash := sha256('\x00'::bytea || convert_to(NEW.head || seq || NEW.tail, 'UTF8'));
    at := public.audit_index(0, seq);
    m := seq;
    LOOP
        INSERT INTO public.audit_hashes (index, hash) VALUES (at, hash);
        EXIT WHEN m & 1 = 0;
        SELECT h.hash INTO left_ FROM public.audit_hashes h WHERE h.index = public.audit_index(level, m - 1);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the stored hash % of the audit log is missing', public.audit_index(level, m - 1)
                USING ERRCODE = 'data_corrupted';
        END IF;
        hash := sha256('\x01'::bytea || left_ || hash);
        level := level + 1;
        m := m >> 1;
        at := at + 1;
    END LOOP;
    DELETE FROM public.audit_queue q WHERE q.entry_id = NEW.entry_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- audit_index is tlog's StoredHashIndex: where the hash of node n of a level stands.
-- +goose StatementBegin
CREATE FUNCTION audit_index(level integer, n bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i bigint := 0;
BEGIN
    FOR l IN 1..level LOOP
        n := 2 * n + 1;
    END LOOP;
    WHILE n > 0 LOOP
        i := i + n;
        n := n >> 1;
    END LOOP;
    RETURN i + level;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER append_audit AFTER INSERT ON audit_queue
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION append_audit();

REVOKE ALL ON FUNCTION append_audit(), audit_index(integer, bigint) FROM PUBLIC;
GRANT INSERT ON audit_queue TO countersign_app;

-- The application's role no longer writes the log itself.
REVOKE INSERT ON audit_leaves, audit_hashes FROM countersign_app;
