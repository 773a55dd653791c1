# SPDX-License-Identifier: Apache-2.0
# The tests' helper programs: static, so that they run in a container that holds nothing else.
# Included by the Makefile; works alone as well: make -f tests/helpers/helpers.mk helpers
B ?= build

helpers_dir := tests/helpers
helpers_names := payload trysyscall nosys fakecontainer pidreuse
HELPERS := $(addprefix $(B)/helpers/,$(helpers_names))

# musl where it is installed (a fifth of the size), else the C library at hand. The kernel's headers come last, so that
# they never replace one of musl's own.
helpers_multiarch := $(shell gcc -print-multiarch 2>/dev/null)
helpers_cc := $(if $(shell command -v musl-gcc 2>/dev/null),musl-gcc \
	-idirafter /usr/include -idirafter /usr/include/$(helpers_multiarch),gcc)
helpers_cflags := -std=gnu17 -D_GNU_SOURCE -O2 -g0 -static -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wformat=2 -Wwrite-strings \
	-Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wimplicit-fallthrough

.PHONY: helpers helpers-clean
helpers: $(HELPERS)

$(B)/helpers/payload: $(helpers_dir)/payload_show.c $(helpers_dir)/payload_io.c $(helpers_dir)/payload_try.c
$(B)/helpers/%: $(helpers_dir)/%.c $(wildcard $(helpers_dir)/*.h)
	@mkdir -p $(@D)
	$(helpers_cc) $(helpers_cflags) -o $@ $(filter %.c,$^)

helpers-clean:
	rm -f $(HELPERS)
