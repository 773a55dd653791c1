# SPDX-License-Identifier: Apache-2.0
# The failure sweep's harness, made as the other helper programs are.
# Included by the Makefile; works alone as well: make -f tests/sweep/sweep.mk sweep-programs
B ?= build
ifndef helpers_dir
include tests/helpers/helpers.mk
endif

SWEEP := $(B)/sweep/inject

.PHONY: sweep-programs
sweep-programs: $(SWEEP)

# Every system call of the processor this is built for, by name.
$(B)/sweep/calls.inc:
	@mkdir -p $(@D)
	@printf '#include <sys/syscall.h>\n' | gcc -E -dM - | \
		sed -n 's/^#define __NR_\([a-z_][a-z0-9_]*\) \([0-9]*\)$$/{ "\1", \2 },/p' | sort >$@

$(SWEEP): $(wildcard tests/sweep/*.[ch]) $(B)/sweep/calls.inc
	@mkdir -p $(@D)
	$(helpers_cc) $(helpers_cflags) -I$(B) -o $@ $(filter %.c,$^)
