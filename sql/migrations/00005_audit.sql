-- +goose Up

-- The audit log. No foreign key ties it to the rows it speaks of: those may be
-- erased one day, the log may not. Leaves hold ids, digests, states and salted
-- commitments only; an empty tenant means the installation itself.
CREATE TABLE audit_leaves (
    seq         bigint PRIMARY KEY CHECK (seq >= 0),
    tenant_id   text NOT NULL,
    body        text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_hashes (
    index bigint PRIMARY KEY CHECK (index >= 0),
    hash  bytea NOT NULL CHECK (length(hash) = 32)
);

-- A copy, for the console, of the signed checkpoints that were published
-- outside the database. Verification never trusts this copy.
CREATE TABLE checkpoints (
    size        bigint NOT NULL CHECK (size >= 0),
    signed_at   timestamptz NOT NULL,
    note        text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (size, signed_at)
);
