// Command write writes a simulated quarter into files, for `countersign replay`:
//
//	go run ./cmd/countersign/testdata/quarter/write -out DIR
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/countersign/countersign/cmd/countersign/testdata/quarter"
)

func main() {
	var o quarter.Options
	out := flag.String("out", ".", "the directory to write into")
	flag.Uint64Var(&o.Seed, "seed", 1, "what chance begins with")
	flag.IntVar(&o.Weeks, "weeks", 13, "how long")
	flag.IntVar(&o.People, "people", 300, "how many people")
	flag.IntVar(&o.Noise, "noise", 12, "sign-in records for each person and working day")
	flag.Parse()
	if err := write(quarter.Generate(o), *out); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func write(q quarter.Quarter, dir string) error {
	for name, to := range map[string]func(io.Writer) error{
		"okta.jsonl":  q.Okta,
		"entra.jsonl": q.Entra,
		"truth.json": func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(q.Truth)
		},
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := to(f); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
