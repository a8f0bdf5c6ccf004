package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/sql/localpg"
)

// drive is one run of pgbench.
type drive struct {
	script  string
	clients int
	span    time.Duration
	rate    int // transactions a second; 0 is as many as there can be
}

// driven is what came of it.
type driven struct {
	tps     float64
	latency series // milliseconds, with the time that a transaction waited for its turn
}

// pgbench runs a script, as the owner of the tables, whom no wall holds up. The time
// it is given begins before its clients are connected: where they were not until its
// end, it is given more.
func (b *bench) pgbench(ctx context.Context, d *database, p drive) (out driven, err error) {
	for tries := 0; tries < 7 && err == nil && len(out.latency) == 0; tries++ {
		out, err = b.drive(ctx, d, p)
		p.span *= 2
	}
	return out, err
}

func (b *bench) drive(ctx context.Context, d *database, p drive) (driven, error) {
	dir, err := os.MkdirTemp(b.dir, "pgbench-")
	if err != nil {
		return driven{}, err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(script, []byte(p.script), 0o600); err != nil {
		return driven{}, err
	}
	args := []string{
		"--no-vacuum", "--protocol=prepared", "--file=" + script, "--client=" + strconv.Itoa(p.clients), "--jobs=" + strconv.Itoa(min(p.clients, 2)),
		"--time=" + strconv.Itoa(max(1, int(p.span.Seconds()))), "--log", "--log-prefix=" + filepath.Join(dir, "log"),
	}
	if p.rate > 0 {
		args = append(args, "--rate="+strconv.Itoa(p.rate))
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.server.bin, "pgbench"), args...)
	cmd.Env = append(os.Environ(), d.environment(localpg.RoleOwner)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return driven{}, fmt.Errorf("pgbench: %w: %s", err, strings.TrimSpace(said.String()))
	}
	r := driven{}
	if r.tps, err = rateIn(out); err != nil {
		return r, err
	}
	r.latency, err = latenciesIn(dir)
	return r, err
}

// rateIn finds "tps = 1234.5 (without initial connection time)".
func rateIn(out []byte) (float64, error) {
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "tps = "); ok {
			number, _, _ := strings.Cut(rest, " ")
			return strconv.ParseFloat(number, 64)
		}
	}
	if bytes.Contains(out, []byte("transactions actually processed: 0\n")) {
		return 0, nil
	}
	return 0, fmt.Errorf("pgbench told no rate:\n%s", out)
}

// latenciesIn reads pgbench's logs: the third word of a line is the time of a
// transaction in microseconds, from when it was due.
//
// See https://www.postgresql.org/docs/current/pgbench.html, "Per-Transaction Logging".
func latenciesIn(dir string) (series, error) {
	files, err := filepath.Glob(filepath.Join(dir, "log.*"))
	if err != nil {
		return nil, err
	}
	var out series
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			words := strings.Fields(line)
			if len(words) < 3 {
				continue
			}
			if us, err := strconv.ParseFloat(words[2], 64); err == nil { // "skipped" and "failed" are no time
				out = append(out, us/1000)
			}
		}
	}
	return out, nil
}
