package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
)

// plainCommand is the first argument with which this program is the plain service.
const plainCommand = "plain"

// plainConfig is what the plain service is told.
type plainConfig struct {
	DSN, Listen, Secret string
	URLs                []string // of the organisations
	Token, Group        string
	SMTP, Certificate   string
	Tuned               bool
}

// plainService is what a team would write in an afternoon, to compare with: a handler
// that stores the event and its job in one transaction, and a worker that puts the
// account into the group and writes to its owner. There is no policy, no read-back, no
// label, no evidence and no audit. It uses River's driver for database/sql, which this
// module has, and which polls.
func plainService(ctx context.Context, args []string) error {
	var c plainConfig
	if len(args) != 1 {
		return fmt.Errorf("the plain service needs the file of its configuration")
	}
	data, err := os.ReadFile(args[0])
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return err
	}
	db, err := sql.Open("postgres", c.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(40)
	db.SetMaxIdleConns(40)
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE events (id text PRIMARY KEY, body jsonb NOT NULL)`); err != nil {
		return err
	}
	effects, err := newEffects(c)
	if err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &plainWorker{effects: effects})
	config := &river.Config{Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 50}}}
	if c.Tuned {
		config.FetchCooldown, config.FetchPollInterval = 5*time.Millisecond, 10*time.Millisecond
		config.Queues[river.QueueDefault] = river.QueueConfig{MaxWorkers: 100}
	}
	client, err := river.NewClient(riverdatabasesql.New(db), config)
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, &plainHandler{secret: c.Secret, db: db, client: client}) //nolint:gosec // it is killed
}

// plainEvent is what of an event the plain service reads.
type plainEvent struct {
	UUID   string `json:"uuid"`
	Type   string `json:"eventType"`
	Target []struct {
		ID    string `json:"id"`
		Login string `json:"alternateId"`
	} `json:"target"`
}

type plainArgs struct {
	Account, Login, Organisation string
}

func (plainArgs) Kind() string { return "contain" }

type plainWorker struct {
	river.WorkerDefaults[plainArgs]
	effects *effects
}

func (w *plainWorker) Work(ctx context.Context, job *river.Job[plainArgs]) error {
	if err := w.effects.contain(ctx, job.Args.Organisation, job.Args.Account); err != nil {
		return err
	}
	return w.effects.tell(job.Args.Login)
}

type plainHandler struct {
	secret string
	db     *sql.DB
	client *river.Client[*sql.Tx]
}

func (h *plainHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != h.secret {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	var body struct {
		Data struct {
			Events []json.RawMessage `json:"events"`
		} `json:"data"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body)
	if err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	for _, raw := range body.Data.Events {
		if err := h.take(r.Context(), raw, r.URL.Query().Get("organisation")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// take stores an event with its job, once.
func (h *plainHandler) take(ctx context.Context, raw []byte, organisation string) error {
	var e plainEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after a commit
	res, err := tx.ExecContext(ctx, `INSERT INTO events VALUES ($1, $2) ON CONFLICT DO NOTHING`, e.UUID, string(raw))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 || len(e.Target) == 0 {
		return err
	}
	if _, err := h.client.InsertTx(ctx, tx, plainArgs{e.Target[0].ID, e.Target[0].Login, organisation}, nil); err != nil {
		return err
	}
	return tx.Commit()
}
