/* SPDX-License-Identifier: Apache-2.0 */
/* How many sockets there are, and which ports are listened on, out of /proc/PID/fd and /proc/PID/net. */
#include "inspect.h"

#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/proc_net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NET_FILE_MAX (16U << 20) /* some 100,000 sockets */
#define FDS_MAX 1048576

static const struct {
	const char *protocol;
	unsigned state; /* that of one that waits for others */
} tables[] = {
	{ "tcp", 10 },
	{ "tcp6", 10 },
	{ "udp", 7 },
	{ "udp6", 7 },
};

/* Of the first process; negative: it may not be looked at. readlink touches no file. */
static int count_sockets(const struct inspection *inspection, struct err *err)
{
	int fd = openat(inspection->pin.proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL) {
		int saved = errno;
		close_quietly(fd);
		return err_sys(err, saved, "/proc/%d/fd", inspection->pin.pid);
	}
	struct dirent *entry;
	for (int i = 0; i < FDS_MAX && (entry = readdir(dir)) != NULL; i++) {
		char link[16] = "";
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		count += length > 0 && text_starts(link, "socket:[");
	}
	(void)closedir(dir);
	return count;
}

static void add_listening(json_t *list, const char *protocol, unsigned state, const struct buffer *text)
{
	const char *line = memchr(text->data, '\n', text->length); /* behind the titles */

	for (; line != NULL && line[1] != '\0'; line = strchr(line + 1, '\n')) {
		struct proc_net_socket socket;

		if (proc_net_parse_line(line + 1, strcspn(line + 1, "\n"), &socket, NULL) == 0 && socket.state == state)
			(void)json_array_append_new(list, json_pack("{s:s, s:s, s:i}", "protocol", protocol, "address",
								    socket.address, "port", (int)socket.port));
	}
}

/* NULL with *err filled; [] where the namespace has no such table. */
static json_t *list_listening(const struct inspection *inspection, struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		cleanup_buffer struct buffer text = { 0 };
		char path[16];

		(void)snprintf(path, sizeof(path), "net/%s", tables[i].protocol);
		int result = io_read_file_at(inspection->pin.proc_fd, path, NET_FILE_MAX, &text);
		if (result == -ENOENT) /* no IPv6 */
			continue;
		if (result < 0) {
			(void)err_sys(err, result, "/proc/%d/%s", inspection->pin.pid, path);
			json_decref(list);
			return NULL;
		}
		if (text.length > 0)
			add_listening(list, tables[i].protocol, tables[i].state, &text);
	}
	return list;
}

/* All of the network namespace. */
static json_t *count_all(const struct inspection *inspection)
{
	cleanup_buffer struct buffer text = { 0 };
	uint64_t count;
	const char *title = "sockets: used ";

	if (io_read_file_at(inspection->pin.proc_fd, "net/sockstat", 4096, &text) < 0 ||
	    !text_starts(text.data, title) ||
	    text_u64(text.data + strlen(title), strcspn(text.data + strlen(title), "\n"), INT32_MAX, &count) < 0)
		return json_null();
	return json_integer((json_int_t)count);
}

json_t *inspect_sockets(const struct inspection *inspection, struct err *err)
{
	int count = count_sockets(inspection, err);
	json_t *listening = count < 0 ? NULL : list_listening(inspection, err);

	if (listening == NULL)
		return NULL;
	return inspect_made(json_pack("{s:i, s:o, s:o}", "process", count, "namespace", count_all(inspection),
				      "listening", listening),
			    err);
}
