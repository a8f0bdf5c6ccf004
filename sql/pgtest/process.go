package pgtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/sql/localpg"
)

// startTimeout bounds everything that is done once: initdb on a busy machine
// behind other processes that wait for the same lock.
const startTimeout = 3 * time.Minute

// process is the server of this process with its templates.
type process struct {
	start func() (*localpg.Server, error)
	leash *leash // never closed: the end of the process does that

	mu        sync.Mutex
	templates map[string]func() (string, error) // by key; each builds once
	databases int
}

// shared is the one variable of the package: tests know nothing of each other,
// so there is nobody else to hand them the same server.
var shared = newProcess()

func newProcess() *process {
	p := &process{templates: map[string]func() (string, error){}}
	p.start = sync.OnceValues(p.startServer)
	return p
}

func (p *process) startServer() (*localpg.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	h, err := openHome()
	if err != nil {
		return nil, err
	}
	s, hold, err := h.newServer(ctx)
	p.leash = hold
	return s, err
}

// server is the running server, started with the first call.
func (p *process) server() (*localpg.Server, error) {
	s, err := p.start()
	if err != nil {
		return nil, err
	}
	select {
	case <-s.Done():
		return nil, fmt.Errorf("the tests' shared server is gone; a test that kills one takes pgtest.Server: %w", s.Err())
	default:
		return s, nil
	}
}

type prepareFunc func(ctx context.Context, ownerDSN string) error

// template is the name of the template for the key, which the first caller
// builds while others wait.
func (p *process) template(s *localpg.Server, key string, prepare prepareFunc) (string, error) {
	p.mu.Lock()
	build := p.templates[key]
	if build == nil {
		build = sync.OnceValues(func() (string, error) { return buildTemplate(s, key, prepare) })
		p.templates[key] = build
	}
	p.mu.Unlock()
	return build()
}

func buildTemplate(s *localpg.Server, key string, prepare prepareFunc) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	sum := sha256.Sum256([]byte(key))
	name := "template_" + hex.EncodeToString(sum[:8])
	if err := s.CreateDatabase(ctx, name, ""); err != nil {
		return "", err
	}
	if err := prepare(ctx, s.DSN(localpg.RoleOwner, name)); err != nil {
		return "", fmt.Errorf("cannot prepare the template %q: %w", key, err)
	}
	// A template with a connection to it cannot be copied. One that prepare
	// forgot is ended here, and nobody makes a new one.
	err := asSuper(ctx, s, "ALTER DATABASE "+pq.QuoteIdentifier(name)+" ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "+pq.QuoteLiteral(name))
	return name, err
}

// create copies the template to a database with a name of its own.
func (p *process) create(ctx context.Context, s *localpg.Server, template, test string) (string, error) {
	p.mu.Lock()
	p.databases++
	n := p.databases
	p.mu.Unlock()
	name := databaseName(n, test)
	return name, s.CreateDatabase(ctx, name, template)
}

func asSuper(ctx context.Context, s *localpg.Server, statements ...string) error {
	db, err := sql.Open("postgres", s.DSN(localpg.RoleSuper, "postgres"))
	if err != nil {
		return errors.New("cannot make a connection string for the tests' server")
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
