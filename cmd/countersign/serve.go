package main

import (
	"context"
	"errors"
	"fmt"
)

type serveCommand struct {
	configFlag
}

// Run runs the service until it is told to stop.
func (c serveCommand) Run(ctx context.Context, std streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	log := newLogger(std.err)
	s, err := newService(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("countersign is up", "version", version, "public", s.public.Addr(), "console", s.consoleURL())
	err = s.Run(ctx)
	return errors.Join(err, s.close(context.WithoutCancel(ctx)))
}

type checkConfigCommand struct {
	configFlag
}

// Run reads everything a start would read, and starts nothing.
func (c checkConfigCommand) Run(std streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	_, keys := cfg.openKeys()
	if err := errors.Join(keys, cfg.checkFiles()); err != nil {
		return err
	}
	if err := cfg.try(); err != nil {
		return err
	}
	for _, t := range cfg.Tenants {
		for _, n := range t.Connections {
			fmt.Fprintf(std.out, "%s/%s: %s at %s, mode %s\n", t.ID, n.ID, n.Provider, n.where(), n.Mode)
		}
	}
	_, err = fmt.Fprintln(std.out, "The configuration is good.")
	return err
}
