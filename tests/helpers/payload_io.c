// SPDX-License-Identifier: Apache-2.0
/* payload's streams and terminals: copies, floods, holds, watches sizes and signals. */
#include "payload.h"
#include "names.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char block[1 << 18];

/* cat [FD]: stdin to stdout, or to FD. */
int cmd_cat(int argc, char **argv)
{
	int out = argc > 1 ? atoi(argv[1]) : 1;
	ssize_t n;

	while ((n = read(0, block, sizeof(block))) > 0)
		if (write_all(out, block, (unsigned long)n) < 0)
			return 1;
	return n < 0;
}

/* flood [BYTES [FD]]: so many bytes of one pattern, or for ever. */
int cmd_flood(int argc, char **argv)
{
	unsigned long long left = argc > 1 ? strtoull(argv[1], NULL, 10) : UINT64_MAX;
	int out = argc > 2 ? atoi(argv[2]) : 1;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 23);
	while (left > 0) {
		unsigned long n = left < sizeof(block) ? (unsigned long)left : sizeof(block);

		if (write_all(out, block, n) < 0)
			return 1;
		left -= n;
	}
	return 0;
}

struct sha256 {
	uint32_t state[8];
};

static inline uint32_t rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t constants[64];

/* The constants are the first 32 bits of the fractional parts of the cube roots of the first 64 primes. [FIPS 180-4] */
static void make_constants(void)
{
	int count = 0;

	for (uint32_t n = 2; count < 64; n++) {
		uint32_t d = 2;

		while (d * d <= n && n % d != 0)
			d++;
		if (d * d <= n)
			continue;
		/* The largest x with x^3 <= n * 2^96: 35 bits, of which the low 32 are the fraction. */
		__uint128_t goal = (__uint128_t)n << 96;
		uint64_t x = 0;

		for (int bit = 35; bit >= 0; bit--) {
			uint64_t t = x | UINT64_C(1) << bit;

			if ((__uint128_t)t * t <= ~(__uint128_t)0 / t && (__uint128_t)t * t * t <= goal)
				x = t;
		}
		constants[count++] = (uint32_t)x;
	}
}

__attribute__((optimize("O3", "unroll-loops"))) static void sha256_block(struct sha256 *sha, const unsigned char *data)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 | (uint32_t)data[4 * i + 2] << 8 |
		       data[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, sha->state, sizeof(s));
	/* Instead of moving the eight words round, their names go round: s[(k - i) & 7]. */
	for (unsigned i = 0; i < 64; i++) {
#define S(k) s[((k)-i) & 7]
		uint32_t t1 = S(7) + (rotate(S(4), 6) ^ rotate(S(4), 11) ^ rotate(S(4), 25)) +
			      ((S(4) & S(5)) ^ (~S(4) & S(6))) + constants[i] + w[i];

		S(3) += t1;
		S(7) = t1 + (rotate(S(0), 2) ^ rotate(S(0), 13) ^ rotate(S(0), 22)) +
		       ((S(0) & S(1)) ^ (S(0) & S(2)) ^ (S(1) & S(2)));
#undef S
	}
	for (int i = 0; i < 8; i++)
		sha->state[i] += s[i];
}

/* The sha256 and the number of bytes of stdin. */
int cmd_sha256(int argc, char **argv)
{
	struct sha256 sha = { { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
				0x5be0cd19 } };
	unsigned long long total = 0;
	size_t have = 0;
	ssize_t n;

	(void)argc, (void)argv;
	make_constants();
	while ((n = read(0, block + have, sizeof(block) - have)) > 0) {
		size_t at = 0;

		total += (unsigned long long)n;
		have += (size_t)n;
		for (; have - at >= 64; at += 64)
			sha256_block(&sha, (unsigned char *)block + at);
		memmove(block, block + at, have - at);
		have -= at;
	}
	size_t padded = have < 56 ? 64 : 128;

	memset(block + have, 0, padded - have);
	block[have] = (char)0x80;
	for (int i = 0; i < 8; i++)
		block[padded - 1 - (size_t)i] = (char)(total * 8 >> 8 * i);
	for (size_t at = 0; at < padded; at += 64)
		sha256_block(&sha, (unsigned char *)block + at);
	for (int i = 0; i < 8; i++)
		printf("%08x", sha.state[i]);
	printf(" %llu\n", total);
	return n < 0;
}

/* Reads to the end of stdin, and only then speaks, twice: what was read, and "late" a moment later. */
int cmd_late(int argc, char **argv)
{
	size_t have = 0;
	ssize_t n;

	(void)argc, (void)argv;
	while (have < sizeof(block) && (n = read(0, block + have, sizeof(block) - have)) > 0)
		have += (size_t)n;
	if (write_all(1, block, have) < 0)
		return 1;
	usleep(100000);
	return write_all(1, "late\n", 5) < 0;
}

static void print_size(void)
{
	struct winsize size = { 0 };

	if (ioctl(0, TIOCGWINSZ, &size) < 0 && ioctl(1, TIOCGWINSZ, &size) < 0)
		dprintf(1, "size none\n");
	else
		dprintf(1, "size %u %u\n", size.ws_row, size.ws_col);
}

int cmd_winsize(int argc, char **argv)
{
	(void)argc, (void)argv;
	print_size();
	return 0;
}

static void no_action(int sig)
{
	(void)sig;
}

/* winch: prints the size now and after every SIGWINCH, until it is killed. */
int cmd_winch(int argc, char **argv)
{
	sigset_t set;
	int sig;

	(void)argc, (void)argv;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGWINCH, no_action);
	for (;;) {
		print_size();
		sigwait(&set, &sig);
	}
}

/* signals [LAST]: prints "ready" and the name of each signal that comes; LAST ends it with status 0. */
int cmd_signals(int argc, char **argv)
{
	static const int watched[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGTSTP, SIGWINCH };
	sigset_t set;
	int sig;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		sigaddset(&set, watched[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	dprintf(1, "ready\n");
	while (sigwait(&set, &sig) == 0) {
		dprintf(1, "%s\n", NAME_OF(signal_names, sig));
		if (argc > 1 && strcmp(argv[1], NAME_OF(signal_names, sig)) == 0)
			return 0;
	}
	return 1;
}

/* hold [flood]: leaves a process of another session behind that holds our stdio open (and floods it); ends at once. */
int cmd_hold(int argc, char **argv)
{
	(void)argv;
	if (fork() != 0) {
		dprintf(1, "held\n");
		return 7;
	}
	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1)
		for (;;)
			if (write_all(1, block, sizeof(block)) < 0)
				usleep(1000);
	sleep_for_ever();
}

/*
 * leader FD CMD...: what a shell is to its job, on the terminal that is stdin: leads the session and runs CMD as its
 * foreground job. On FD: "pid N", then "exit N" or "signal N"; stays until FD is closed at the other end, so that the
 * terminal is not hung up before it can be looked at.
 */
int cmd_leader(int argc, char **argv)
{
	int status, fd = argc > 2 ? atoi(argv[1]) : -1;
	char byte;
	pid_t pid;

	if (fd < 0)
		return 2;
	setsid();
	ioctl(0, TIOCSCTTY, 0);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		close(fd);
		execv(argv[2], argv + 2);
		_exit(127);
	}
	dprintf(fd, "pid %d\n", (int)pid);
	signal(SIGTTOU, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		;
	tcsetpgrp(0, getpid());
	if (WIFEXITED(status))
		dprintf(fd, "exit %d\n", WEXITSTATUS(status));
	else
		dprintf(fd, "signal %d\n", WTERMSIG(status));
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	return 0;
}

/* serve PORT: one sentence to everybody who asks, by HTTP. */
int cmd_serve(int argc, char **argv)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nserved by the target\n";
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	char request[4096];

	if (argc != 2 || listener < 0)
		return 2;
	address.sin_port = htons((unsigned short)atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 16) < 0)
		return 2;
	while ((peer = accept(listener, NULL, NULL)) >= 0) {
		if (read(peer, request, sizeof(request)) > 0)
			(void)write_all(peer, answer, strlen(answer));
		close(peer);
	}
	return 2;
}
