/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the texts by which kubectl's failures are told apart. */
#include "dbgattach/format/kubectl_error.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/text.h"

#include <stdio.h>
#include <string.h>

/* Lines with these say nothing about a failure. */
static const char *const noise[] = {
	"Unknown stream id",    "memcache.go:",        "command terminated with exit code",
	"Defaulted container ", "Unable to use a TTY", "If you don't see a command prompt",
	"deprecated",
};

static const char *const prefixes[] = {
	"Error from server", "error when creating \"STDIN\"", "error: error sending request: ",
	"error: ",           "Internal error occurred: ",     "unable to upgrade connection: ",
};

#define RIGHTS "--explain prints the rights it needs"

/* The first whose texts both stand in the line. */
static const struct {
	const char *text, *other;
	enum err_kind kind;
	bool not_yet;
	const char *next;
} meanings[] = {
	{ "violates PodSecurity", "", ERR_DENIED, false,
	  "the namespace has to allow it (pod-security.kubernetes.io/enforce=privileged); --node-namespace names "
	  "another" },
	{ "(Forbidden)", "cannot ", ERR_DENIED, false, RIGHTS },
	{ "is forbidden", "cannot ", ERR_DENIED, false, RIGHTS },
	{ "(Forbidden)", "", ERR_DENIED, false, "" },
	{ "provide credentials", "", ERR_DENIED, false, "log in again, or name another --context or --kubeconfig" },
	{ "Unauthorized", "", ERR_DENIED, false, "log in again, or name another --context or --kubeconfig" },
	{ "(NotFound)", "namespaces", ERR_NOT_FOUND, false, "kubectl get namespaces lists them" },
	{ "(NotFound)", "", ERR_NOT_FOUND, false, "-n NAMESPACE names another namespace" },
	{ "doesn't have a resource type", "", ERR_USAGE, false, "kubectl api-resources lists them" },
	{ "context \"", "does not exist", ERR_USAGE, false, "kubectl config get-contexts lists them" },
	{ "context was not found", "", ERR_USAGE, false, "kubectl config get-contexts lists them" },
	{ "stat ", "no such file or directory\n", ERR_USAGE, false, "--kubeconfig or KUBECONFIG names it" },
	{ "error loading config file", "", ERR_MALFORMED, false, "--kubeconfig or KUBECONFIG names it" },
	{ "container not found", "", ERR_GONE, true, "kubectl describe pod says why it does not run" },
	{ "pod does not exist", "", ERR_GONE, true, "kubectl describe pod says why it does not run" },
	{ "is not created or running", "", ERR_GONE, true, "kubectl describe pod says why it does not run" },
	{ "waiting to start", "", ERR_GONE, true, "kubectl describe pod says why it does not run" },
	{ "does not have a host assigned", "", ERR_GONE, true, "kubectl describe pod says why it is not scheduled" },
	{ "completed pod", "", ERR_GONE, false, "" },
	{ "cannot be handled as a EphemeralContainers", "", ERR_UNSUPPORTED, false,
	  "ephemeral containers are entered from Kubernetes 1.22 on; --mode=node" },
	{ "is not valid for pod", "", ERR_NOT_FOUND, false, "" },
	{ "no such file or directory: unknown", "", ERR_UNSUPPORTED, false, "its image is not dbgattach's" },
	{ "executable file not found", "", ERR_UNSUPPORTED, false, "its image is not dbgattach's" },
	{ "did you specify the right host or port", "", ERR_SYSTEM, false,
	  "is the cluster up, and --context or KUBECONFIG the one that was meant?" },
	{ "no such host", "", ERR_SYSTEM, false, "is --context or KUBECONFIG the one that was meant?" },
	{ "x509:", "", ERR_DENIED, false, "is --context or KUBECONFIG the one that was meant?" },
	{ "deadline exceeded", "", ERR_TIMEOUT, false, "is the cluster up?" },
	{ "Client.Timeout", "", ERR_TIMEOUT, false, "is the cluster up?" },
	{ "i/o timeout", "", ERR_TIMEOUT, false, "is the node up? kubectl get nodes tells" },
	{ "TLS handshake timeout", "", ERR_TIMEOUT, false, "is the cluster up?" },
	{ "dial tcp", "", ERR_SYSTEM, false, "the node's kubelet does not answer; kubectl get nodes tells" },
};

static bool is_noise(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
		if (strstr(line, noise[i]) != NULL)
			return true;
	return text_starts(line, "Warning: ") && strstr(line, "violates PodSecurity") == NULL;
}

/* "Error from server (NotFound): pods ..." and the like. */
static const char *without_prefixes(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!text_starts(line, prefixes[i]))
			continue;
		const char *behind = line + strlen(prefixes[i]);
		if (prefixes[i][strlen(prefixes[i]) - 1] != ' ') {
			const char *colon = strstr(behind, ": ");
			behind = colon != NULL ? colon + 2 : behind;
		}
		line = behind;
	}
	return line;
}

static void understand(const char *line, struct kubectl_error *ret)
{
	char ended[2048]; /* with its line end, which some texts have */

	(void)snprintf(ended, sizeof(ended), "%s\n", line);
	*ret = (struct kubectl_error) { .kind = ERR_SYSTEM, .next = "" };
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (strstr(ended, meanings[i].text) == NULL || strstr(ended, meanings[i].other) == NULL)
			continue;
		ret->kind = meanings[i].kind;
		ret->not_yet = meanings[i].not_yet;
		ret->next = meanings[i].next;
		break;
	}
	const char *text = without_prefixes(line);
	(void)text_escape(text, strlen(text), ret->text, sizeof(ret->text));
}

void kubectl_error_parse(const char *bytes, size_t length, struct kubectl_error *ret)
{
	*ret = (struct kubectl_error) { .kind = ERR_NONE, .next = "" };
	/* The last that says something: what comes before it is how kubectl got there. */
	for (size_t start = 0; start < length;) {
		const char *end = memchr(bytes + start, '\n', length - start);
		size_t size = end != NULL ? (size_t)(end - (bytes + start)) : length - start;
		char line[2000];
		size_t kept = size < sizeof(line) - 1 ? size : sizeof(line) - 1;

		memcpy(line, bytes + start, kept);
		line[kept] = '\0';
		if (line[0] != '\0' && !is_noise(line))
			understand(line, ret);
		start += size + 1;
	}
}
