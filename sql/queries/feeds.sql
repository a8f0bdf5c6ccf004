-- name: ListFeeds :many
SELECT * FROM feeds WHERE tenant_id = $1 AND connection_id = $2 ORDER BY resource;

-- name: ListTenantFeeds :many
SELECT * FROM feeds WHERE tenant_id = $1 ORDER BY connection_id, resource;

-- name: InsertFeed :exec
INSERT INTO feeds (tenant_id, connection_id, resource, secret) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: LockFeed :one
SELECT * FROM feeds WHERE tenant_id = $1 AND connection_id = $2 AND resource = $3 FOR UPDATE;

-- name: UpdateFeed :exec
UPDATE feeds SET subscription_id = @subscription_id, nonce = @nonce, pending_until = @pending_until, secret = @secret,
    made_at = @made_at, expires_at = @expires_at, lease_until = @lease_until, trouble = @trouble
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND resource = @resource;

-- name: CountRefused :exec
INSERT INTO connection_health (tenant_id, connection_id, refused, refused_at)
VALUES (@tenant_id, @connection_id, @refused, @at::timestamptz)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET
    refused = excluded.refused + CASE WHEN connection_health.refused_at > excluded.refused_at - interval '1 day'
                                      THEN connection_health.refused ELSE 0 END,
    refused_at = greatest(excluded.refused_at, connection_health.refused_at);
