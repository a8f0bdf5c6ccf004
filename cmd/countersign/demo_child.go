package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// simulator is the identity platform and mail server of the demonstration: a
// child process that ends when this one does.
type simulator struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ready simulatorReady
	ended chan struct{} // closed when the child has
	wrong error         // how it ended; to be read after that
}

// simulatorReady is the line it prints when everything listens; only what the
// demonstration needs.
type simulatorReady struct {
	Okta struct {
		URL     string     `json:"url"`
		Token   string     `json:"token"`
		Company simCompany `json:"company"`
	} `json:"okta"`
	AdminURL string `json:"adminURL"`
	Mail     struct {
		SMTPAddr       string `json:"smtpAddr"`
		CertificatePEM string `json:"certificatePEM"`
		URL            string `json:"url"`
	} `json:"mail"`
}

type simCompany struct {
	Name           string      `json:"name"`
	RestraintGroup string      `json:"restraintGroup"`
	People         []simPerson `json:"people"`
	Tokens         []struct {
		ID    string `json:"id"`
		Owner string `json:"owner"`
	} `json:"tokens"`
}

type simPerson struct {
	ID      string            `json:"id"`
	Duty    string            `json:"duty"`
	Profile map[string]string `json:"profile"`
}

// startSimulator finds the program beside this one or on the PATH.
func startSimulator(ctx context.Context, errOut io.Writer) (*simulator, error) {
	path, err := findSimulator()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Stderr = errOut
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us alone: it goes last
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the simulated identity provider: %w", err)
	}
	s := &simulator{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	line, err := bufio.NewReaderSize(stdout, 4<<20).ReadBytes('\n')
	go func() {
		s.wrong = cmd.Wait()
		close(s.ended)
	}()
	if err == nil {
		err = json.Unmarshal(line, &s.ready)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the simulated identity provider did not start: %w", err), s.stop())
	}
	return s, nil
}

func findSimulator() (string, error) {
	self, err := os.Executable()
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), "idpsim")
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath("idpsim")
	if err != nil {
		return "", errors.New("the demonstration needs the program idpsim beside countersign; build both with `make build`")
	}
	return path, nil
}

// stop ends the child by closing its input, and waits for it.
func (s *simulator) stop() error {
	err := s.stdin.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil // it had ended by itself
	}
	<-s.ended
	if s.wrong != nil && s.cmd.ProcessState != nil && s.cmd.ProcessState.ExitCode() > 0 {
		err = errors.Join(err, fmt.Errorf("the simulated identity provider: %w", s.wrong))
	}
	return err
}

// tell plays a story at the simulated provider.
func (s *simulator) tell(ctx context.Context, story string, request map[string]any) error {
	return s.post(ctx, "/sim/stories/"+story, request, nil)
}

// person reads an account's state from the simulator itself, to check ours.
func (s *simulator) person(ctx context.Context, id string, into any) error {
	return s.call(ctx, http.MethodGet, "/sim/people/"+id, nil, into)
}

func (s *simulator) post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.call(ctx, http.MethodPost, path, raw, into)
}

func (s *simulator) call(ctx context.Context, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.ready.AdminURL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the simulated identity provider: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the simulated identity provider refused %s: %s", path, bytes.TrimSpace(answer))
	}
	if into == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, into)
}
