package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patience is how long a program may take to do what it is waited for.
const patience = 2 * time.Minute

// child is a program that this one has started.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  *tail
	ended chan struct{} // closed when it has
}

// start starts a program. Every line of one of its outputs goes to line until that
// returns true; then it is up.
func start(ctx context.Context, cmd *exec.Cmd, from func(*exec.Cmd) (io.ReadCloser, error), line func([]byte) bool) (*child, error) {
	c := &child{cmd: cmd, said: &tail{}, ended: make(chan struct{})}
	out, err := from(cmd)
	if err != nil {
		return nil, err
	}
	if cmd.Stderr == nil { // the other output is the one that is read
		cmd.Stderr = c.said
	}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	up := make(chan struct{})
	go func() {
		lines := bufio.NewReaderSize(io.TeeReader(out, c.said), 64<<10)
		is := false
		for {
			raw, err := lines.ReadBytes('\n')
			if !is && len(raw) > 0 && line(raw) {
				is = true
				close(up)
			}
			if err != nil {
				break
			}
		}
		_ = cmd.Wait() // how it ended nobody asks: it is killed
		close(c.ended)
	}()
	select {
	case <-up:
		return c, nil
	case <-c.ended:
		err = errors.New("it ended at once")
	case <-time.After(patience):
		err = errors.New("it is not up")
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.kill()
	return nil, fmt.Errorf("%s: %w:\n%s", cmd.Path, err, c.said)
}

// kill ends it and waits until it has.
func (c *child) kill() {
	_ = c.stdin.Close()      // which is how a simulator is ended
	_ = c.cmd.Process.Kill() // it may be gone already
	<-c.ended
}

// resident is how much memory it has in RAM, in MB.
func (c *child) resident() (float64, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("the system does not tell how much memory a process has")
}

// tail keeps the last of what a program says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-16<<10):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// serviceUp reads the line of a service that is up.
func serviceUp(public *string) func([]byte) bool {
	return func(raw []byte) bool {
		var l struct{ Msg, Public string }
		if json.Unmarshal(raw, &l) != nil || l.Msg != "countersign is up" {
			return false
		}
		*public = l.Public
		return true
	}
}
