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
# For another architecture than this machine's (see `make arm64`): this machine's own compiler, where the other's headers are, and
# what runs its programs here.
HOSTCC ?= $(CC)
SYSROOT ?=
EMULATOR ?=
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
# A build's folder is not in it: another one makes the same bytes.
CFLAGS := -std=gnu17 $(OPTIMIZE) -g -fPIE -ffile-prefix-map=$(CURDIR)=. $(WARNINGS)
# Whoever debugs it finds its symbols in it; packed, they are a third of their size.
LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--compress-debug-sections=zlib
ifeq ($(TEST_BUILD),1)
CPPFLAGS += -DDBG_TEST_BUILD
LDFLAGS += -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
endif

# One static file where the static libraries are there (Debian's -dev packages bring them), else a dynamic program.
ifeq ($(origin STATIC),undefined)
STATIC := $(shell echo 'int main(void) { return 0; }' | \
	$(CC) -static-pie -x c -o /dev/null - -lcap -ljansson -lseccomp -lnettle 2>/dev/null && echo 1 || echo 0)
endif
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
LDLIBS := $(shell $(PKG_CONFIG) --libs libcap jansson libseccomp nettle 2>/dev/null || echo -lcap -ljansson -lseccomp -lnettle)

SOURCES := $(filter-out src/privilege/gen_seccomp.c,$(sort $(wildcard src/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/src/toolbox/image.o
LIB_OBJECTS := $(filter-out $(B)/src/cli/main.o,$(OBJECTS))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all
all: $(B)/dbgattach
ifneq ($(B),build)
else
	@[ "$(STATIC)" = 1 ] || echo "note: the static libraries of libcap, jansson, libseccomp and nettle are missing, so the program is dynamic"
	@ln -sf build/dbgattach dbgattach
endif

# ---- the program ---------------------------------------------------------------------------------------------------

# The map says what was linked in: packaging/sbom reads it.
$(B)/dbgattach $(B)/dbgattach.map &: $(B)/src/cli/main.o $(B)/libdbg.a
	@echo "  LINK     $(B)/dbgattach"
	@$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-Map=$(B)/dbgattach.map -o $(B)/dbgattach $^ $(LDLIBS)

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
	@$< $(firstword $(subst -, ,$(shell $(CC) -dumpmachine))) >$@

$(B)/gen/gen_seccomp: src/privilege/gen_seccomp.c src/privilege/seccomp_rules.c src/privilege/seccomp_rules.h \
		src/privilege/seccomp_arch.h
	@mkdir -p $(@D)
	@$(HOSTCC) -D_GNU_SOURCE -std=gnu17 -O1 $(WARNINGS) -o $@ $(filter %.c,$^) -lseccomp

# ---- the toolbox inside it -----------------------------------------------------------------------------------------

TOOLBOX_CACHE ?= build/toolbox
include toolbox/toolbox.mk

# The kernel's headers, which musl has none of, come last: they never replace one of musl's own.
LAUNCHER_KERNEL := $(foreach dir,/usr/include /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null),-idirafter $(SYSROOT)$(dir))
LAUNCHER_SOURCES := $(sort $(wildcard toolbox/launcher/*.c))
$(B)/toolbox/launcher $(B)/toolbox/launcher.map &: $(LAUNCHER_SOURCES) $(wildcard toolbox/launcher/*.h) include/dbgattach/launcher.h
	@mkdir -p $(@D)
	@echo "  LAUNCHER $(B)/toolbox/launcher"
	@$(LAUNCHER_CC) $(filter -D%,$(CPPFLAGS)) -Iinclude $(LAUNCHER_KERNEL) -std=gnu17 -Os -static -s -fstack-protector-strong \
		$(WARNINGS) -Wl,-Map=$(B)/toolbox/launcher.map -o $(B)/toolbox/launcher $(LAUNCHER_SOURCES)

# ---- tests ---------------------------------------------------------------------------------------------------------

include packaging/release.mk
include $(wildcard tests/unit/unit.mk tests/helpers/helpers.mk tests/sweep/sweep.mk tests/hostile/hostile.mk)

-include $(OBJECTS:.o=.d)

# ---- what people call ------------------------------------------------------------------------------------------------

# demo and test install what is missing first. Only the make that they start then finds the compiler and pkg-config.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
RECURSE = $(MAKE) --no-print-directory $(JOBS)

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): /\1 /p' $(MAKEFILE_LIST) | awk '{ printf "  make %-14s", $$1; \
		for (i = 2; i <= NF; i++) printf " %s", $$i; print "" }'

## all: the program, in build/ (the default); B=DIR builds elsewhere, V=1 shows BusyBox's build
## demo: install what is missing, start a hardened container, attach to it (as root)
.PHONY: demo demo-programs
demo:
	@packaging/setup build
	@$(RECURSE) demo-programs
	@tests/demo/run $(B)/dbgattach $(B)/demo/app

demo-programs: $(B)/dbgattach $(B)/demo/app

$(B)/demo/app: tests/demo/app.c
	@mkdir -p $(@D)
	@$(LAUNCHER_CC) -std=gnu17 -Os -static -s $(WARNINGS) -o $@ $<

## test: install what is missing, run every test (as root); DBG_MUST_RUN=1: a skip is a failure
.PHONY: test test-programs test-build
test:
	@packaging/setup test
	@$(RECURSE) -s test-programs
	@tests/run $(B)

## test-hostile: every attack in every kind of container, and on the naive build where it must succeed (as root)
## test-soak: SOAK=1000 attaches to containers under storms of renames and SIGSTOP (as root)
SOAK ?= 1000
.PHONY: test-hostile test-soak
test-hostile:
	@packaging/setup test
	@$(RECURSE) -s all test-build helpers hostile-programs
	@DBG_BUILD=$(abspath $(B)) tests/hostile/run --soak 100

test-soak:
	@packaging/setup test
	@$(RECURSE) -s all test-build helpers hostile-programs
	@DBG_BUILD=$(abspath $(B)) tests/hostile/run --soak-only $(SOAK)

test-programs: all test-build helpers sweep-programs hostile-programs demo-programs $(UNIT_BINARIES) $(FUZZ_REPLAYS)

# The program with the switches that leave one protection out. After `all`, which makes the toolbox that both carry.
test-build: all
	@$(MAKE) --no-print-directory B=$(B)/test TEST_BUILD=1 TOOLBOX_CACHE=$(TOOLBOX_CACHE) $(B)/test/dbgattach

## test-sweep: each system call and allocation of an attach fails in turn; `make test` takes each with one errno (as root)
.PHONY: test-sweep
test-sweep:
	@packaging/setup test
	@$(RECURSE) -s all test-build helpers sweep-programs
	@DBG_BUILD=$(B) tests/sweep/run

## test-lsm: under a Debian kernel with AppArmor, then SELinux, booted in qemu; two minutes, not part of `test` (as root)
.PHONY: test-lsm
test-lsm:
	@packaging/setup lsm
	@$(RECURSE) -s all test-build helpers
	@tests/lsm/run $(B)

## test-old: the system tests without each call that has a stand-in, and without all; not part of `test` (as root)
# What is needed has a test that says so in each run.
OLD_CALLS ?= mount_setattr close_range clone3 mount_setattr,close_range,clone3,epoll_pwait2,statmount,listmount,open_tree_attr
.PHONY: test-old test-kernel
test-old:
	@packaging/setup test
	@$(RECURSE) -s all test-build helpers hostile-programs
	@for calls in $(OLD_CALLS); do echo "== without $$calls"; \
		DBG_BUILD=$(abspath $(B)) tests/system/run --no-weak --lacking "$$calls" || exit 1; done
	@DBG_BUILD=$(abspath $(B)) tests/hostile/run --no-naive --lacking mount_setattr,close_range,clone3

## test-kernel: the tests that need no runtime under Debian's kernel 5.10, in qemu; SUITE=bookworm: 6.1; not part of `test` (as root)
SUITE ?= bullseye
test-kernel:
	@packaging/setup lsm
	@$(RECURSE) -s all test-build helpers
	@tests/kernel/run $(B) $(SUITE)

## test-kube: `kubectl dbgattach` on the cluster that KUBECONFIG names, IMAGE=dbgattach's there; not part of `test`
IMAGE ?=
.PHONY: test-kube
test-kube: all
	@[ -n "$(IMAGE)" ] || { echo "test-kube: IMAGE=... names dbgattach's image (packaging/kubernetes/Containerfile)" >&2; exit 1; }
	@tests/kube/run $(B) $(IMAGE)

## unit: the unit tests
## fuzz-replay: each parser on its corpus
## fuzz: fuzz each parser for SECONDS=60 (clang)
## toolbox: the standard toolbox, build/toolbox/core, from the mirror's packages; TOOLBOX_LOCK=follow: not by the lock
## toolbox-lock: note the mirror's versions, and what their files need moved, in toolbox/locks
## toolbox-check: the built-in toolbox's own tests (as root)
## toolbox-core-check: every program of core at work, in an empty root and in one full of traps (as root)
## toolbox-test: the tests of the toolbox's builder
## lint: layers, headers, scripts, options in manual page and completions
.PHONY: lint
lint: $(B)/dbgattach
	@tests/lint/run $(B)

## asan: unit tests and corpora with the address and undefined-behaviour sanitizers, in build/asan
.PHONY: asan
asan: all
	@$(RECURSE) -s B=$(B)/asan SANITIZE=address,undefined TOOLBOX_CACHE=$(TOOLBOX_CACHE) unit fuzz-replay

## clang: the program built by clang, in build/clang
.PHONY: clang
clang: all
	@$(RECURSE) B=$(B)/clang CC=clang TOOLBOX_CACHE=$(TOOLBOX_CACHE) $(B)/clang/dbgattach

## bench: measure beside nsenter, runc, docker and podman (as root)
.PHONY: bench
bench:
	@packaging/setup test
	@$(RECURSE) -s all helpers
	@tests/bench/run

## format: clang-format 14 over the C files
## format-check: fails where that would change something
CLANG_FORMAT ?= $(shell command -v clang-format-14 || echo clang-format)
C_FILES = $(sort $(wildcard src/*/*.[ch] include/dbgattach/*.h include/dbgattach/*/*.h toolbox/launcher/*.[ch] \
	tests/*/*.[ch] tests/*/*/*.[ch]))
.PHONY: format format-check
format:
	@$(CLANG_FORMAT) -i $(C_FILES)

format-check:
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

## install: to DESTDIR and PREFIX=/usr/local: program, plugins of Docker and kubectl, manual pages, completions, licences, bill of materials, the builder of toolboxes
## uninstall: take it away again; toolboxes that were built stay (dbgattach toolbox remove)
# MODE:SOURCE:PATH below PREFIX
INSTALLED = 755:$(B)/dbgattach:bin/dbgattach \
	$(foreach page,$(sort $(wildcard man/*.[1-8])),644:$(page):share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page))) \
	755:completions/kubectl_complete-dbgattach:bin/kubectl_complete-dbgattach \
	644:completions/dbgattach.bash:share/bash-completion/completions/dbgattach \
	644:completions/dbgattach.zsh:share/zsh/site-functions/_dbgattach \
	644:completions/dbgattach.fish:share/fish/vendor_completions.d/dbgattach.fish \
	644:README.md:share/doc/dbgattach/README.md \
	644:SECURITY.md:share/doc/dbgattach/SECURITY.md \
	644:toolbox/README.md:share/doc/dbgattach/toolbox.md \
	644:$(SBOM):share/doc/dbgattach/dbgattach.spdx.json \
	644:$(COPYRIGHT):share/doc/dbgattach/copyright \
	644:LICENSE:share/doc/dbgattach/LICENSE
# As it lies here: the program looks for it beside itself.
BUILDER = build-toolbox scratch-apt builder manifests leftovers locks files
BUILDER_DIR = $(DESTDIR)$(PREFIX)/lib/dbgattach/toolbox
# TARGET:PATH below PREFIX. The Docker CLI looks for its plugins there, below /usr and /usr/local, kubectl in PATH.
LINKED = ../../../bin/dbgattach:libexec/docker/cli-plugins/docker-dbgattach dbgattach:bin/kubectl-dbgattach
.PHONY: install uninstall
install: $(B)/dbgattach $(SBOM)
	@set -e; for entry in $(INSTALLED); do \
		mode=$${entry%%:*}; rest=$${entry#*:}; \
		install -D -m "$$mode" "$${rest%%:*}" "$(DESTDIR)$(PREFIX)/$${rest#*:}"; \
	done; \
	for entry in $(LINKED); do \
		path="$(DESTDIR)$(PREFIX)/$${entry#*:}"; install -d "$${path%/*}"; ln -sf "$${entry%%:*}" "$$path"; \
	done; \
	cd toolbox; find $(BUILDER) ! -type d ! -name '*.pyc' | while read -r file; do \
		mode=644; [ ! -x "$$file" ] || mode=755; install -D -m "$$mode" "$$file" "$(BUILDER_DIR)/$$file"; \
		[ ! -L "$$file" ] || ln -sf "$$(readlink "$$file")" "$(BUILDER_DIR)/$$file"; \
	done

uninstall:
	@for entry in $(INSTALLED) $(LINKED); do rm -f "$(DESTDIR)$(PREFIX)/$${entry##*:}"; done
	@rm -rf "$(BUILDER_DIR)"
	@rmdir "$(DESTDIR)$(PREFIX)/share/doc/dbgattach" "$(DESTDIR)$(PREFIX)/lib/dbgattach" 2>/dev/null || :

## clean: remove what was built, the fetched BusyBox included
.PHONY: clean
clean:
	rm -rf $(B) dbgattach
