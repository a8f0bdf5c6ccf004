-- name: GetHold :one
SELECT * FROM holds WHERE tenant_id = $1 AND hold_id = $2;

-- name: LockHold :one
SELECT * FROM holds WHERE tenant_id = $1 AND hold_id = $2 FOR UPDATE;

-- name: LockOpenHold :one
SELECT * FROM holds
WHERE tenant_id = $1 AND connection_id = $2 AND subject_id = $3 AND open
FOR UPDATE;

-- name: GetOpenHold :one
SELECT hold_id FROM holds WHERE tenant_id = $1 AND connection_id = $2 AND subject_id = $3 AND open;

-- name: GetLastHold :one
SELECT * FROM holds
WHERE tenant_id = $1 AND connection_id = $2 AND subject_id = $3 AND NOT open
ORDER BY opened_at DESC, hold_id DESC LIMIT 1
FOR UPDATE;

-- name: GetHoldSubject :one
SELECT connection_id, subject_id FROM holds WHERE tenant_id = $1 AND hold_id = $2;

-- name: InsertHold :exec
INSERT INTO holds (tenant_id, hold_id, connection_id, delivery_id, previous_id, revision, version, round, contain_round,
    class, tier, subject_id, subject_login, owner_id, state, containment, standing, outcome, escalations, occurred_at,
    received_at, opened_at, not_me_at, restrained_at, read_back_at, release_after, release_begun_at, restore_begun_at, closed_at,
    due_at, document, leader_id, waits, waits_cap, waits_scope)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
    $26, $27, $28, $29, $30, $31, $32, $33, $34, $35);

-- name: UpdateHold :execrows
UPDATE holds SET revision = @revision, version = @version, round = @round, contain_round = @contain_round, class = @class,
    tier = @tier, subject_login = @subject_login, owner_id = @owner_id, state = @state, containment = @containment,
    standing = @standing, outcome = @outcome, escalations = @escalations, occurred_at = @occurred_at,
    not_me_at = @not_me_at, restrained_at = @restrained_at, read_back_at = @read_back_at, release_after = @release_after,
    release_begun_at = @release_begun_at, restore_begun_at = @restore_begun_at, closed_at = @closed_at, due_at = @due_at,
    document = @document, leader_id = @leader_id, waits = @waits, waits_cap = @waits_cap, waits_scope = @waits_scope
WHERE tenant_id = @tenant_id AND hold_id = @hold_id AND revision = @was_revision;

-- name: InsertEvidence :exec
INSERT INTO evidence (tenant_id, hold_id, evidence_id, kind, verifier_id, requester_id, reference, point, on_file_at,
    confirmer_id, witness_id, place, note, at, round, version, seal)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: ListEvidence :many
SELECT * FROM evidence WHERE tenant_id = $1 AND hold_id = $2 ORDER BY seq;

-- name: InsertDecision :exec
INSERT INTO decisions (tenant_id, hold_id, decision_id, kind, approver_id, reason, version, round, at, void, seal)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: VoidDecisions :exec
UPDATE decisions SET void = true
WHERE tenant_id = @tenant_id AND hold_id = @hold_id AND NOT void AND decision_id = ANY (@decision_ids::text[]);

-- name: ListDecisions :many
SELECT * FROM decisions WHERE tenant_id = $1 AND hold_id = $2 ORDER BY seq;

-- name: InsertNote :exec
INSERT INTO notes (tenant_id, hold_id, by, text, at) VALUES ($1, $2, $3, $4, $5);

-- name: ListNotes :many
SELECT * FROM notes WHERE tenant_id = $1 AND hold_id = $2 ORDER BY seq;

-- name: ListQueue :many
SELECT * FROM holds
WHERE tenant_id = @tenant_id AND NOT ended
  AND (@subject::text = '' OR subject_id = @subject OR subject_login = @subject)
ORDER BY urgency, opened_at, hold_id LIMIT @most;

-- name: ListEnded :many
SELECT * FROM holds
WHERE tenant_id = @tenant_id AND ended
  AND (@subject::text = '' OR subject_id = @subject OR subject_login = @subject)
ORDER BY closed_at DESC, hold_id LIMIT @most;

-- name: GetDurable :one
SELECT d.recorded_at FROM deliveries d JOIN holds h USING (tenant_id, delivery_id)
WHERE h.tenant_id = $1 AND h.hold_id = $2;

-- name: ListSiblings :many
SELECT * FROM holds
WHERE tenant_id = @tenant_id AND hold_id <> @hold_id
  AND (connection_id = @connection_id AND subject_id = @subject_id AND NOT ended
       OR leader_id = @hold_id OR hold_id = @leader_id
       OR open AND leader_id IS NOT NULL AND document -> 'Leaders' @> to_jsonb((@hold_id::uuid)::text)
       OR @owner_id::text <> '' AND owner_id = @owner_id
          AND (NOT ended OR opened_at >= @since AND opened_at <= @until))
ORDER BY ended, opened_at DESC, hold_id LIMIT 50;
