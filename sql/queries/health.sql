-- name: SavePushLook :exec
INSERT INTO connection_health (tenant_id, connection_id, push_looked_at, push_trouble, push_since, push_unseen)
VALUES (@tenant_id, @connection_id, sqlc.narg('at')::timestamptz, @trouble::text, CASE WHEN @trouble::text <> '' THEN sqlc.narg('at')::timestamptz END, @unseen::text)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET
    push_looked_at = coalesce(excluded.push_looked_at, connection_health.push_looked_at),
    push_trouble = CASE WHEN excluded.push_unseen <> '' THEN connection_health.push_trouble ELSE excluded.push_trouble END,
    push_since = CASE WHEN excluded.push_unseen <> '' THEN connection_health.push_since
                      WHEN excluded.push_trouble = '' THEN NULL
                      ELSE coalesce(connection_health.push_since, excluded.push_since) END,
    push_unseen = excluded.push_unseen;

-- name: ListFooting :many
SELECT c.connection_id, c.provider, c.configured_at, coalesce(h.rules_trouble, '')::text AS rules_trouble,
    coalesce(h.log_trouble, '')::text AS log_trouble, h.push_looked_at, coalesce(h.push_trouble, '')::text AS push_trouble, h.push_since,
    coalesce(h.push_unseen, '')::text AS push_unseen, p.moved_at
FROM connections c LEFT JOIN connection_health h USING (tenant_id, connection_id) LEFT JOIN poll_cursors p USING (tenant_id, connection_id)
WHERE c.tenant_id = $1 AND c.retired_at IS NULL ORDER BY c.connection_id;

-- name: LastHeard :many
SELECT source, max(received_at)::timestamptz AS at FROM deliveries
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND received_at >= @since
GROUP BY source;

-- name: OldestUndecided :one
SELECT received_at FROM deliveries WHERE tenant_id = $1 AND decided_at IS NULL AND failed_at IS NULL
ORDER BY delivery_id LIMIT 1;

-- name: CountOpenHolds :many
SELECT connection_id, standing, count(*) AS holds FROM holds WHERE tenant_id = $1 AND NOT ended
GROUP BY connection_id, standing ORDER BY connection_id, standing;
