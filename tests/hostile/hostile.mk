# SPDX-License-Identifier: Apache-2.0
# The attacks of the hostile suite: one static program, which is a container's first process or is run inside a session.
# Included by the Makefile; wants what tests/helpers/helpers.mk sets.
ATTACKER := $(B)/hostile/attacker
NAIVE_TOOL := $(addprefix $(B)/hostile/,naivetool libdbgnaive.so evil.so)

.PHONY: hostile-programs
hostile-programs: $(ATTACKER) $(NAIVE_TOOL)

$(ATTACKER): $(wildcard tests/hostile/attacker/*.c tests/hostile/attacker/*.h)
	@mkdir -p $(@D)
	$(helpers_cc) $(helpers_cflags) -o $@ $(filter %.c,$^)

# A tool as a naive toolbox would have it: dynamic, with the C library's usual paths. It shows that the traps work.
naive_cflags := -std=gnu17 -D_GNU_SOURCE -O1 -fPIC -Wall -Wextra -Werror

$(B)/hostile/evil.so: tests/hostile/naive/evil.c
	@mkdir -p $(@D)
	$(CC) $(naive_cflags) -shared -o $@ $<

$(B)/hostile/libdbgnaive.so: tests/hostile/naive/library.c
	@mkdir -p $(@D)
	$(CC) $(naive_cflags) -shared -Wl,-soname,libdbgnaive.so -o $@ $<

$(B)/hostile/naivetool: tests/hostile/naive/tool.c $(B)/hostile/libdbgnaive.so
	$(CC) $(naive_cflags) -o $@ $< -L$(B)/hostile -ldbgnaive
