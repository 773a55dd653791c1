# SPDX-License-Identifier: Apache-2.0
# Unit tests and fuzzers; included by the top Makefile. Wants B, CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS and $(B)/libdbg.a.
#
#   make unit              builds and runs every tests/unit/*/test_*.c; goes on after a failure and fails at the end
#   make fuzz-replay       gives each corpus to its parser, without libFuzzer
#   make fuzz SECONDS=60   fuzzes each parser that long (clang); findings are left in $(B)/fuzz/

UNIT_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_HELPERS := $(sort $(filter-out $(wildcard tests/unit/*/test_*.c),$(wildcard tests/unit/*.c tests/unit/*/*.c)))
UNIT_HELPER_OBJECTS := $(UNIT_HELPERS:%.c=$(B)/%.o)
UNIT_BINARIES := $(UNIT_SOURCES:%.c=$(B)/%)
FUZZ_NAMES := $(sort $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_REPLAYS := $(FUZZ_NAMES:%=$(B)/tests/fuzz/replay_%)

# cmocka comes as a shared library only.
UNIT_LDFLAGS = $(filter-out -static-pie,$(LDFLAGS)) $(if $(filter -static-pie,$(LDFLAGS)),-pie)

$(B)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	@echo "  CC       $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit/privilege/test_seccomp_default.o: $(B)/gen/seccomp_default.inc

$(UNIT_BINARIES): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_HELPER_OBJECTS) $(B)/libdbg.a
	@echo "  LINK     $@"
	@$(CC) $(CFLAGS) $(UNIT_LDFLAGS) -o $@ $< $(UNIT_HELPER_OBJECTS) $(B)/libdbg.a -lcmocka $(LDLIBS)

$(FUZZ_REPLAYS): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libdbg.a
	@echo "  LINK     $@"
	@$(CC) $(CFLAGS) $(UNIT_LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libdbg.a $(LDLIBS)

.PHONY: unit fuzz-replay fuzz
unit: $(UNIT_BINARIES)
	@failed=; for test in $(UNIT_BINARIES); do \
		if ! $(EMULATOR) $$test >$$test.log 2>&1; then cat $$test.log; failed="$$failed $$test"; fi; \
	done; \
	grep -h SKIPPED $(UNIT_BINARIES:%=%.log) | grep '[^ ]' | sort -u; \
	if [ -n "$$failed" ]; then echo "unit: FAILED:$$failed" >&2; exit 1; fi; \
	echo "unit: $$(cat $(UNIT_BINARIES:%=%.log) | grep -c '^\[       OK') tests in $(words $(UNIT_BINARIES)) programs passed"

fuzz-replay: $(FUZZ_REPLAYS)
	@set -e; for name in $(FUZZ_NAMES); do $(EMULATOR) $(B)/tests/fuzz/replay_$$name tests/fuzz/corpus/$$name; done

# Objects of their own: instrumented, with the sanitizers, and out of base/ and format/ alone. A parser that needs more
# does not link, which keeps the layers honest.
FUZZ_CC ?= clang
FUZZ_CFLAGS := -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJECTS := $(patsubst src/%.c,$(B)/fuzz/%.o,$(wildcard src/base/*.c src/format/*.c))
FUZZ_BINARIES := $(FUZZ_NAMES:%=$(B)/fuzz/fuzz_%)
SECONDS ?= 60

$(B)/fuzz/%.o: src/%.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) -Iinclude -I. $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_BINARIES): $(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJECTS)
	@$(FUZZ_CC) -Iinclude -I. $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_OBJECTS) -ljansson

# New inputs go to the build folder; the corpus in the source tree only grows by hand.
fuzz: $(FUZZ_BINARIES)
	@for name in $(FUZZ_NAMES); do \
		mkdir -p $(B)/fuzz/$$name; \
		$(B)/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -timeout=5 -rss_limit_mb=1024 -max_len=65536 \
			-print_final_stats=1 -artifact_prefix=$(B)/fuzz/$$name- \
			$(B)/fuzz/$$name tests/fuzz/corpus/$$name >$(B)/fuzz/$$name.log 2>&1 || \
			{ tail -n 40 $(B)/fuzz/$$name.log; exit 1; }; \
		echo "$$name: $$(sed -n 's/^stat::number_of_executed_units: *//p' $(B)/fuzz/$$name.log) inputs"; \
	done

-include $(UNIT_SOURCES:%.c=$(B)/%.d) $(UNIT_HELPERS:%.c=$(B)/%.d)
-include $(FUZZ_NAMES:%=$(B)/tests/fuzz/fuzz_%.d) $(B)/tests/fuzz/replay.d $(FUZZ_OBJECTS:%.o=%.d)
