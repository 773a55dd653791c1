/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what is counted against a deadline. Sleep is what is left of the time when a task's own time on a processor and in the
 * queue for one are taken away: the kernel's word, and nothing that a filesystem could lengthen.
 */
#include "patience.h"

#include "dbgattach/base/clock.h"
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "dbgattach/base/text.h"
#include "dbgattach/format/proc_schedstat.h"
#include "dbgattach/format/proc_stat.h"

#include <errno.h>

#define LOOK_AGAIN_MS 50

static int read_file(const struct patience *patience, const char *name, struct buffer *buffer)
{
	char path[32];
	int r = text_format(path, sizeof(path), "%d/%s", patience->pid, name);

	return r < 0 ? r : io_read_file_at(patience->proc_fd, path, 4096, buffer);
}

/* 0 where the kernel keeps no account of it (no CONFIG_SCHED_INFO). */
static int64_t busy_ms(const struct patience *patience)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_schedstat schedstat;

	if (read_file(patience, "schedstat", &text) < 0 ||
	    proc_schedstat_parse(text.data, text.length, &schedstat, NULL) < 0)
		return 0;
	return (int64_t)((schedstat.ran_ns + schedstat.queued_ns) / 1000000);
}

static bool is_runnable(const struct patience *patience)
{
	cleanup_buffer struct buffer text = { 0 };
	struct proc_stat stat;

	return read_file(patience, "stat", &text) == 0 && proc_stat_parse(text.data, text.length, &stat, NULL) == 0 &&
	       stat.state == 'R';
}

int64_t patience_left(const struct patience *patience)
{
	int64_t passed = clock_now_ms() - patience->since;

	/* It has not slept longer than it has been there: nothing to look up, nearly always. */
	if (passed < patience->sleep_ms)
		return patience->sleep_ms - passed;
	if (passed >= PATIENCE_BUSY_MAX_MS)
		return 0;
	if (is_runnable(patience))
		return LOOK_AGAIN_MS;
	int64_t left = patience->sleep_ms - (passed - busy_ms(patience));
	return left > 0 ? left : 0;
}
