-- name: ClaimDelivery :one
SELECT tenant_id::text AS tenant_id, delivery_id::bigint AS delivery_id FROM claim_delivery(@at::timestamptz);

-- name: DueHolds :many
SELECT tenant_id::text AS tenant_id, hold_id::uuid AS hold_id FROM due_holds(@at::timestamptz, @most::integer);

-- name: RestrainedHolds :many
SELECT tenant_id::text AS tenant_id, hold_id::uuid AS hold_id FROM restrained_holds(@before::timestamptz, @most::integer);

-- name: AllConnections :many
SELECT tenant_id::text AS tenant_id, connection_id::text AS connection_id, provider::text AS provider, mode::text AS mode
FROM all_connections();

-- name: InboxCounts :one
SELECT undecided::bigint AS undecided, failed::bigint AS failed FROM inbox_counts();

-- name: AuditSize :one
SELECT audit_size()::bigint AS size;

-- name: AuditPage :many
SELECT seq::bigint AS seq, body::text AS body FROM audit_page(@first::bigint, @most::integer);

-- name: WaitingDeliveries :many
SELECT tenant_id::text AS tenant_id, connection_id::text AS connection_id, source::text AS source, waiting::bigint AS waiting
FROM waiting_deliveries(@most::integer);

-- name: DoubtfulEvents :many
SELECT tenant_id::text AS tenant_id, hold_id::uuid AS hold_id, connection_id::text AS connection_id, event_id::text AS event_id,
    type::text AS type, confirmed::boolean AS confirmed
FROM doubtful_events(make_interval(secs => @patience::float8), @most::integer);
