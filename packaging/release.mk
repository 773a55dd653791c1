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
