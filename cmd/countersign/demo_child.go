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
	Entra    simDirectory `json:"entra"`
	AdminURL string       `json:"adminURL"`
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

// simDirectory is the simulated Entra directory of the same company.
type simDirectory struct {
	URL          string `json:"url"`
	TenantID     string `json:"tenantID"`
	ClientID     string `json:"clientID"`
	ClientSecret string `json:"clientSecret"`
	Principal    string `json:"principal"`
	Company      struct {
		RestraintGroup string `json:"restraintGroup"`
		People         []struct {
			ID    string `json:"id"`
			Login string `json:"userPrincipalName"`
		} `json:"people"`
	} `json:"company"`
}

// Account is the account of the person who signs in at Okta under the same name,
// empty when there is none.
func (d simDirectory) Account(p simPerson) string {
	for _, a := range d.Company.People {
		if a.Login == p.Profile["login"] {
			return a.ID
		}
	}
	return ""
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

// simAct is something that somebody does at one of the simulated platforms.
type simAct struct {
	At      string         `json:"at"`
	Story   string         `json:"story"`
	Request map[string]any `json:"request"`
}

// simRecord is a record of the simulated directory's audit log.
type simRecord struct {
	ID string    `json:"id"`
	At time.Time `json:"activityDateTime"`
}

// play has acts happen one right after the other, and returns the audit records that
// each wrote at the directory.
func (s *simulator) play(ctx context.Context, acts ...simAct) ([][]simRecord, error) {
	var told []struct {
		Records []simRecord `json:"records"`
	}
	if err := s.post(ctx, "/play", acts, &told); err != nil {
		return nil, err
	}
	out := make([][]simRecord, len(told))
	for i, t := range told {
		out[i] = t.Records
	}
	return out, nil
}

// get reads something from a simulator itself, to check what we say.
func (s *simulator) get(ctx context.Context, path string, into any) error {
	return s.call(ctx, http.MethodGet, path, nil, into)
}

func (s *simulator) post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.call(ctx, http.MethodPost, path, raw, into)
}

func (s *simulator) call(ctx context.Context, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
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
