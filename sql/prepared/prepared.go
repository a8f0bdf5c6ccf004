package prepared

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/lib/pq"
)

// most is how many statements a connection keeps: several times as many as the
// program has. One more, and it begins anew.
const most = 1000

// Connector makes the connections of c keep their statements prepared. They are
// those of github.com/lib/pq.
func Connector(c driver.Connector) driver.Connector { return &connector{Connector: c} }

// Open is a pool of such connections to what the connection string says.
func Open(dsn string) (*sql.DB, error) {
	c, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, errors.New("the database's connection string cannot be used") // the cause could quote the password
	}
	return sql.OpenDB(Connector(c)), nil
}

type connector struct {
	driver.Connector
	generation atomic.Int64 // of the database's tables, as far as somebody met a change
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	plain, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := plain.(session)
	if !ok {
		return nil, errors.Join(errors.New("prepared: the driver's connections are not those of lib/pq"), plain.Close())
	}
	return &conn{session: full, of: c, generation: c.generation.Load(), statements: map[string]statement{}}, nil
}

// session is what database/sql finds in a connection of lib/pq.
type session interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn is used by one goroutine at a time, as database/sql promises.
type conn struct {
	session
	of         *connector
	generation int64
	statements map[string]statement
	last       context.Context //nolint:containedctx // of the last call since it was looked at
	spoiled    bool
}

// IsValid implements driver.Validator; database/sql asks whenever it gets the
// connection back. For a statement whose context ends lib/pq asks the server to
// cancel whatever the session is doing, and that may arrive when it is doing
// something else: such a session is used by nobody else.
func (c *conn) IsValid() bool {
	if c.last != nil && c.last.Err() != nil {
		c.spoiled = true
	}
	c.last = nil // what ends later ended after its statement
	return !c.spoiled && c.session.IsValid()
}

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	return c.session.ResetSession(ctx)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.session.QueryContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	c.last = ctx
	rows, err := s.QueryContext(ctx, args)
	return rows, c.met(err)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.session.ExecContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	c.last = ctx
	result, err := s.ExecContext(ctx, args)
	return result, c.met(err)
}

// statement prepares what is not prepared yet.
func (c *conn) statement(ctx context.Context, query string) (statement, error) {
	if now := c.of.generation.Load(); now != c.generation || len(c.statements) >= most {
		c.forget()
		c.generation = now
	}
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	plain, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := plain.(statement)
	if !ok {
		return nil, errors.Join(errors.New("prepared: the driver's statements are not those of lib/pq"), plain.Close())
	}
	c.statements[query] = s
	return s, nil
}

// forget lets go of everything prepared. A statement that cannot be closed, as in
// a transaction that has failed, is left to the server until the session ends.
func (c *conn) forget() {
	for _, s := range c.statements {
		_ = s.Close()
	}
	clear(c.statements)
}

// met looks whether an error tells of tables that have changed.
func (c *conn) met(err error) error {
	if Stale(err) {
		c.of.generation.Add(1)
	}
	return err
}

// Stale tells whether the server refused a prepared statement only because it was
// prepared before a change of the tables, or because the session lost it:
// SQLSTATE 26000, and 0A000 with the words of RevalidateCachedQuery in Postgres'
// src/backend/utils/cache/plancache.c. The transaction can be run again.
func Stale(err error) bool {
	var pe *pq.Error
	if !errors.As(err, &pe) {
		return false
	}
	return pe.Code == "26000" || pe.Code == "0A000" && strings.Contains(pe.Message, "cached plan must not change result type")
}
