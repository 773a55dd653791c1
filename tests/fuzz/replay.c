/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives each file named, and each file of each folder named, to a fuzzer's entry point: the corpus in the normal test
 * run, and the way to look at a crash, without libFuzzer. The bytes lie in memory of their exact size, so that a
 * sanitizer sees a read behind them.
 */
#include "dbgattach/base/cleanup.h"
#include "dbgattach/base/io.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#define INPUT_MAX (4U << 20)

static int replay_file(int dirfd, const char *path)
{
	cleanup_buffer struct buffer buffer = { 0 };

	int r = io_read_file_at(dirfd, path, INPUT_MAX, &buffer);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	cleanup_free uint8_t *exact = malloc(buffer.length ? buffer.length : 1);
	if (!exact)
		return -ENOMEM;
	memcpy(exact, buffer.data, buffer.length);
	(void)LLVMFuzzerTestOneInput(exact, buffer.length);
	return 0;
}

static int replay_folder(DIR *folder, size_t *count)
{
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		int r = replay_file(dirfd(folder), entry->d_name);
		if (r < 0)
			return r;
		++*count;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		int r = folder ? replay_folder(folder, &count) : replay_file(AT_FDCWD, argv[i]);
		if (folder)
			(void)closedir(folder);
		else
			count++;
		if (r < 0)
			return EXIT_FAILURE;
	}
	/* A corpus that got lost must not look like one that passed. */
	if (count == 0) {
		(void)fprintf(stderr, "%s: nothing to replay\n", argv[0]);
		return EXIT_FAILURE;
	}
	(void)printf("%s: %zu inputs\n", argv[0], count);
	return EXIT_SUCCESS;
}
