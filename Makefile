# Countersign. `make` lists what there is; `make run` and `make test` are all the
# set-up a machine with Go needs.
#
# Variables: PKG narrows test, test-slow, check and bench-go to packages (default
# ./...), ARGS is passed to the demo and to bench, FUZZTIME is spent on each fuzz
# target: a number of executions, since Go 1.26 sometimes takes the end of a time
# for a failure of the target (go.dev/issue/75804).

PKG      ?= ./...
ARGS     ?=
FUZZTIME ?= 60000x

VERSION := $(shell git -c safe.directory='$(CURDIR)' describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL    := go tool -modfile='$(CURDIR)/.ci/tools.mod'

# One setting for building, testing and checking, so that they share what the
# compiler has cached; the race detector alone needs cgo. The version is stamped
# by hand: the go command's own way fails in a checkout of another account. No
# -trimpath: it would compile the Graph models, minutes of work, once more.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip $(GOFLAGS) -buildvcs=false)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## compile the programs into ./bin
	go build -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/...

.PHONY: run
run: postgres build ## start the demo with everything it needs (ARGS=--once: without waiting for anyone)
	./bin/countersign demo $(ARGS)

.PHONY: test
test: postgres ## run the quick tests
	go test $(PKG)

.PHONY: test-slow
test-slow: postgres ## run every test under the race detector, then each fuzz target for FUZZTIME
	CGO_ENABLED=1 go test -race -tags slow -count=1 -timeout 45m $(PKG)
	.ci/fuzz $(FUZZTIME) $(PKG)

.PHONY: check
check: check-format check-vet check-static check-sql check-tidy check-lint ## check format, lint, generated code and go.mod

.PHONY: generate
generate: ## write the generated code anew
	cd sql && $(TOOL) sqlc generate

.PHONY: format
format: ## format the code
	$(TOOL) gofumpt -w .

.PHONY: soak
soak: postgres ## play crashes, faults and the model in full: more than an hour
	COUNTERSIGN_SOAK=1 go test -tags slow -p 2 -count=1 -timeout 24h -v \
		./holds/keeper/modeltest ./sql/pgstore ./gateway/intake ./cmd/countersign

.PHONY: bench
bench: postgres build ## measure the service beside pgbench and a plain one (ARGS='--short', '--only intake', '--markdown')
	./bin/bench $(ARGS)

.PHONY: bench-go
bench-go: postgres ## run the benchmarks of single packages
	go test -run '^$$' -bench . -benchmem $(PKG)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist

# The rest is not for typing.

.PHONY: postgres
postgres:
	@.ci/postgres

.PHONY: check-format
check-format:
	@unformatted=$$($(TOOL) gofumpt -l .) && if [ -n "$$unformatted" ]; then \
		echo "not formatted (make format does it):"; echo "$$unformatted"; exit 1; fi

.PHONY: check-vet
check-vet:
	go vet $(PKG)
	go vet -tags slow $(PKG)

.PHONY: check-static
check-static:
	$(TOOL) staticcheck -tags slow $(PKG)

.PHONY: check-sql
check-sql:
	@if [ -e sql/sqlc.yaml ]; then echo "sqlc diff"; cd sql && $(TOOL) sqlc diff || \
		{ echo "the generated code is not that of the queries (make generate does it)"; exit 1; }; fi

.PHONY: check-tidy
check-tidy:
	go mod tidy -diff

.PHONY: check-lint
check-lint:
	@if command -v golangci-lint >/dev/null; then golangci-lint run $(PKG); \
	else echo "golangci-lint is not installed: left out (vet, staticcheck and gofumpt have run)"; fi
