# Everything that is done with this repository. `make` lists the targets.
# Needed: Go (go.mod names the version) and make; nothing else to build or test.

GO ?= go
TESTFLAGS ?=
FUZZTIME ?= 20s
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build run test race lint imports parity conformance bench fuzz verify clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: ## build the programs into bin/
	$(GO) build -o bin/ ./cmd/...

run: build ## start the server on 127.0.0.1:5000; the first start makes an installation in var/
	@bin/edumfa quickstart

# One package at a time: several together would ask PostgreSQL for more
# connections than it has as it is delivered.
test: ## all tests; what needs a server that is not there is left out, see EDUMFA_REQUIRE
	$(GO) test -p 1 $(TESTFLAGS) ./...

race: export CGO_ENABLED = 1
race: ## all tests with the race detector (needs a C compiler)
	$(GO) test -race $(TESTFLAGS) ./...

lint: ## formatting, go vet, import rules, staticcheck where it can be fetched
	@test -z "$$(gofmt -l cmd internal test)" || { gofmt -l cmd internal test; echo "run gofmt -w on these files"; exit 1; }
	$(GO) vet ./...
	$(MAKE) --no-print-directory imports
	@if $(GO) run $(STATICCHECK) -version >/dev/null 2>&1; then $(GO) run $(STATICCHECK) ./...; else echo "staticcheck cannot be fetched: left out"; fi

imports: ## who may import whom, and the table of what is compiled in
	$(GO) test -count=1 -run '^TestImports|^TestHouse|^TestBuiltin' ./internal/app

parity: ## how much of eduMFA 2.9.5 is there (docs/parity.tsv)
	$(GO) run ./internal/parity/cmd/parity

conformance: build ## replay the recordings of eduMFA 2.9.5 for the areas in conformance.areas
	scripts/conformance

# Sizes and databases are flags:
#   make bench BENCH="-db postgresql://postgres@127.0.0.1/bench -users 5000 -tokens 10000 -audit 100000"
bench: ## measure the server beside the limits of the machine
	$(GO) run ./internal/bench/cmd/edumfa-bench $(BENCH)

fuzz: ## every fuzz target for FUZZTIME (20s)
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' cmd internal | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -d' ' -f2); do \
			echo "$$dir $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$dir; \
		done; done

verify: lint parity ## what must be true of every change, besides the tests
	$(GO) build ./...
	$(GO) mod verify
	@if git ls-files --others --exclude-standard | grep .; then echo "these files are neither committed nor ignored"; exit 1; fi

clean: ## remove what was built
	rm -rf bin
