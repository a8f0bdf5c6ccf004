package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// simulator is the identity provider and the mail server: idpsim, as a process of its
// own, with as many accounts more as a measure needs.
type simulator struct {
	*child
	ready simulatorReady
}

// simulatorReady is what of its first line matters here.
type simulatorReady struct {
	Okta struct {
		URL     string          `json:"url"`
		Token   string          `json:"token"`
		Company json.RawMessage `json:"company"`
	} `json:"okta"`
	Mail struct {
		SMTPAddr       string `json:"smtpAddr"`
		CertificatePEM string `json:"certificatePEM"`
	} `json:"mail"`
}

// simCompany is what of its company the configuration needs.
type simCompany struct {
	RestraintGroup string `json:"restraintGroup"`
	People         []struct {
		ID   string `json:"id"`
		Duty string `json:"duty"`
	} `json:"people"`
	Tokens []struct {
		ID    string `json:"id"`
		Owner string `json:"owner"`
	} `json:"tokens"`
}

func (s *simulator) company() (c simCompany, err error) {
	return c, json.Unmarshal(s.ready.Okta.Company, &c)
}

// simulator starts idpsim twice: the first tells of the company that it has by itself,
// to which the second is given more people.
func (b *bench) simulator(ctx context.Context, accounts int) (*simulator, error) {
	first, err := b.startSimulator(ctx)
	if err != nil || accounts == 0 {
		return first, err
	}
	grown, err := grow(first.ready.Okta.Company, accounts)
	first.kill()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.dir, "company.json")
	if err := os.WriteFile(path, grown, 0o600); err != nil {
		return nil, err
	}
	return b.startSimulator(ctx, "--company", path)
}

func (b *bench) startSimulator(ctx context.Context, args ...string) (*simulator, error) {
	s := &simulator{}
	var err error
	s.child, err = start(ctx, exec.Command(filepath.Join(b.programs, "idpsim"), args...),
		func(c *exec.Cmd) (io.ReadCloser, error) { return c.StdoutPipe() },
		func(line []byte) bool { return json.Unmarshal(line, &s.ready) == nil && s.ready.Okta.URL != "" })
	return s, err
}

// accountID is the id of an account that grow adds.
func accountID(n int) string { return fmt.Sprintf("00uBench%012d", n) }

// grow adds people to a company, each like its engineer.
func grow(company json.RawMessage, accounts int) ([]byte, error) {
	var c map[string]json.RawMessage
	if err := json.Unmarshal(company, &c); err != nil {
		return nil, err
	}
	var people []map[string]any
	if err := json.Unmarshal(c["people"], &people); err != nil {
		return nil, err
	}
	for n := range accounts {
		people = append(people, map[string]any{
			"id": accountID(n), "status": "ACTIVE", "factors": []any{}, "roles": []any{}, "place": "office",
			"created": "2025-03-03T09:00:00Z", "activated": "2025-03-03T09:00:00Z", "lastUpdated": "2025-03-03T09:00:00Z",
			"profile": map[string]any{
				"firstName": fmt.Sprintf("Person%d", n), "lastName": "Bench", "login": login(n), "email": login(n), "userType": "employee",
				"department": "Engineering", "title": "Engineer",
			},
		})
	}
	var err error
	if c["people"], err = json.Marshal(people); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func login(n int) string { return fmt.Sprintf("person%d@nordwind.example", n) }

func (c simCompany) withDuty(duty string) []string {
	var out []string
	for _, p := range c.People {
		if strings.EqualFold(p.Duty, duty) {
			out = append(out, p.ID)
		}
	}
	return out
}
