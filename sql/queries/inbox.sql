-- name: InsertDelivery :exec
INSERT INTO deliveries (tenant_id, connection_id, source, envelope, body, digest, received_at, peer, secret)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: ReceiveDeliveries :exec
SELECT receive_deliveries(@tenants::text[], @connections::text[], @sources::text[], @envelopes::text[], @bodies::bytea[],
    @digests::bytea[], @received::timestamptz[], @peers::text[], @secrets::text[]);

-- name: GetDelivery :one
SELECT * FROM deliveries WHERE tenant_id = $1 AND delivery_id = $2;

-- name: DecideDelivery :execrows
UPDATE deliveries SET decided_at = @at::timestamptz, retry_at = NULL, trouble = ''
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id AND decided_at IS NULL AND failed_at IS NULL;

-- name: CountAttempt :one
UPDATE deliveries SET attempts = attempts + 1, deaths = 0, retry_at = @retry_at::timestamptz, trouble = @trouble
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id AND decided_at IS NULL AND failed_at IS NULL
RETURNING attempts;

-- name: CountDeath :exec
UPDATE deliveries SET deaths = deaths + 1, retry_at = @retry_at::timestamptz
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id;

-- name: LockDelivery :one
SELECT * FROM deliveries
WHERE tenant_id = $1 AND delivery_id = $2 AND deaths = $3 AND decided_at IS NULL AND failed_at IS NULL
FOR UPDATE SKIP LOCKED;

-- name: FailDelivery :execrows
UPDATE deliveries SET failed_at = @at::timestamptz, retry_at = NULL, attempts = attempts + 1, trouble = @trouble
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id AND decided_at IS NULL AND failed_at IS NULL;

-- name: RetryDelivery :execrows
UPDATE deliveries SET failed_at = NULL, retry_at = received_at, attempts = 0, deaths = 0
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id AND failed_at IS NOT NULL;

-- name: ListFailedDeliveries :many
SELECT delivery_id, connection_id, source, envelope, digest, received_at, attempts, failed_at, trouble
FROM deliveries
WHERE tenant_id = @tenant_id AND (failed_at IS NOT NULL OR decided_at IS NULL AND attempts >= @stuck)
ORDER BY delivery_id DESC LIMIT @most;

-- name: CountInbox :one
SELECT ((SELECT count(*) FROM deliveries a WHERE a.tenant_id = $1 AND a.decided_at IS NULL AND a.failed_at IS NULL AND a.retry_at IS NULL)
      + (SELECT count(*) FROM deliveries b WHERE b.tenant_id = $1 AND b.decided_at IS NULL AND b.failed_at IS NULL AND b.retry_at IS NOT NULL))::bigint
      AS undecided,
    (SELECT count(*) FROM deliveries c WHERE c.tenant_id = $1 AND c.failed_at IS NOT NULL) AS failed;

-- name: InsertEvent :execrows
INSERT INTO events (tenant_id, connection_id, event_id, delivery_id, type, class, verb, outcome, occurred_at, actor_id,
    transaction, document, fields, network, told_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT DO NOTHING;

-- name: RetellEvents :exec
WITH again AS (
    SELECT f.event_id FROM events f
    WHERE f.tenant_id = @tenant_id AND f.connection_id = @connection_id AND f.event_id = ANY (@event_ids::text[])
      AND f.told_by = @first AND f.retold_at IS NULL
    ORDER BY f.event_id FOR UPDATE
)
UPDATE events e SET retold_at = @at::timestamptz FROM again
WHERE e.tenant_id = @tenant_id AND e.connection_id = @connection_id AND e.event_id = again.event_id;

-- name: ListSightings :many
SELECT e.type, e.transaction, e.occurred_at, d.received_at, e.told_by, (e.retold_at IS NOT NULL)::boolean AS both_ways
FROM events e JOIN deliveries d USING (tenant_id, delivery_id)
WHERE e.tenant_id = @tenant_id AND e.connection_id = @connection_id AND e.told_by <> ''
  AND e.occurred_at >= @since AND e.occurred_at <= @until
ORDER BY e.occurred_at DESC, e.event_id LIMIT @most;

-- name: ListHints :many
SELECT DISTINCT date_trunc('minute', received_at)::timestamptz AS at FROM deliveries
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND source = 'hook' AND received_at >= @since
ORDER BY 1;

-- name: ExistingEvents :many
SELECT event_id FROM events
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND event_id = ANY (@event_ids::text[]);

-- name: HookEvents :many
SELECT e.event_id, e.document FROM events e JOIN deliveries d USING (tenant_id, delivery_id)
WHERE e.tenant_id = @tenant_id AND e.connection_id = @connection_id AND e.event_id = ANY (@event_ids::text[])
  AND d.source = 'hook';

-- name: ConfirmEvents :exec
UPDATE events e SET confirmed_at = @at::timestamptz
WHERE e.tenant_id = @tenant_id AND e.connection_id = @connection_id AND e.event_id = ANY (@event_ids::text[]) AND e.confirmed_at IS NULL
  AND EXISTS (SELECT FROM deliveries d WHERE d.tenant_id = e.tenant_id AND d.delivery_id = e.delivery_id AND d.source = 'hook')
  AND EXISTS (SELECT FROM event_verdicts v WHERE v.tenant_id = e.tenant_id AND v.connection_id = e.connection_id
                AND v.event_id = e.event_id AND v.hold_id IS NOT NULL);

-- name: DoubtEvent :execrows
UPDATE events SET doubted_at = CASE WHEN confirmed_at IS NULL THEN @at::timestamptz END
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND event_id = @event_id
  AND (confirmed_at IS NULL) = (doubted_at IS NULL);

-- name: InsertVerdict :exec
INSERT INTO event_verdicts (tenant_id, connection_id, event_id, subject_id, class, verdict, reason, rule, hold_id,
    occurred_at, judged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: ListVerdicts :many
SELECT sqlc.embed(e), v.subject_id, v.verdict, v.reason, v.rule, v.hold_id
FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id)
WHERE v.tenant_id = @tenant_id AND (@every_hold::boolean OR v.hold_id = @hold_id::uuid)
ORDER BY v.occurred_at DESC, v.event_id DESC, v.subject_id LIMIT @most;

-- name: RecentEvents :many
SELECT class, verb, outcome, occurred_at, actor_kind, own FROM (
    SELECT DISTINCT ON (v.class, e.verb, e.outcome, 5, 6) v.class, e.verb, e.outcome, v.occurred_at,
        coalesce(e.document -> 'actor' ->> 'kind', '')::text AS actor_kind, (e.actor_id <> '' AND e.actor_id = v.subject_id)::boolean AS own
    FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id)
    WHERE v.tenant_id = @tenant_id
      AND (v.connection_id, v.subject_id) IN (SELECT unnest(@connections::text[]), unnest(@accounts::text[]))
      AND v.class <> 'none' AND v.occurred_at >= @since
      AND NOT (v.connection_id = @connection_id AND v.event_id = @event_id)
    ORDER BY v.class, e.verb, e.outcome, 5, 6, v.occurred_at DESC
) newest ORDER BY occurred_at DESC, class, verb LIMIT 500;

-- name: SeenNetwork :one
SELECT EXISTS (SELECT FROM events e
    WHERE e.tenant_id = @tenant_id AND e.connection_id = @connection_id AND e.actor_id = @actor_id AND e.network = @network
      AND e.network <> '' AND e.occurred_at >= @since AND e.occurred_at < @until AND e.outcome <> 'failure'
      AND NOT EXISTS (SELECT FROM event_verdicts v
                      WHERE v.tenant_id = e.tenant_id AND v.connection_id = e.connection_id AND v.event_id = e.event_id
                        AND (v.verdict = 'hold' OR EXISTS (SELECT FROM holds h
                             WHERE h.tenant_id = v.tenant_id AND h.hold_id = v.hold_id AND (h.state <> 'released' OR h.not_me_at IS NOT NULL)))))::boolean AS seen;

-- name: AccountMade :one
SELECT e.occurred_at FROM event_verdicts v JOIN events e USING (tenant_id, connection_id, event_id)
WHERE v.tenant_id = @tenant_id AND v.connection_id = @connection_id AND v.subject_id = @account_id
  AND v.occurred_at >= @since AND v.occurred_at <= @until AND lower(btrim(e.type)) = ANY (@types::text[]) AND e.outcome <> 'failure'
ORDER BY v.occurred_at LIMIT 1;

-- name: UpsertCursor :exec
INSERT INTO poll_cursors (tenant_id, connection_id, cursor, moved_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at;

-- name: GetCursor :one
SELECT cursor FROM poll_cursors WHERE tenant_id = $1 AND connection_id = $2;

-- name: InsertSnapshot :exec
INSERT INTO snapshots (tenant_id, connection_id, account_id, taken_at, document, contacts)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: GetSnapshot :one
SELECT * FROM snapshots
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND account_id = @account_id
  AND taken_at < @before
ORDER BY taken_at DESC LIMIT 1;
