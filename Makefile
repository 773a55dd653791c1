# SPDX-License-Identifier: Apache-2.0
# dbgattach. `make help` lists the targets.

VERSION := 0.1.0
B ?= build
PREFIX ?= /usr/local
DESTDIR ?=
V ?= 0

CC ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
HOSTCC ?= $(CC)
PKG_CONFIG ?= pkg-config
LAUNCHER_CC ?= musl-gcc

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough \
	-Wdouble-promotion -Wnull-dereference
HARDENING := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3 -fno-strict-overflow
OPTIMIZE ?= -O2
SANITIZE ?=
TEST_BUILD ?= 0

CPPFLAGS := -D_GNU_SOURCE -DDBG_VERSION='"$(VERSION)"' -Iinclude -I$(B) -I.
CFLAGS := -std=gnu17 $(OPTIMIZE) -g -fPIE $(WARNINGS)
LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack
ifeq ($(TEST_BUILD),1)
CPPFLAGS += -DDBG_TEST_BUILD
endif

# One static file where the static libraries are there (Debian's -dev packages bring them), else a dynamic program.
STATIC ?= $(shell printf 'int main(void){return 0;}' >/tmp/dbgattach-static-$$$$.c; \
	$(CC) -static-pie -o /dev/null /tmp/dbgattach-static-$$$$.c -lcap -ljansson 2>/dev/null && echo 1 || echo 0; \
	rm -f /tmp/dbgattach-static-$$$$.c)
ifneq ($(SANITIZE),)
CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -pie
else
CFLAGS += $(HARDENING)
ifeq ($(STATIC),1)
LDFLAGS += -static-pie
else
LDFLAGS += -pie
endif
endif
LDLIBS := $(shell $(PKG_CONFIG) --libs libcap jansson 2>/dev/null || echo -lcap -ljansson)

SOURCES := $(filter-out src/privilege/gen_seccomp.c,$(sort $(wildcard src/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/src/toolbox/image.o
LIB_OBJECTS := $(filter-out $(B)/src/cli/main.o,$(OBJECTS))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all
all: $(B)/dbgattach
ifneq ($(B),build)
else
	@[ "$(STATIC)" = 1 ] || echo "note: the static libraries of libcap and jansson are missing, so the program is dynamic"
	@ln -sf build/dbgattach dbgattach
endif

# ---- the program ---------------------------------------------------------------------------------------------------

$(B)/dbgattach: $(B)/src/cli/main.o $(B)/libdbg.a
	@echo "  LINK     $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libdbg.a: $(LIB_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/src/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC       $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/src/toolbox/image.o: src/toolbox/image.S $(B)/toolbox/minimal.erofs $(B)/toolbox/minimal.index
	@mkdir -p $(@D)
	@$(CC) -DTOOLBOX_IMAGE='"$(B)/toolbox/minimal.erofs"' -DTOOLBOX_INDEX='"$(B)/toolbox/minimal.index"' -c -o $@ $<

$(B)/src/privilege/seccomp.o: $(B)/gen/seccomp_default.inc

$(B)/gen/seccomp_default.inc: $(B)/gen/gen_seccomp
	@$< >$@

$(B)/gen/gen_seccomp: src/privilege/gen_seccomp.c src/privilege/seccomp_rules.c src/privilege/seccomp_rules.h
	@mkdir -p $(@D)
	@$(HOSTCC) -D_GNU_SOURCE -std=gnu17 -O1 $(WARNINGS) -o $@ $(filter %.c,$^) -lseccomp

# ---- the toolbox inside it -----------------------------------------------------------------------------------------

TOOLBOX_CACHE ?= build/toolbox
include toolbox/toolbox.mk

LAUNCHER_SOURCES := $(sort $(wildcard toolbox/launcher/*.c))
$(B)/toolbox/launcher: $(LAUNCHER_SOURCES) $(wildcard toolbox/launcher/*.h) include/dbgattach/launcher.h
	@mkdir -p $(@D)
	@echo "  LAUNCHER $@"
	@$(LAUNCHER_CC) $(filter -D%,$(CPPFLAGS)) -Iinclude -std=gnu17 -Os -static -s -fstack-protector-strong $(WARNINGS) \
		-o $@ $(LAUNCHER_SOURCES)

# ---- tests ---------------------------------------------------------------------------------------------------------

include $(wildcard tests/unit/unit.mk tests/helpers/helpers.mk tests/tests.mk)

-include $(OBJECTS:.o=.d)
