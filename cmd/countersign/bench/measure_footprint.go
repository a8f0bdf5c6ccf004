package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// footprint is what the service takes when nothing happens, and how soon it is there.
func footprint(ctx context.Context, b *bench) ([]row, error) {
	w, err := b.world(ctx, shape{})
	if err != nil {
		return nil, err
	}
	defer w.close()
	settle := 20 * time.Second
	if b.short {
		settle = time.Second
	}
	if !wait(ctx, settle) {
		return nil, ctx.Err()
	}
	idle, err := w.service.resident()
	if err != nil {
		return nil, err
	}
	out := []row{plain("Resident memory, idle", atMost(60, "MB"), idle, fmt.Sprintf("%s after the start", settle))}
	var starts series
	for range b.rounds {
		w.service.kill()
		took, err := w.restart(ctx)
		if err != nil {
			return out, err
		}
		starts = append(starts, millis(took))
	}
	out = append(out, plain("exec to the first durable 2xx", atMost(300, "ms"), starts.median(), starts.String()+" ms, on a database that exists"))
	size, err := stripped(ctx, b.dir)
	if err != nil {
		b.say("the stripped program was not built: %v", err)
		return append(out, row{"Program, stripped", atMost(40, "MB").String(), "–", firstLine(err), "not measured"}), nil
	}
	return append(out, plain("Program, stripped", atMost(40, "MB"), size, "go build -ldflags '-s -w', 10⁶ bytes")), nil
}

// restart starts the service and is how long it takes until it has made a delivery
// durable.
func (w *world) restart(ctx context.Context) (time.Duration, error) {
	body := w.signIn()
	c := newClient(1)
	defer c.CloseIdleConnections()
	began := time.Now()
	if err := w.serve(ctx); err != nil { // it listens as soon as it says that it is up
		return 0, err
	}
	status, err := deliver(c, w.door(0), w.secretOf(0), body)
	took := time.Since(began)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("the first delivery was answered %d", status)
	}
	return took, err
}

// stripped builds the program without its symbols, as a package has it, and is its
// size in MB.
func stripped(ctx context.Context, dir string) (float64, error) {
	path := filepath.Join(dir, "stripped")
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", path, "github.com/countersign/countersign/cmd/countersign")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w: %s", err, strings.TrimSpace(string(out)))
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()) / 1e6, os.Remove(path)
}
