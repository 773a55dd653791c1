# The built-in minimal toolbox: $(B)/toolbox/minimal.erofs and minimal.index, from the distribution's BusyBox source; and
# the standard one, $(B)/toolbox/core/, from its packages.
# Needs $(B), and a rule for $(B)/toolbox/launcher elsewhere, whose LAUNCHER_CC, SYSROOT and EMULATOR BusyBox is built by too. With V=1 BusyBox's build is shown instead of logged.

toolbox-src := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
toolbox-out := $(B)/toolbox
# Where BusyBox is fetched and built: one for all builds of the program (the test build, other compilers).
TOOLBOX_CACHE ?= $(toolbox-out)

# $(call toolbox-log,FILE,COMMAND): run quietly; show the end of the log on failure.
toolbox-log = $(if $(filter 1,$(V)),$(2),$(2) >$(1) 2>&1 || { tail -n 20 $(1) >&2; exit 1; })

.PHONY: toolbox toolbox-lock toolbox-minimal toolbox-check toolbox-test toolbox-refresh
toolbox-minimal: $(toolbox-out)/minimal.erofs $(toolbox-out)/minimal.index

toolbox-check: toolbox-minimal
	$(toolbox-src)/check $(toolbox-out)

# Core's own tests (as root), with the packages it was made of for comparison. toolbox/README.md says more.
.PHONY: toolbox-core-check
toolbox-core-check: toolbox
	$(toolbox-src)/check-core --naive $(TOOLBOX_CACHE)/packages $(toolbox-out)/core

# The builder's own tests, on a distribution of three packages: no network, no core.
toolbox-test:
	@/usr/bin/python3 -B -m pytest -q -ra --tb=short -p no:cacheprovider -c /dev/null --rootdir tests/toolbox tests/toolbox

# Always asked: the builder itself knows what it has. Packages are kept, so only the first build fetches any. Other than by
# the lock: TOOLBOX_LOCK=follow.
TOOLBOX_LOCK ?= strict
toolbox-build = $(toolbox-src)/build-toolbox --progress --cache $(TOOLBOX_CACHE)/packages --busybox $(toolbox-out)/root
toolbox: toolbox-minimal
	@echo "  TOOLBOX  $(toolbox-out)/core"
	@$(toolbox-build) --lock $(TOOLBOX_LOCK) core $(toolbox-out)/core

# For the architecture of this machine: what the mirror has now, in the lock and the counts of each manifest.
TOOLBOX_LAYERS := $(filter-out core,$(notdir $(wildcard $(toolbox-src)/manifests/*)))
toolbox-lock: toolbox-minimal
	@$(toolbox-build) --lock renew core $(toolbox-out)/core
	@set -e; for layer in $(TOOLBOX_LAYERS); do \
		echo "  LOCK     $$layer"; \
		$(toolbox-build) --lock renew --base $(toolbox-out)/core $$layer $(toolbox-out)/layers/$$layer; \
	done

# The source is fetched once. This asks the mirror for a newer one.
toolbox-refresh:
	rm -rf $(TOOLBOX_CACHE)/source
	$(MAKE) toolbox-minimal

$(sort $(toolbox-out) $(TOOLBOX_CACHE)):
	@mkdir -p $@

$(TOOLBOX_CACHE)/source/version: $(toolbox-src)/fetch-busybox $(toolbox-src)/scratch-apt | $(TOOLBOX_CACHE)
	@echo "  FETCH    busybox"
	@$< $(TOOLBOX_CACHE)/source

# "+" shares the job server; build-busybox heeds make -n.
$(TOOLBOX_CACHE)/busybox/names: $(toolbox-src)/build-busybox $(toolbox-src)/busybox.config $(TOOLBOX_CACHE)/source/version
	@echo "  BUILD    busybox"
	+@$(call toolbox-log,$(TOOLBOX_CACHE)/busybox.log,$< $(TOOLBOX_CACHE)/source/busybox $(toolbox-src)/busybox.config $(@D) \
		"$(LAUNCHER_CC)" "$(SYSROOT)" "$(EMULATOR)")

$(TOOLBOX_CACHE)/busybox/relocated: $(toolbox-src)/relocate.py $(toolbox-src)/leftovers.allow \
		$(toolbox-src)/builder/relocate.py $(toolbox-src)/builder/elf.py $(TOOLBOX_CACHE)/busybox/names
	@echo "  RELOCATE busybox"
	@$< $(@D)/busybox $@ $(toolbox-src)/leftovers.allow

$(toolbox-out)/root.stamp: $(toolbox-src)/mktree $(toolbox-src)/files/etc/profile $(toolbox-src)/files/etc/inputrc \
		$(TOOLBOX_CACHE)/busybox/relocated $(toolbox-out)/launcher
	@echo "  TREE     $(toolbox-out)/root"
	@$< $(toolbox-out)/root $(TOOLBOX_CACHE)/busybox/relocated $(TOOLBOX_CACHE)/busybox/names \
		$(TOOLBOX_CACHE)/source/busybox "$$(cat $(TOOLBOX_CACHE)/source/version)" $(toolbox-out)/launcher
	@touch $@

$(toolbox-out)/minimal.erofs: $(toolbox-src)/mkimage $(toolbox-src)/builder/image.py $(toolbox-out)/root.stamp
	@echo "  IMAGE    $@"
	@$< $(toolbox-out)/root $@

$(toolbox-out)/minimal.index: $(toolbox-src)/mkindex $(toolbox-out)/minimal.erofs
	@echo "  INDEX    $@"
	@$< $(toolbox-out)/root $(toolbox-out)/minimal.erofs $@
