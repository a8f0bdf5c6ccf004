-- name: GetInstallation :one
SELECT * FROM installation;

-- name: InsertInstallation :execrows
INSERT INTO installation (name, key_check) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: GetEpoch :one
SELECT epoch FROM installation;

-- name: InsertTenant :execrows
INSERT INTO tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: ListConnections :many
SELECT * FROM connections WHERE tenant_id = $1 ORDER BY connection_id;

-- name: GetMode :one
SELECT mode FROM connections WHERE tenant_id = $1 AND connection_id = $2;

-- name: UpsertConnection :exec
INSERT INTO connections (tenant_id, connection_id, provider, mode, configured_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, connection_id) DO UPDATE
SET provider = excluded.provider, mode = excluded.mode, configured_at = excluded.configured_at, retired_at = NULL;

-- name: RetireConnection :exec
UPDATE connections SET retired_at = @at::timestamptz
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND retired_at IS NULL;

-- name: UpsertHealth :exec
INSERT INTO connection_health (tenant_id, connection_id, enforcement, enforcement_at, polled_at, rules_trouble, log_trouble)
VALUES (@tenant_id, @connection_id, @enforcement, @enforcement_at, @polled_at, @rules_trouble, @log_trouble)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET
    enforcement = coalesce(excluded.enforcement, connection_health.enforcement),
    enforcement_at = coalesce(excluded.enforcement_at, connection_health.enforcement_at),
    polled_at = coalesce(excluded.polled_at, connection_health.polled_at),
    rules_trouble = CASE WHEN @of_rules::boolean THEN excluded.rules_trouble ELSE connection_health.rules_trouble END,
    log_trouble = CASE WHEN @of_log::boolean THEN excluded.log_trouble ELSE connection_health.log_trouble END;

-- name: SaveTelling :exec
INSERT INTO connection_health (tenant_id, connection_id, telling) VALUES (@tenant_id, @connection_id, @telling)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET telling = excluded.telling;

-- name: ListHealth :many
SELECT c.connection_id, c.mode, h.enforcement, h.telling, h.polled_at, concat_ws('; ', nullif(h.rules_trouble, ''),
    nullif(h.log_trouble, ''))::text AS trouble, coalesce(h.refused, 0)::bigint AS refused, h.refused_at
FROM connections c LEFT JOIN connection_health h USING (tenant_id, connection_id)
WHERE c.tenant_id = $1 AND c.retired_at IS NULL ORDER BY c.connection_id;
