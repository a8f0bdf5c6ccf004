// Package prepared keeps the statements of a connection prepared, so that the
// server parses and plans each of them once and not with every call. For short
// statements that is most of what they cost, and it saves a trip to the server.
//
//	db := sql.OpenDB(prepared.Connector(pqConnector))
//
// It promises that a statement does the same with it as without: also after a
// migration, when the server refuses a plan whose result has changed. Then every
// connection forgets what it has prepared; the statement that met it fails with
// the server's error, which [Stale] recognises and which running the transaction
// again mends.
//
// It refuses nothing, and leaves alone what has no arguments: BEGIN, COMMIT and
// what is written at run time.
//
// It needs connections that are a session of the server each, or a pooler that
// knows prepared statements (PgBouncer from 1.21 with max_prepared_statements).
package prepared
