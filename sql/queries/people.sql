-- name: ListPeople :many
SELECT * FROM people WHERE tenant_id = $1 ORDER BY person_id;

-- name: GetPerson :one
SELECT * FROM people WHERE tenant_id = $1 AND person_id = $2;

-- name: GetPersonOf :one
SELECT p.* FROM people p JOIN person_accounts a USING (tenant_id, person_id)
WHERE a.tenant_id = $1 AND a.connection_id = $2 AND a.account_id = $3 AND p.removed_at IS NULL;

-- name: ListPeopleByID :many
SELECT * FROM people WHERE tenant_id = @tenant_id AND person_id = ANY (@person_ids::text[]);

-- name: UpsertPerson :exec
INSERT INTO people (tenant_id, person_id, source, name, belonging, manager_id, department) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, person_id) DO UPDATE SET name = excluded.name, belonging = excluded.belonging,
    manager_id = excluded.manager_id, department = excluded.department, source = excluded.source, removed_at = NULL;

-- name: RemovePerson :exec
UPDATE people SET removed_at = @at::timestamptz WHERE tenant_id = @tenant_id AND person_id = @person_id AND removed_at IS NULL;

-- name: ListAllAccounts :many
SELECT * FROM person_accounts WHERE tenant_id = $1 ORDER BY connection_id, account_id;

-- name: ListAccounts :many
SELECT * FROM person_accounts WHERE tenant_id = @tenant_id AND person_id = ANY (@person_ids::text[])
ORDER BY connection_id, account_id;

-- name: UpsertAccount :exec
INSERT INTO person_accounts (tenant_id, connection_id, account_id, person_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, connection_id, account_id) DO UPDATE SET person_id = excluded.person_id;

-- name: DeleteAccount :exec
DELETE FROM person_accounts WHERE tenant_id = $1 AND connection_id = $2 AND account_id = $3 AND person_id = $4;

-- name: ListAllPoints :many
SELECT * FROM contact_points WHERE tenant_id = $1 ORDER BY seq;

-- name: ListPoints :many
SELECT * FROM contact_points
WHERE tenant_id = @tenant_id AND person_id = ANY (@person_ids::text[]) AND removed_at IS NULL ORDER BY seq;

-- name: InsertPoint :exec
INSERT INTO contact_points (tenant_id, point_id, person_id, kind, value, value_key, source, within_id, on_file_at, shared)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: PlacePoint :exec
UPDATE contact_points SET within_id = $3, shared = $4 WHERE tenant_id = $1 AND point_id = $2;

-- name: RemovePoint :exec
UPDATE contact_points SET removed_at = @at::timestamptz WHERE tenant_id = @tenant_id AND point_id = @point_id AND removed_at IS NULL;

-- name: InsertLink :exec
INSERT INTO signin_links (tenant_id, token, person_id, by, expires_at) VALUES ($1, $2, $3, $4, $5);

-- name: UseLink :one
UPDATE signin_links l SET used_at = @at::timestamptz FROM people p
WHERE l.tenant_id = @tenant_id AND l.token = @token AND l.used_at IS NULL AND l.expires_at > @at
  AND p.tenant_id = l.tenant_id AND p.person_id = l.person_id AND p.removed_at IS NULL
RETURNING l.person_id;

-- name: InsertSession :exec
INSERT INTO sessions (tenant_id, token, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5);

-- name: GetSession :one
SELECT s.* FROM sessions s JOIN people p USING (tenant_id, person_id)
WHERE s.tenant_id = @tenant_id AND s.token = @token AND s.ended_at IS NULL AND s.expires_at > @at AND p.removed_at IS NULL;

-- name: EndSession :exec
UPDATE sessions SET ended_at = @at::timestamptz WHERE tenant_id = @tenant_id AND token = @token AND ended_at IS NULL;
