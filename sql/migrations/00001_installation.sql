-- +goose Up

-- The installation and its customers. Every other table of ours carries a
-- tenant; these rows say which tenants and connections there are.

-- One row: which installation this database belongs to. The epoch is raised by
-- a restore, so that a replica from before it cannot act. key_check is a keyed
-- digest that only the right keyring reproduces.
CREATE TABLE installation (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    name        text NOT NULL CHECK (name <> ''),
    epoch       bigint NOT NULL DEFAULT 1 CHECK (epoch > 0),
    key_check   bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenants (
    tenant_id   text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- A connection is never deleted: retired_at says that the configuration no
-- longer names it. Its name is unique in the installation, so that whatever is
-- unique by (tenant, connection, …) is unique by (connection, …) too.
CREATE TABLE connections (
    tenant_id     text NOT NULL REFERENCES tenants,
    connection_id text NOT NULL CHECK (connection_id <> ''),
    provider      text NOT NULL CHECK (provider <> ''),
    mode          text NOT NULL CHECK (mode IN ('watch', 'notify', 'contain')),
    configured_at timestamptz NOT NULL,
    retired_at    timestamptz,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id),
    CONSTRAINT connections_name_key UNIQUE (connection_id)
);

-- Where the reading of a provider's log continues.
CREATE TABLE poll_cursors (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    cursor        text NOT NULL,
    moved_at      timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);

-- The last reading of the restraint group's rules and of the provider's log,
-- and what went wrong since with either.
CREATE TABLE connection_health (
    tenant_id      text NOT NULL,
    connection_id  text NOT NULL,
    enforcement    jsonb,
    enforcement_at timestamptz,
    polled_at      timestamptz,
    rules_trouble  text NOT NULL DEFAULT '',
    log_trouble    text NOT NULL DEFAULT '',
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections
);
