/* SPDX-License-Identifier: Apache-2.0 */
/* toolbox.json: what comes out can be used as paths and shown in a prompt. */
#include "dbgattach/format/toolbox_manifest.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct toolbox_manifest manifest = { 0 };
	struct err err = { 0 };

	int r = toolbox_manifest_parse((const char *)data, size, &manifest, &err);
	fuzz_check_result(r, &err);
	if (r == 0) {
		fuzz_require(toolbox_name_is_valid(manifest.name) && strlen(manifest.digest) == TOOLBOX_HASH_LENGTH);
		fuzz_require(manifest.layer == (manifest.base != NULL) && manifest.layer == (manifest.shell == NULL));
		fuzz_require(manifest.layer || (manifest.shell[0] != '/' && strstr(manifest.shell, "..") == NULL));
		for (int i = 0; i < TOOLBOX_FORMAT_MAX; i++) {
			const struct toolbox_image *image = &manifest.images[i];

			fuzz_require(image->file == NULL ||
				     (strchr(image->file, '/') == NULL && image->file[0] != '.'));
			fuzz_require(image->file == NULL || i == TOOLBOX_TREE ||
				     strlen(image->sha256) == TOOLBOX_HASH_LENGTH);
		}
	}
	toolbox_manifest_done(&manifest);
	return 0;
}
