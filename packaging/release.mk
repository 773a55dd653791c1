# SPDX-License-Identifier: Apache-2.0
# What is handed out: bill of materials, source tarball, packages. Included by the top Makefile, which has B, VERSION and the rest.

SBOM := $(B)/dbgattach.spdx.json
COPYRIGHT := $(B)/copyright

## sbom: of which works, in which versions, the program is made, as SPDX: build/dbgattach.spdx.json
.PHONY: sbom
sbom: $(SBOM)

$(SBOM): packaging/sbom NOTICE $(wildcard toolbox/builder/*.py) $(B)/dbgattach $(B)/dbgattach.map \
		$(B)/toolbox/launcher.map
	@echo "  SBOM     $@"
	@packaging/sbom $@ $(B)/dbgattach $(VERSION) $(B)/dbgattach.map $(B)/toolbox/launcher.map $(B)/toolbox/root \
		$(TOOLBOX_CACHE)/busybox/busybox_unstripped.map $(COPYRIGHT)

RELEASE := $(B)/release
ARCH = $(shell dpkg-architecture --host-type $(shell $(CC) -dumpmachine) -q DEB_HOST_ARCH 2>/dev/null)
DEB = $(RELEASE)/dbgattach_$(VERSION)_$(ARCH).deb

## tarball: the commit's files, build/release/dbgattach-VERSION.tar.gz
## deb: Debian's package, build/release/dbgattach_VERSION_ARCH.deb
.PHONY: tarball deb deb-check
tarball:
	@mkdir -p $(RELEASE)
	@echo "  TARBALL  $(RELEASE)/dbgattach-$(VERSION).tar.gz"
	@packaging/make-tarball source $(RELEASE)/dbgattach-$(VERSION).tar.gz dbgattach-$(VERSION)

deb: all $(SBOM)
	@[ -n "$(ARCH)" ] || { echo "deb: dpkg-architecture is missing (package dpkg-dev), or does not know this compiler" >&2; exit 1; }
	@mkdir -p $(RELEASE); rm -rf $(RELEASE)/stage
	@$(MAKE) --no-print-directory -s B=$(B) DESTDIR=$(abspath $(RELEASE)/stage) PREFIX=/usr install
	@echo "  DEB      $(DEB)"
	@packaging/make-deb $(DEB) $(RELEASE)/stage $(VERSION) $(ARCH)
	@rm -rf $(RELEASE)/stage

## deb-check: the package through lintian, and installed, used and purged in a Debian of its own (as root)
deb-check:
	@packaging/setup release
	@$(RECURSE) deb
	@tests/release/deb $(B) $(DEB)

KREW = $(RELEASE)/dbgattach_$(VERSION)_linux_$(ARCH).tar.gz
# What a plugin of kubectl's is installed from, and where it lies: where this is released to.
RELEASE_URL ?= https://dbgattach.invalid/releases/v$(VERSION)

## krew: a tarball of the program, build/release/dbgattach_VERSION_linux_ARCH.tar.gz, and kubectl's index entry; RELEASE_URL=URL
.PHONY: krew
krew: all $(SBOM)
	@mkdir -p $(RELEASE)
	@echo "  TARBALL  $(KREW)"
	@packaging/make-tarball program $(KREW) kubectl-dbgattach=$(B)/dbgattach kubectl_complete-dbgattach=completions/kubectl_complete-dbgattach \
		LICENSE=LICENSE copyright=$(COPYRIGHT) dbgattach.spdx.json=$(SBOM)
	@packaging/make-krew $(RELEASE) $(VERSION) $(RELEASE_URL)

## reproducible: the commit built twice in other surroundings gives the same program, package and tarballs; two minutes
.PHONY: reproducible
reproducible: $(TOOLBOX_CACHE)/source/version
	@packaging/setup build
	@tests/release/reproducible $(B)

# Another architecture, in a folder of its own, from this suite's packages of it. What is run of it here runs under qemu.
ARM64 = $(B)/arm64
ARM64_SYSROOT = $(abspath $(ARM64)/sysroot)
# Before /usr/aarch64-linux-gnu, where an older C library may lie.
ARM64_CC = aarch64-linux-gnu-gcc --sysroot=$(ARM64_SYSROOT) $(foreach flag,-B -L,$(flag)$(ARM64_SYSROOT)/usr/lib/aarch64-linux-gnu) \
	$(foreach dir,include/aarch64-linux-gnu include,-isystem $(ARM64_SYSROOT)/usr/$(dir))
ARM64_MAKE = $(RECURSE) B=$(ARM64) RELEASE=$(RELEASE) HOSTCC=gcc TOOLBOX_CACHE=$(ARM64)/toolbox SYSROOT=$(ARM64_SYSROOT) EMULATOR="qemu-aarch64-static -L $(ARM64_SYSROOT)" \
	CC="$(ARM64_CC)" LAUNCHER_CC="aarch64-linux-gnu-gcc -specs=$(ARM64_SYSROOT)/musl-gcc.specs" \
	AR=aarch64-linux-gnu-ar LDLIBS="-lcap -ljansson -lseccomp -lnettle"

## arm64: program, package and krew's tarball for arm64, cross built in build/arm64, beside the others in build/release (as root)
## arm64-check: what of it can run under qemu-user
.PHONY: arm64 arm64-check
arm64:
	@packaging/setup arm64
	@$(RECURSE) -s $(ARM64)/sysroot/.packages.json
	@$(ARM64_MAKE) all deb krew

$(ARM64)/sysroot/.packages.json: packaging/sysroot
	@mkdir -p $(ARM64)
	@echo "  SYSROOT  $(ARM64)/sysroot"
	@packaging/sysroot $(ARM64)/sysroot arm64

# Of the unit tests those that ask no more of a kernel than qemu passes on (no openat2, no seccomp).
ARM64_UNITS = $(sort $(wildcard $(addprefix tests/unit/,$(addsuffix /test_*.c,attach base cli format inspect inventory kubectl ns remote) \
	privilege/test_seccomp_default.c)))
arm64-check: arm64
	@$(ARM64_MAKE) -s UNIT_SOURCES="$(ARM64_UNITS)" fuzz-replay unit
	@tests/release/arm64 $(ARM64) $(RELEASE)
