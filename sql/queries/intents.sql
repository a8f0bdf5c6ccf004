-- name: InsertIntent :exec
INSERT INTO intents (tenant_id, intent_id, hold_id, connection_id, purpose, round, action, account_id, object_id, attempt,
    created_at)
VALUES (@tenant_id, @intent_id, @hold_id, @connection_id, @purpose, @round, @action, @account_id, @object_id,
    (SELECT count(*) FROM intents i JOIN outcomes o USING (tenant_id, intent_id)
     WHERE i.tenant_id = @tenant_id AND i.hold_id = @hold_id AND i.round = @round AND i.purpose = @purpose
       AND i.connection_id = @connection_id AND i.action = @action AND i.account_id = @account_id
       AND i.object_id = @object_id AND o.status = 'failed'),
    @created_at);

-- name: ListIntents :many
SELECT sqlc.embed(i), o.status, o.detail, o.at, o.effective_by
FROM intents i LEFT JOIN outcomes o USING (tenant_id, intent_id)
WHERE i.tenant_id = $1 AND i.hold_id = $2 ORDER BY i.seq;

-- name: GetIntent :one
SELECT * FROM intents WHERE tenant_id = $1 AND hold_id = $2 AND intent_id = $3;

-- name: TryIntent :one
UPDATE intents SET tried_at = greatest(tried_at, @at::timestamptz)
WHERE tenant_id = @tenant_id AND hold_id = @hold_id AND intent_id = @intent_id
RETURNING purpose;

-- name: InsertOutcome :exec
INSERT INTO outcomes (tenant_id, intent_id, status, detail, at, effective_by) VALUES ($1, $2, $3, $4, $5, $6);

-- name: KnowsObject :one
SELECT (EXISTS (SELECT FROM intents i
                WHERE i.tenant_id = @tenant_id AND i.connection_id = @connection_id AND i.account_id = @account_id
                  AND i.action = @action AND i.object_id = @object_id::text)
     OR EXISTS (SELECT FROM snapshots s
                WHERE s.tenant_id = @tenant_id AND s.connection_id = @connection_id AND s.account_id = @account_id
                  AND s.document -> @list::text @> jsonb_build_array(jsonb_build_object('id', @object_id::text))))::boolean AS known;

-- name: FindEcho :one
SELECT i.intent_id FROM intents i LEFT JOIN outcomes o USING (tenant_id, intent_id)
WHERE i.tenant_id = @tenant_id AND i.connection_id = @connection_id AND i.account_id = @account_id
  AND (i.action = @action OR @action = 'remove_role' AND i.action = 'leave_group'
       OR @action = 'remove_factor' AND i.action = 'restore_profile' OR @action = 'restore_profile' AND i.action = 'remove_factor')
  AND i.tried_at <= @until::timestamptz AND (o.at >= @since::timestamptz OR o.at IS NULL AND i.tried_at >= @unanswered::timestamptz)
  AND (@object_id::text = '' OR i.object_id = '' OR i.object_id = @object_id OR @action = 'restore_profile' OR i.action = 'restore_profile'
       OR i.action = 'leave_group' AND EXISTS (
            SELECT FROM snapshots s
            WHERE s.tenant_id = i.tenant_id AND s.connection_id = i.connection_id AND s.account_id = i.account_id
              AND s.document -> 'roles' @> jsonb_build_array(jsonb_build_object('id', @object_id::text, 'via_group', true))))
ORDER BY i.action = @action DESC, i.created_at DESC, i.seq DESC LIMIT 1;

-- name: FindEchoApart :one
SELECT i.intent_id FROM intents i LEFT JOIN outcomes o USING (tenant_id, intent_id)
WHERE i.tenant_id = @tenant_id AND i.connection_id = @connection_id AND i.action = @action
  AND i.tried_at <= @until::timestamptz AND (o.at >= @since::timestamptz OR o.at IS NULL AND i.tried_at >= @unanswered::timestamptz)
  AND (EXISTS (SELECT FROM unnest(@objects::text[]) n WHERE strpos(i.object_id, n) > 0)
       OR NOT EXISTS (SELECT FROM intents k, unnest(@objects::text[]) n
                      WHERE k.tenant_id = @tenant_id AND k.connection_id = @connection_id AND k.action = @action
                        AND strpos(k.object_id, n) > 0))
ORDER BY i.created_at DESC, i.seq DESC LIMIT 1;
