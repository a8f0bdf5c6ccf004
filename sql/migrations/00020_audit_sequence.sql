-- +goose Up

-- The audit log is numbered behind the commits, not inside them. A transaction
-- queues its entries; they exist if and only if it committed. sequence_audit takes
-- what is queued, numbers it, hashes it and moves it into the log, many entries in
-- one commit. Inside COMMIT each transaction held the one lock of the log until the
-- disk had it, and an installation could commit only as often as its disk writes.
--
-- Two entries of one hold keep their order: the second transaction had to wait for
-- the first one's commit, and got its entry_id after it. Of transactions that had
-- nothing to do with each other either may come first.
--
-- The application's role can neither read nor take back what it queued. Until a
-- checkpoint is published, a minute at most, the log is as good as the database's
-- owner is; the queue makes that neither better nor worse.
DROP TRIGGER append_audit ON audit_queue;
DROP FUNCTION append_audit();

-- sequence_audit moves the oldest queued entries into the log, so many at most, and
-- returns how many it moved. For each entry: the leaf, and the hash of each complete
-- subtree that it completes, under the indexes of golang.org/x/mod/sumdb/tlog (the
-- hash of record n of level 0 stands at n + n/2 + n/4 + …; those of the subtrees that
-- end with it follow, and a record's left neighbour of level l, number m, at 2^l-fold
-- the way).
--
-- It is to be called at READ COMMITTED: the queue and the size of the log are read
-- after the lock is had, and each statement of a volatile function sees what was
-- committed when it began. Its plans are made once in a connection and walk along
-- indexes however small the tables were then: a long query keeps rows that were moved
-- from being cleaned away.
-- +goose StatementBegin
CREATE FUNCTION sequence_audit(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    entry record;
    seq   bigint;
    body  text;
    m     bigint; -- the number of the node of this level
    at    bigint; -- the index its hash is stored at
    left_ bytea;
    hash  bytea;
    level integer;
    moved bigint[] := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('countersign audit log', 0));
    SELECT coalesce(max(l.seq) + 1, 0) INTO seq FROM public.audit_leaves l;
    FOR entry IN SELECT q.entry_id, q.tenant_id, q.head, q.tail FROM public.audit_queue q ORDER BY q.entry_id LIMIT most LOOP
        body := entry.head || seq || entry.tail;
        INSERT INTO public.audit_leaves (seq, tenant_id, body) VALUES (seq, entry.tenant_id, body);
        hash := sha256('\x00'::bytea || convert_to(body, 'UTF8'));
        at := public.audit_index(0, seq);
        m := seq;
        level := 0;
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
        moved := moved || entry.entry_id;
        seq := seq + 1;
    END LOOP;
    DELETE FROM public.audit_queue q WHERE q.entry_id = ANY (moved);
    RETURN cardinality(moved);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION sequence_audit(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sequence_audit(integer) TO countersign_app;
