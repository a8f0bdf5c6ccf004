-- +goose NO TRANSACTION
-- +goose Up

-- Messages that would be too many for one contact point are gathered into a
-- digest. gravity is how much a message matters, 1 most. bearer is the message
-- that says what this one says: its own id where it goes out by itself or is the
-- digest, NULL for those planned before this migration. due_at is when a digest
-- goes out. None of the three ever changes.
--
-- It is no transaction, so that indexes are built without a lock that keeps
-- writers out; each statement bears being run again.
ALTER TABLE notices
    ADD COLUMN IF NOT EXISTS gravity smallint NOT NULL DEFAULT 3 CONSTRAINT notices_gravity_check CHECK (gravity BETWEEN 1 AND 4),
    ADD COLUMN IF NOT EXISTS bearer uuid,
    ADD COLUMN IF NOT EXISTS due_at timestamptz;
ALTER TABLE notices DROP CONSTRAINT IF EXISTS notices_bearer_fkey;
ALTER TABLE notices ADD CONSTRAINT notices_bearer_fkey FOREIGN KEY (tenant_id, bearer) REFERENCES notices NOT VALID;

SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS notices_borne;
CREATE INDEX CONCURRENTLY notices_borne ON notices (tenant_id, bearer) WHERE bearer <> notice_id;
DROP INDEX CONCURRENTLY IF EXISTS notices_spoken;
CREATE INDEX CONCURRENTLY notices_spoken ON notices (tenant_id, point_key, created_at) WHERE bearer = notice_id;
SET lock_timeout = '2s';
