-- +goose Up

-- Deliveries, events and snapshots: what the providers said.

-- One row per POST of a webhook or page of a provider's log. The body is the
-- raw bytes, sealed, so that nothing in it can be refused by the database. No
-- two rows are ever taken for the same delivery: a repeated envelope may carry
-- one event more, and duplicates are recognised event by event.
CREATE TABLE deliveries (
    delivery_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    source        text NOT NULL CHECK (source IN ('hook', 'poller', 'keeper')),
    envelope      text NOT NULL DEFAULT '',
    body          bytea NOT NULL,
    digest        bytea NOT NULL CHECK (length(digest) = 32),
    received_at   timestamptz NOT NULL,
    peer          inet,
    secret        text NOT NULL DEFAULT '',
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Bookkeeping. Exactly one of the two ends comes to every delivery: decided,
    -- or failed in view of people.
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    retry_at      timestamptz,
    decided_at    timestamptz,
    failed_at     timestamptz,
    trouble       text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, delivery_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections,
    CHECK (decided_at IS NULL OR failed_at IS NULL)
);
CREATE INDEX deliveries_undecided ON deliveries (delivery_id) WHERE decided_at IS NULL AND failed_at IS NULL;
CREATE INDEX deliveries_failed ON deliveries (tenant_id, delivery_id) WHERE failed_at IS NOT NULL;

-- One row per change at a provider, under the provider's own id of it, however
-- often and by whichever way it is delivered. A copy in the provider's log that
-- tells it differently from the hook that brought it first has a row of its own,
-- its id ending in #log. fields are the values before and after, sealed; the
-- document has everything else.
CREATE TABLE events (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    event_id      text NOT NULL CHECK (event_id <> ''),
    delivery_id   bigint NOT NULL,
    type          text NOT NULL,
    class         text NOT NULL CHECK (class IN ('password_reset', 'mfa_change', 'recovery_change', 'role_activation',
                      'mailbox_delegation', 'vault_recovery', 'remote_access', 'device_registration', 'emergency_access',
                      'other_takeover', 'tamper', 'unclassified', 'none')),
    verb          text NOT NULL,
    outcome       text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    actor_id      text NOT NULL DEFAULT '',
    transaction   text NOT NULL DEFAULT '',
    document      jsonb NOT NULL,
    fields        bytea,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id, event_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections,
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, delivery_id)
);
CREATE INDEX events_delivery ON events (delivery_id);

-- What a connection's account looked like at a moment. Recovery attributes are
-- sealed in contacts.
CREATE TABLE snapshots (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    account_id    text NOT NULL CHECK (account_id <> ''),
    taken_at      timestamptz NOT NULL,
    document      jsonb NOT NULL,
    contacts      bytea,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id, account_id, taken_at),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);
