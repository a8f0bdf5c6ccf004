-- +goose Up

-- The subscriptions through which a provider calls us, one row for each thing
-- that is subscribed to. The nonce is no credential: it only lets a provider's
-- handshake be answered while a subscription is being made. The secret is kept
-- as its SHA-256. lease_until is until when one replica alone looks after the
-- row.
CREATE TABLE feeds (
    tenant_id       text NOT NULL,
    connection_id   text NOT NULL,
    resource        text NOT NULL CHECK (resource <> ''),
    subscription_id text NOT NULL DEFAULT '',
    nonce           text NOT NULL DEFAULT '',
    pending_until   timestamptz,
    secret          bytea NOT NULL CHECK (length(secret) = 32),
    made_at         timestamptz,
    expires_at      timestamptz,
    lease_until     timestamptz,
    trouble         text NOT NULL DEFAULT '',
    recorded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id, resource),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);

ALTER TABLE feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON feeds USING (tenant_id = current_setting('countersign.tenant', true));

GRANT SELECT, INSERT ON feeds TO countersign_app;
GRANT UPDATE (subscription_id, nonce, pending_until, secret, made_at, expires_at, lease_until, trouble) ON feeds TO countersign_app;

-- How many notifications somebody sent to a connection's address that were not
-- the provider's, and when the last of them came.
ALTER TABLE connection_health
    ADD COLUMN refused bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
    ADD COLUMN refused_at timestamptz;

GRANT UPDATE (refused, refused_at) ON connection_health TO countersign_app;
