-- +goose Up

-- What was last seen of a connection's push at the provider: its hook's own
-- configuration. push_trouble is what is wrong with it and push_since since when
-- it has been; push_unseen is why it could not be looked at.
ALTER TABLE connection_health
    ADD COLUMN push_looked_at timestamptz,
    ADD COLUMN push_trouble text NOT NULL DEFAULT '',
    ADD COLUMN push_since timestamptz,
    ADD COLUMN push_unseen text NOT NULL DEFAULT '';

GRANT UPDATE (push_looked_at, push_trouble, push_since, push_unseen) ON connection_health TO countersign_app;
