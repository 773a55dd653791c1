// SPDX-License-Identifier: Apache-2.0
/*
 * The one program of the benchmark's containers.
 *
 *   app pause            their PID 1
 *   app true             ends at once
 *   app zero BYTES       writes BYTES
 *   app text BYTES       the same in lines of 80
 *   app discard          reads to the end
 *   app hold BYTES       writes BYTES and stays until stdin ends
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (128 * 1024)

static char block[BLOCK];

static int put(unsigned long long left)
{
	while (left > 0) {
		ssize_t length = write(STDOUT_FILENO, block, left < BLOCK ? (size_t)left : BLOCK);

		if (length < 0)
			return 1;
		left -= (unsigned long long)length;
	}
	return 0;
}

static int discard(void)
{
	ssize_t length;

	while ((length = read(STDIN_FILENO, block, BLOCK)) > 0)
		;
	return length < 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long long bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	if (strcmp(what, "true") == 0)
		return 0;
	if (strcmp(what, "zero") == 0)
		return put(bytes);
	if (strcmp(what, "text") == 0) {
		for (size_t i = 0; i < BLOCK; i++)
			block[i] = i % 80 == 79 ? '\n' : (char)('!' + i % 80);
		return put(bytes);
	}
	if (strcmp(what, "discard") == 0)
		return discard();
	if (strcmp(what, "hold") == 0)
		return put(bytes) || discard();
	for (;;)
		pause();
}
