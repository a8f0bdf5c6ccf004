-- name: QueueEntries :exec
INSERT INTO audit_queue (tenant_id, head, tail) SELECT unnest(@tenants::text[]), unnest(@heads::text[]), unnest(@tails::text[]);

-- name: SequenceAudit :one
SELECT sequence_audit(@most::integer)::integer AS moved;

-- name: GetHashes :many
SELECT * FROM audit_hashes WHERE index = ANY (@indexes::bigint[]);

-- name: ListHashes :many
SELECT * FROM audit_hashes WHERE index >= $1 ORDER BY index LIMIT $2;

-- name: InsertCheckpoint :exec
INSERT INTO checkpoints (size, signed_at, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: LastCheckpoint :one
SELECT * FROM checkpoints ORDER BY signed_at DESC LIMIT 1;
