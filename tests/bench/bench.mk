# SPDX-License-Identifier: Apache-2.0
# Included by the Makefile. Measures, side by side with the others; never a test that passes or fails.
#
#   make bench                            the table, and $(B)/bench.json
#   make bench BENCH_ARGS='--rounds 500'  (tests/bench/run --help)
BENCH_ARGS ?=

.PHONY: bench
bench: $(B)/dbgattach
	@tests/bench/run --program $(B)/dbgattach --build $(B)/bench $(BENCH_ARGS) $(B)/bench.json
