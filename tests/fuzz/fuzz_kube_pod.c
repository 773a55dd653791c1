/* SPDX-License-Identifier: Apache-2.0 */
/* What the API server answers. */
#include "dbgattach/format/kube_pod.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_pods pods = { 0 };
	struct err err = { 0 };
	char *selector = NULL;

	int r = kube_pods_parse((const char *)data, size, &pods, &err);
	fuzz_check_result(r, &err);
	for (size_t i = 0; i < pods.count; i++) {
		fuzz_require(pods.pods[i].name != NULL);
		for (size_t k = 0; k < pods.pods[i].count; k++)
			fuzz_require(pods.pods[i].containers[k].name != NULL);
	}
	kube_pods_done(&pods);
	err = (struct err) { 0 };
	r = kube_selector_parse((const char *)data, size, &selector, &err);
	fuzz_check_result(r, &err);
	fuzz_require((r == 0) == (selector != NULL));
	free(selector);
	return 0;
}
