package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"

	"github.com/countersign/countersign/sql/localpg"
)

// plainStorm is what storm is, for the plain service on a database of its own.
func (w *world) plainStorm(ctx context.Context, tuned bool) (float64, error) {
	w.b.worlds++
	d := &database{server: w.b.server, name: fmt.Sprintf("plain_%d", w.b.worlds)}
	if err := w.b.server.CreateDatabase(ctx, d.name, ""); err != nil {
		return 0, err
	}
	var err error
	if d.DB, err = sql.Open("postgres", d.dsn(localpg.RoleSuper)); err != nil {
		return 0, err
	}
	defer d.Close()
	address, service, err := w.plain(ctx, d, tuned)
	if err != nil {
		return 0, err
	}
	defer service.kill()
	first := w.spare
	w.spare += w.b.storm
	return w.race(ctx, func(c *http.Client, n int) (int, error) {
		account := first + n
		to := "http://" + address + "/?organisation=" + url.QueryEscape(w.watch.urls[w.connectionOf(account)])
		return deliver(c, to, w.secret, w.reset(account))
	}, func() (int, error) {
		return d.number(ctx, `SELECT count(*) FROM river_job WHERE state = 'completed'`)
	})
}

// plain starts the plain service.
func (w *world) plain(ctx context.Context, d *database, tuned bool) (address string, c *child, err error) {
	company, err := w.sim.company()
	if err != nil {
		return "", nil, err
	}
	config, err := json.Marshal(plainConfig{
		DSN: d.dsn(localpg.RoleOwner), Listen: "127.0.0.1:0", Secret: w.secret, URLs: w.watch.urls, Token: w.sim.ready.Okta.Token,
		Group: company.RestraintGroup, SMTP: w.sim.ready.Mail.SMTPAddr, Certificate: w.sim.ready.Mail.CertificatePEM, Tuned: tuned,
	})
	if err != nil {
		return "", nil, err
	}
	file := w.file(d.name + ".json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return "", nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	c, err = start(ctx, exec.Command(self, plainCommand, file), func(c *exec.Cmd) (io.ReadCloser, error) { return c.StdoutPipe() }, func(line []byte) bool {
		address = string(bytes.TrimSpace(line))
		return true
	})
	return address, c, err
}
