-- name: ListUnended :many
SELECT hold_id FROM holds WHERE tenant_id = @tenant_id AND NOT ended AND hold_id > @behind ORDER BY hold_id LIMIT @most;

-- name: RaiseEpoch :one
UPDATE installation SET epoch = epoch + 1, restoring_since = NULL, restoring_why = ''
WHERE restoring_since IS NOT NULL RETURNING epoch;
