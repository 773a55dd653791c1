/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as kubectl 1.20 and 1.32 were seen to print them. */
#include "dbgattach/format/kubectl_error.h"
#include "tests/unit/unit.h"

static void understands(void **state)
{
	(void)state;
	static const struct {
		const char *said;
		enum err_kind kind;
		bool not_yet;
		const char *text, *next; /* parts of them */
	} rows[] = {
		{ "Error from server (NotFound): pods \"nopod\" not found\n", ERR_NOT_FOUND, false,
		  "pods \"nopod\" not found", "-n NAMESPACE" },
		{ "Error from server (NotFound): namespaces \"nons\" not found\n", ERR_NOT_FOUND, false,
		  "namespaces \"nons\" not found", "get namespaces" },
		{ "Error from server (BadRequest): container nope is not valid for pod app\n", ERR_NOT_FOUND, false,
		  "container nope", "" },
		{ "error: Internal error occurred: unable to upgrade connection: container not found (\"main\")\n",
		  ERR_GONE, true, "container not found (\"main\")", "describe pod" },
		{ "error: unable to upgrade connection: container not found (\"dbgattach\")\n", ERR_GONE, true,
		  "container not found", "describe pod" },
		{ "error: cannot exec into a container in a completed pod; current phase is Succeeded\n", ERR_GONE,
		  false, "cannot exec", "" },
		{ "Error from server (BadRequest): pod unsched does not have a host assigned\n", ERR_GONE, true,
		  "pod unsched", "describe pod" },
		{ "error: Internal error occurred: error executing command in container: OCI runtime exec failed: exec "
		  "failed: unable to start container process: exec: \"/dbgattach\": stat /dbgattach: no such file or "
		  "directory: unknown\n",
		  ERR_UNSUPPORTED, false, "OCI runtime exec failed", "image" },
		{ "Error from server (Forbidden): pods \"app\" is forbidden: User \"dev\" cannot get resource \"pods\" "
		  "in "
		  "API group \"\" in the namespace \"default\"\n",
		  ERR_DENIED, false, "cannot get resource", "--explain" },
		{ "Error from server (Forbidden): error when creating \"STDIN\": jobs.batch is forbidden: User \"dev\" "
		  "cannot create resource \"jobs\" in API group \"batch\" in the namespace \"dbgattach\"\n",
		  ERR_DENIED, false, "cannot create resource", "--explain" },
		{ "Error from server (Forbidden): error when creating \"nd.yaml\": pods \"nd\" is forbidden: violates "
		  "PodSecurity \"restricted:latest\": host namespaces (hostPID=true)\n",
		  ERR_DENIED, false, "violates PodSecurity", "--node-namespace" },
		{ "error: Internal error occurred: error sending request: Post \"https://127.0.0.1:10250/exec/x\": "
		  "dial "
		  "tcp 127.0.0.1:10250: connect: connection refused\n",
		  ERR_SYSTEM, false, "dial tcp", "get nodes" },
		{ "error: You must be logged in to the server (Unauthorized)\n", ERR_DENIED, false, "logged in",
		  "log in" },
		{ "error: You must be logged in to the server (the server has asked for the client to provide "
		  "credentials)\n",
		  ERR_DENIED, false, "logged in", "log in" },
		{ "E1123 10:00:00.1 1 memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server API group "
		  "list\"\nThe connection to the server localhost:8080 was refused - did you specify the right host or "
		  "port?\n",
		  ERR_SYSTEM, false, "localhost:8080 was refused", "cluster up" },
		{ "error: stat /nonexistent: no such file or directory\n", ERR_USAGE, false, "/nonexistent",
		  "KUBECONFIG" },
		{ "error: context \"nope\" does not exist\n", ERR_USAGE, false, "nope", "get-contexts" },
		{ "Unable to connect to the server: net/http: request canceled while waiting for connection "
		  "(Client.Timeout exceeded while awaiting headers)\n",
		  ERR_TIMEOUT, false, "Client.Timeout", "cluster up" },
		{ "Error from server (BadRequest): Pod in version \"v1\" cannot be handled as a EphemeralContainers: "
		  "converting "
		  "(v1.Pod) to (core.EphemeralContainers): unknown conversion\n",
		  ERR_UNSUPPORTED, false, "cannot be handled", "1.22" },
		{ "error: something new\n", ERR_SYSTEM, false, "something new", "" },
		/* Noise before and behind. */
		{ "Warning: batch/v1beta1 Job is deprecated\nerror: something new\nE1123 10:00:00.1 1 "
		  "websocket.go:296] "
		  "Unknown stream id 1, discarding message\n",
		  ERR_SYSTEM, false, "something new", "" },
		{ "E1123 10:00:00.1 1 websocket.go:296] Unknown stream id 1, discarding message\n", ERR_NONE, false, "",
		  "" },
		{ "command terminated with exit code 7\n", ERR_NONE, false, "", "" },
		{ "", ERR_NONE, false, "", "" },
		{ "error: \x1b]0;x\x07 of a hostile server", ERR_SYSTEM, false, "\\x1b]0;x\\x07", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = strlen(rows[i].said);
		cleanup_free char *exact = unit_exact(rows[i].said, length);
		struct kubectl_error error;

		kubectl_error_parse(exact, length, &error);
		if (error.kind != rows[i].kind || error.not_yet != rows[i].not_yet ||
		    strstr(error.text, rows[i].text) == NULL || strstr(error.next, rows[i].next) == NULL ||
		    (rows[i].next[0] == '\0') != (error.next[0] == '\0'))
			fail_msg("row %zu: %s, %s: %s; %s", i, err_kind_name(error.kind),
				 error.not_yet ? "not yet" : "", error.text, error.next);
		if (strstr(error.text, "Error from server") != NULL || strncmp(error.text, "error: ", 7) == 0)
			fail_msg("row %zu: kubectl's own words: %s", i, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(understands) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
