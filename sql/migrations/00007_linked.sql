-- +goose Up

-- Holds of one person's accounts, and what a policy asks about a change.

-- The hold that this one follows: an account of the same person, restrained for
-- as long as that hold restrains its own.
ALTER TABLE holds ADD COLUMN leader_id uuid,
    ADD CONSTRAINT holds_leader_fkey FOREIGN KEY (tenant_id, leader_id) REFERENCES holds (tenant_id, hold_id);
CREATE INDEX holds_leader ON holds (tenant_id, leader_id) WHERE leader_id IS NOT NULL;
CREATE INDEX holds_owner ON holds (tenant_id, owner_id, opened_at DESC) WHERE owner_id <> '';

GRANT UPDATE (leader_id) ON holds TO countersign_app;

-- The network that a change came from, such as 203.0.113.0/24 or 2001:db8::/48;
-- empty when the provider gave no address.
ALTER TABLE events ADD COLUMN network text NOT NULL DEFAULT '';

-- +goose StatementBegin
CREATE FUNCTION pg_temp.network_of(ip text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN network(set_masklen(ip::inet, CASE family(ip::inet) WHEN 4 THEN 24 ELSE 48 END))::text;
EXCEPTION WHEN OTHERS THEN
    RETURN ''; -- what a provider wrote there is no address
END
$$;
-- +goose StatementEnd

UPDATE events SET network = pg_temp.network_of(document ->> 'ip') WHERE coalesce(document ->> 'ip', '') <> '';

-- +goose StatementBegin
DROP FUNCTION pg_temp.network_of(text);
-- +goose StatementEnd

CREATE INDEX events_network ON events (tenant_id, connection_id, actor_id, network, occurred_at) WHERE network <> '';
