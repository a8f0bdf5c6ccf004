package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/countersign/countersign/providers/okta/oktasim"
)

// child is the program as a process of its own, which can be killed.
type child struct {
	w       *world
	cmd     *exec.Cmd
	public  string
	console string
	log     *record // what it alone said
	ended   chan error
}

// child starts `serve` and waits until it is up.
func (w *world) child() *child {
	w.Helper()
	self, err := os.Executable()
	w.must(err)
	c := w.childOf(self)
	if c.public == "" {
		w.Fatalf("the child ended at once: %v\n%s", c.wait(waiting), w.log.tail(5))
	}
	return c
}

// childOf starts `serve` of a program with something more in its environment,
// and waits until it is up, or over.
func (w *world) childOf(program string, environment ...string) *child {
	w.Helper()
	c := &child{w: w, cmd: exec.Command(program, "serve", "--config", w.file("countersign.yaml")), log: &record{}, ended: make(chan error, 1)}
	c.cmd.Env = append(append(os.Environ(), envChild+"=1"), environment...)
	out, err := c.cmd.StderrPipe()
	w.must(err)
	w.must(c.cmd.Start())
	up := make(chan struct{})
	var once sync.Once
	go func() {
		lines := bufio.NewScanner(io.TeeReader(out, io.MultiWriter(w.log, c.log)))
		for lines.Scan() {
			var l struct{ Msg, Public, Console string }
			if json.Unmarshal(lines.Bytes(), &l) == nil && l.Msg == "countersign is up" {
				once.Do(func() {
					c.public, c.console = l.Public, l.Console
					close(up)
				})
			}
		}
		c.ended <- c.cmd.Wait()
	}()
	w.Cleanup(func() { c.kill() })
	select {
	case <-up:
	case err := <-c.ended:
		c.ended <- err
	case <-time.After(waiting):
		w.Fatal("the child does not start")
	}
	return c
}

// kill ends it without a warning, and waits until it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may be gone already
	c.wait(waiting)
}

// dies waits until it has killed itself.
func (c *child) dies(where string) {
	c.w.Helper()
	err := c.wait(waiting)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		c.w.Fatalf("it did not die at %s: %v\n%s", where, err, c.w.log.tail(20))
	}
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
