-- +goose Up

-- The directory of people, and the sign-in of reviewers.

CREATE TABLE people (
    tenant_id   text NOT NULL REFERENCES tenants,
    person_id   text NOT NULL CHECK (person_id <> ''),
    source      text NOT NULL,
    name        text NOT NULL,
    belonging   text NOT NULL DEFAULT '' CHECK (belonging IN ('', 'employee', 'contractor', 'vendor')),
    manager_id  text NOT NULL DEFAULT '',
    department  text NOT NULL DEFAULT '',
    removed_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id)
);

CREATE TABLE person_accounts (
    tenant_id     text NOT NULL,
    connection_id text NOT NULL,
    account_id    text NOT NULL CHECK (account_id <> ''),
    person_id     text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT person_accounts_one_person PRIMARY KEY (tenant_id, connection_id, account_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections,
    FOREIGN KEY (tenant_id, person_id) REFERENCES people
);
CREATE INDEX person_accounts_person ON person_accounts (tenant_id, person_id);

-- Ways to reach a person. A row is never changed but to say when the point was
-- taken off; on_file_at stays what it first was, whatever later imports say.
CREATE TABLE contact_points (
    tenant_id   text NOT NULL,
    point_id    uuid NOT NULL,
    person_id   text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('email', 'phone')),
    value       bytea NOT NULL,
    value_key   bytea NOT NULL,
    source      text NOT NULL,
    within_id   text NOT NULL DEFAULT '',
    on_file_at  timestamptz, -- unknown: the point is never used
    shared      boolean NOT NULL DEFAULT false,
    removed_at  timestamptz,
    seq         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, point_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES people
);
CREATE UNIQUE INDEX contact_points_once ON contact_points (tenant_id, person_id, kind, value_key) WHERE removed_at IS NULL;

-- Single-use links and sessions, by the SHA-256 of a token that is stored
-- nowhere.
CREATE TABLE signin_links (
    tenant_id   text NOT NULL,
    token       bytea NOT NULL CHECK (length(token) = 32),
    person_id   text NOT NULL,
    by          text NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token),
    FOREIGN KEY (tenant_id, person_id) REFERENCES people
);

CREATE TABLE sessions (
    tenant_id   text NOT NULL,
    token       bytea NOT NULL CHECK (length(token) = 32),
    person_id   text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token),
    FOREIGN KEY (tenant_id, person_id) REFERENCES people
);
