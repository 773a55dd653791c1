/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is taken from the state files of runc, crun and youki. Opens nothing.
 *
 * runc's state.json is 30 KB, of which four members are wanted, and it is read in every attach to a container of Docker
 * or Podman. Scanning it takes less than a tenth of what jansson takes to build its tree (measured side by side: 0.05
 * ms and 0.7 ms, of 2.5 ms that a whole attach may take). crun's status is 500 bytes and goes the usual way.
 */
#include "dbgattach/format/oci_state.h"

#include "dbgattach/base/json.h"
#include "src/format/json_scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 1024
#define BUNDLE_MAX 4096

static const char bundle_label[] = "bundle=";

/* The strings that are kept, still as they stand in the file. */
struct runc_members {
	struct json_scan_string id, bundle;
	bool has_id, has_pid, has_start_time, has_config, has_labels, has_bundle;
	uint64_t pid, start_time;
};

/* A key that is written with escapes would escape the comparison, and a second one the check: both are refused. */
static bool key_is(struct json_scan *scan, struct json_scan_string key, const char *name, bool *seen)
{
	if (key.escaped)
		scan->failed = true;
	if (key.length != strlen(name) || memcmp(key.text, name, key.length) != 0)
		return false;
	if (*seen)
		scan->failed = true;
	*seen = true;
	return true;
}

static void scan_labels(struct json_scan *scan, struct runc_members *out)
{
	const size_t prefix = sizeof(bundle_label) - 1;
	bool first = true;

	if (json_scan_peek(scan) != '[') {
		json_scan_skip(scan);
		return;
	}
	while (json_scan_array_next(scan, &first)) {
		struct json_scan_string label = { 0 };
		json_scan_string(scan, &label);
		if (label.length >= prefix && memcmp(label.text, bundle_label, prefix) == 0 && !out->has_bundle) {
			out->bundle = label;
			out->has_bundle = true;
		}
	}
}

static void scan_config(struct json_scan *scan, struct runc_members *out)
{
	struct json_scan_string key;
	bool first = true;

	if (json_scan_peek(scan) != '{') {
		json_scan_skip(scan);
		return;
	}
	while (json_scan_object_next(scan, &first, &key)) {
		if (key_is(scan, key, "labels", &out->has_labels))
			scan_labels(scan, out);
		else
			json_scan_skip(scan);
	}
}

static void scan_state(struct json_scan *scan, struct runc_members *out)
{
	struct json_scan_string key;
	bool first = true;

	while (json_scan_object_next(scan, &first, &key)) {
		if (key_is(scan, key, "id", &out->has_id))
			json_scan_string(scan, &out->id);
		else if (key_is(scan, key, "init_process_pid", &out->has_pid))
			json_scan_u64(scan, INT_MAX, &out->pid);
		else if (key_is(scan, key, "init_process_start", &out->has_start_time))
			json_scan_u64(scan, UINT64_MAX, &out->start_time);
		else if (key_is(scan, key, "config", &out->has_config))
			scan_config(scan, out);
		else
			json_scan_skip(scan);
	}
	json_scan_finish(scan);
}

/* Undoes the escapes: by jansson, with the quotes that stand around the text in the file. */
static int decode(struct json_scan_string string, size_t skipped, size_t limit, char **ret, struct err *err)
{
	cleanup_json json_t *value = json_loadb(string.text - 1, string.length + 2, JSON_DECODE_ANY, NULL);
	if (!value || json_string_length(value) < skipped || json_string_length(value) > limit)
		return err_set(err, ERR_MALFORMED, "a string cannot be read");
	char *copy = strdup(json_string_value(value) + skipped);
	if (!copy)
		return err_sys(err, ENOMEM, "reading JSON");
	*ret = copy;
	return 0;
}

int oci_state_parse_runc(const char *bytes, size_t length, struct oci_state *ret, struct err *err)
{
	struct runc_members members = { 0 };
	__attribute__((cleanup(oci_state_done))) struct oci_state state = { 0 };
	struct json_scan scan;

	json_scan_init(&scan, bytes, length);
	scan_state(&scan, &members);
	if (scan.failed)
		return err_set(err, ERR_MALFORMED, "cannot be read at byte %zu", (size_t)(scan.at - scan.bytes));
	if (!members.has_id || !members.has_pid || !members.has_start_time)
		return err_set(err, ERR_MALFORMED, "id, init_process_pid or init_process_start is missing");

	state.pid = (int64_t)members.pid;
	state.start_time = members.start_time;
	int r = decode(members.id, 0, ID_MAX, &state.id, err);
	if (r == 0 && members.has_bundle)
		r = decode(members.bundle, sizeof(bundle_label) - 1, BUNDLE_MAX, &state.bundle, err);
	if (r < 0)
		return r;
	*ret = state;
	state = (struct oci_state) { 0 };
	return 0;
}

struct crun_members {
	struct oci_state state;
	int64_t start_time;
};

static const struct json_field crun_fields[] = {
	{ .name = "pid",
	  .type = JSON_FIELD_I64,
	  .offset = offsetof(struct crun_members, state.pid),
	  .mandatory = true },
	{ .name = "process-start-time", .type = JSON_FIELD_I64, .offset = offsetof(struct crun_members, start_time) },
	{ .name = "bundle",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct crun_members, state.bundle),
	  .limit = BUNDLE_MAX },
	{ 0 },
};

static void crun_members_done(struct crun_members *members)
{
	oci_state_done(&members->state);
}

int oci_state_parse_crun(const char *bytes, size_t length, struct oci_state *ret, struct err *err)
{
	__attribute__((cleanup(crun_members_done))) struct crun_members members = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, crun_fields, JSON_FOREIGN, &members, err);
	if (r < 0)
		return r;
	if (members.state.pid < 0 || members.state.pid > INT_MAX || members.start_time < 0)
		return err_set(err, ERR_MALFORMED, "pid or process-start-time is out of range");
	members.state.start_time = (uint64_t)members.start_time;
	*ret = members.state;
	members.state = (struct oci_state) { 0 };
	return 0;
}

static const struct json_field youki_fields[] = {
	{ .name = "id",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct oci_state, id),
	  .mandatory = true,
	  .limit = ID_MAX },
	{ .name = "pid", .type = JSON_FIELD_I64, .offset = offsetof(struct oci_state, pid) },
	{ .name = "bundle",
	  .type = JSON_FIELD_STRING,
	  .offset = offsetof(struct oci_state, bundle),
	  .mandatory = true,
	  .limit = BUNDLE_MAX },
	{ 0 },
};

int oci_state_parse_youki(const char *bytes, size_t length, struct oci_state *ret, struct err *err)
{
	__attribute__((cleanup(oci_state_done))) struct oci_state state = { 0 };
	cleanup_json json_t *root = NULL;

	int r = json_parse(bytes, length, &root, err);
	if (r < 0)
		return r;
	r = json_read(root, youki_fields, JSON_FOREIGN, &state, err);
	if (r < 0)
		return r;
	if (state.pid < 0 || state.pid > INT_MAX)
		return err_set(err, ERR_MALFORMED, "pid is out of range");
	*ret = state;
	state = (struct oci_state) { 0 };
	return 0;
}

void oci_state_done(struct oci_state *state)
{
	free(state->id);
	free(state->bundle);
	*state = (struct oci_state) { 0 };
}
