-- name: InsertStop :exec
INSERT INTO stops (tenant_id, stop_id, brake, by_id, door, reason, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: EndStop :execrows
UPDATE stops SET ended_at = @at::timestamptz, ended_how = @how
WHERE tenant_id = @tenant_id AND stop_id = @stop_id AND ended_at IS NULL;

-- name: OpenStops :many
SELECT * FROM stops WHERE tenant_id = $1 AND ended_at IS NULL ORDER BY brake;

-- name: StopInForce :one
SELECT * FROM stops
WHERE tenant_id = @tenant_id AND brake = @brake AND ended_at IS NULL AND (until IS NULL OR until > @at::timestamptz);

-- name: LockStop :one
SELECT * FROM stops WHERE tenant_id = $1 AND stop_id = $2 FOR UPDATE;

-- name: InsertResume :exec
INSERT INTO stop_resumes (tenant_id, stop_id, by_id, door, reason, at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListResumes :many
SELECT * FROM stop_resumes WHERE tenant_id = $1 AND stop_id = $2 ORDER BY at, by_id;

-- name: FirstConnection :one
SELECT connection_id FROM connections WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY connection_id LIMIT 1;

-- name: LapsedStops :many
SELECT tenant_id::text AS tenant_id, stop_id::uuid AS stop_id FROM lapsed_stops(@at::timestamptz);

-- name: BrakedConnections :many
SELECT tenant_id::text AS tenant_id, connection_id::text AS connection_id FROM braked_connections();

-- name: WaitingHolds :many
SELECT * FROM holds
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND waits <> ''
ORDER BY urgency, opened_at, hold_id LIMIT @most;

-- name: CountAhead :one
SELECT count(*) FROM holds h
WHERE h.tenant_id = @tenant_id AND h.connection_id = @connection_id AND h.waits = 'containment' AND h.waits_cap = 'hour'
  AND (h.waits_scope = 'privileged' OR NOT @privileged::boolean)
  AND (h.urgency, h.opened_at, h.hold_id) < (SELECT o.urgency, o.opened_at, o.hold_id FROM holds o
                                            WHERE o.tenant_id = @tenant_id AND o.hold_id = @hold_id);

-- name: CountContained :one
SELECT count(*) AS hour, count(*) FILTER (WHERE actor = @actor_id::text) AS by_actor FROM (
    SELECT DISTINCT i.hold_id, i.round, h.document -> 'Actor' ->> 'id' AS actor
    FROM intents i JOIN holds h USING (tenant_id, hold_id)
    WHERE i.tenant_id = @tenant_id AND i.connection_id = @connection_id AND i.purpose = 'contain'
      AND i.created_at > @since::timestamptz AND NOT (i.hold_id = @hold_id AND i.round = @round)
) contained;

-- name: RoleMembers :many
SELECT a.account_id, coalesce(n.document ->> 'status', '')::text AS status,
    EXISTS (SELECT FROM holds h
            WHERE h.tenant_id = @tenant_id AND h.connection_id = @connection_id AND h.subject_id = a.account_id AND NOT h.ended
              AND h.release_begun_at IS NULL AND h.restore_begun_at IS NULL
              AND (h.containment = 'confirmed' OR h.containment IN ('requested', 'failed') AND EXISTS (
                   SELECT FROM intents i WHERE i.tenant_id = h.tenant_id AND i.hold_id = h.hold_id AND i.purpose = 'contain'
                     AND i.round = h.contain_round AND i.action IN ('suspend_account', 'join_restraint_group'))))::boolean AS restrained
FROM (SELECT DISTINCT s.account_id FROM snapshots s
      WHERE s.tenant_id = @tenant_id AND s.connection_id = @connection_id
        AND s.document @> '{"roles": [{"privileged": true}]}') a
CROSS JOIN LATERAL (SELECT l.document FROM snapshots l
      WHERE l.tenant_id = @tenant_id AND l.connection_id = @connection_id AND l.account_id = a.account_id
      ORDER BY l.taken_at DESC LIMIT 1) n
WHERE n.document -> 'roles' @> jsonb_build_array(jsonb_build_object('kind', @kind::text));

-- name: OpenCircuit :execrows
INSERT INTO circuits (tenant_id, connection_id, cap, scope, opened_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: CloseCircuits :many
UPDATE circuits c SET closed_at = @at::timestamptz
WHERE c.tenant_id = @tenant_id AND c.connection_id = @connection_id AND c.closed_at IS NULL
  AND NOT EXISTS (SELECT FROM holds h WHERE h.tenant_id = c.tenant_id AND h.connection_id = c.connection_id
                  AND h.waits = 'containment' AND h.waits_cap = c.cap AND h.waits_scope = c.scope)
RETURNING c.cap;
