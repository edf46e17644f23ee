# Measurements. See internal/bench; sizes and databases are flags:
#   make bench BENCH="-db postgresql://postgres@127.0.0.1/bench -users 5000 -tokens 10000 -audit 100000"
.PHONY: bench
bench:
	go run ./internal/bench/cmd/edumfa-bench $(BENCH)
