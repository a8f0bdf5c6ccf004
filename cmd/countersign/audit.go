package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/countersign/countersign/holds/audit"
	"github.com/countersign/countersign/holds/audit/anchor"
	"github.com/countersign/countersign/sql/pgstore"
)

type auditVerifyCommand struct {
	configFlag
	Checkpoint string `help:"A signed checkpoint to hold the log against; otherwise all in the configured directory." placeholder:"FILE" type:"existingfile"`
	JSON       bool   `help:"Print the report as JSON." name:"json"`
}

// Run verifies the whole log. A bad entry is named and the exit code is 3.
func (c auditVerifyCommand) Run(ctx context.Context, std streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	keys, err := cfg.openKeys()
	if err != nil {
		return err
	}
	checkpoints, err := c.checkpoints(ctx, cfg, keys.verifier)
	if err != nil {
		return err
	}
	d, err := cfg.attach(ctx)
	if err != nil {
		return err
	}
	defer d.close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is left to do about it
	dsn := oneOf(d.owner, d.app)
	report, err := pgstore.VerifyAudit(ctx, dsn, audit.Options{Checkpoints: checkpoints, Progress: progress(std.err)})
	if err != nil {
		return err
	}
	if c.JSON {
		if err := jsonLines(std.out, []audit.Report{report}); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(std.out, report)
	}
	if !report.OK() {
		return exitCode(3)
	}
	return nil
}

func (c auditVerifyCommand) checkpoints(ctx context.Context, cfg *Config, v *audit.Verifier) ([]audit.Checkpoint, error) {
	if c.Checkpoint != "" {
		raw, err := os.ReadFile(c.Checkpoint)
		if err != nil {
			return nil, err
		}
		one, err := v.Open(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Checkpoint, err)
		}
		return []audit.Checkpoint{one}, nil
	}
	dir, err := anchor.Open(cfg.path(cfg.Audit.Checkpoints), v)
	if err != nil {
		return nil, fmt.Errorf("audit.checkpoints: %w", err)
	}
	all, err := dir.All(ctx)
	if errors.Is(err, anchor.ErrEmpty) {
		return nil, nil
	}
	return all, err
}
