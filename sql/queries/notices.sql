-- name: InsertNotice :execrows
INSERT INTO notices (tenant_id, notice_id, hold_id, version, audience, channel, point_key, point, point_value, occasion, why,
    status, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT ON CONSTRAINT notices_once DO NOTHING;

-- name: GetNotice :one
SELECT * FROM notices WHERE tenant_id = $1 AND notice_id = $2;

-- name: ListNotices :many
SELECT * FROM notices WHERE tenant_id = $1 AND hold_id = $2 ORDER BY seq;

-- name: MoveNotice :one
UPDATE notices SET status = @status WHERE tenant_id = @tenant_id AND notice_id = @notice_id RETURNING hold_id, audience, channel;

-- name: InsertAttempt :exec
INSERT INTO notice_attempts (tenant_id, notice_id, status, reference, detail, at, again) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: ListAttempts :many
SELECT a.* FROM notice_attempts a JOIN notices n USING (tenant_id, notice_id)
WHERE n.tenant_id = $1 AND n.hold_id = $2 ORDER BY a.seq;

-- name: TryCode :execrows
UPDATE notices SET tries = tries + 1, used_at = CASE WHEN @correct::boolean THEN @at::timestamptz END
WHERE tenant_id = @tenant_id AND notice_id = @notice_id AND used_at IS NULL AND expires_at > @at AND tries < @most;
