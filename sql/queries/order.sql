-- name: ClaimWaiting :one
SELECT tenant_id::text AS tenant_id, delivery_id::bigint AS delivery_id, lane::text AS lane, oldest::bigint AS oldest,
    this::bigint AS this
FROM claim_waiting(@at::timestamptz, @after_connection::text, @after_source::text, @lanes::text[], @marks::bigint[], @retried::boolean);

-- name: PruneDeliveries :one
SELECT coalesce(last, 0)::bigint AS last, emptied::integer AS emptied, events::integer AS events, removed::integer AS removed
FROM prune_deliveries(@behind::bigint, @bodies_before::timestamptz, @events_before::timestamptz, @most::integer);

-- name: PruneSnapshots :one
SELECT last_tenant::text AS last_tenant, last_connection::text AS last_connection, last_account::text AS last_account,
    removed::integer AS removed
FROM prune_snapshots(@behind_tenant::text, @behind_connection::text, @behind_account::text, @before::timestamptz, @keep::integer, @most::integer);

-- name: PruneSignin :one
SELECT prune_signin(@before::timestamptz, @most::integer)::integer AS removed;

-- name: PruneCheckpoints :one
SELECT prune_checkpoints(@before::timestamptz, @most::integer)::integer AS removed;

-- name: NoteRestore :one
SELECT note_restore(@at::timestamptz, @why::text)::boolean AS noted;
