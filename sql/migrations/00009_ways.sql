-- +goose Up

-- By which way a change reached us. What a platform's push should tell and only
-- its log does is how a hook that fell silent shows.

-- told_by says who brought the event first, of those that the push tells:
-- 'hook' or 'log', and 'hint' where the push tells no more than that something
-- has changed, so that the log always brings the event itself. It is empty for
-- every other event, and for those from before this was kept. retold_at is when
-- the other one of the two brought it, too.
ALTER TABLE events
    ADD COLUMN told_by text NOT NULL DEFAULT '' CHECK (told_by IN ('', 'hook', 'log', 'hint')),
    ADD COLUMN retold_at timestamptz;
CREATE INDEX events_told ON events (tenant_id, connection_id, occurred_at) WHERE told_by <> '';

GRANT UPDATE (retold_at) ON events TO countersign_app;

-- Rows are added in the order of time, for which this index costs next to
-- nothing.
CREATE INDEX deliveries_received ON deliveries USING brin (received_at);

-- The count of it as it was last made.
ALTER TABLE connection_health ADD COLUMN telling jsonb;

GRANT UPDATE (telling) ON connection_health TO countersign_app;
