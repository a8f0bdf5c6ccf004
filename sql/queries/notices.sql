-- name: InsertNotice :execrows
INSERT INTO notices (tenant_id, notice_id, hold_id, version, audience, channel, point_key, point, point_value, occasion, why,
    status, created_at, expires_at, gravity, bearer, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
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

-- SpokenNotices are the messages of late to a contact point, digests among them,
-- that went out or will go out by themselves; for an owner those about the same
-- person's holds only, since two may share a mailbox. carries is how many
-- messages a digest that has not gone yet stands for.
-- name: SpokenNotices :many
SELECT n.notice_id, n.gravity, n.due_at, n.status,
    (SELECT count(*) FROM notices m
     WHERE m.tenant_id = n.tenant_id AND m.bearer = n.notice_id AND m.bearer <> m.notice_id AND n.due_at > @now) AS carries
FROM notices n JOIN holds h USING (tenant_id, hold_id)
WHERE n.tenant_id = @tenant_id AND n.point_key = @point_key AND n.bearer = n.notice_id AND n.created_at > @since
    AND n.audience = @audience AND (n.audience <> 'owner' OR h.owner_id = @owner_id)
ORDER BY n.created_at DESC, n.notice_id
LIMIT 200;

-- name: CloseDigest :execrows
UPDATE notices SET status = 'sending' WHERE tenant_id = @tenant_id AND notice_id = @notice_id AND status = 'queued';

-- name: ListGathered :many
SELECT * FROM notices WHERE tenant_id = @tenant_id AND bearer = @notice_id AND bearer <> notice_id ORDER BY seq;

-- name: MoveGathered :many
UPDATE notices SET status = @status WHERE tenant_id = @tenant_id AND bearer = @notice_id AND bearer <> notice_id
RETURNING notice_id, hold_id;
