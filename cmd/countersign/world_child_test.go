package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// child is the program as a process of its own, which can be killed.
type child struct {
	w       *world
	cmd     *exec.Cmd
	public  string
	console string
	ended   chan error
}

// child starts `serve` and waits until it is up.
func (w *world) child() *child {
	w.Helper()
	self, err := os.Executable()
	w.must(err)
	c := &child{w: w, cmd: exec.Command(self, "serve", "--config", w.file("countersign.yaml")), ended: make(chan error, 1)}
	c.cmd.Env = append(os.Environ(), envChild+"=1")
	out, err := c.cmd.StderrPipe()
	w.must(err)
	w.must(c.cmd.Start())
	up := make(chan struct{})
	var once sync.Once
	go func() {
		lines := bufio.NewScanner(io.TeeReader(out, w.log))
		for lines.Scan() {
			var l struct{ Msg, Public, Console string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "countersign is up" {
				c.public, c.console = l.Public, l.Console
				once.Do(func() { close(up) })
			}
		}
		c.ended <- c.cmd.Wait()
	}()
	w.Cleanup(func() { c.kill() })
	select {
	case <-up:
	case err := <-c.ended:
		c.ended <- err
		w.Fatalf("the child ended at once: %v\n%s", err, w.log.tail(5))
	case <-time.After(patience):
		w.Fatal("the child does not start")
	}
	return c
}

// kill ends it without a warning, and waits until it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may be gone already
	c.wait(patience)
}

// wait waits for the end and tells how it came.
func (c *child) wait(most time.Duration) error {
	select {
	case err := <-c.ended:
		c.ended <- err
		return err
	case <-time.After(most):
		return errors.New("it still runs")
	}
}

// hooked points the organisation's hook at the child.
func (c *child) hooked() {
	c.w.Helper()
	o := c.w.orgs[0]
	_, err := o.RegisterHook(oktasim.HookTarget{URL: "http://" + c.public + "/hooks/okta/" + string(o.id), Secret: o.secret})
	c.w.must(err)
}
