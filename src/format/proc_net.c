/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the local address and the state of a socket's line. */
#include "dbgattach/format/proc_net.h"

#include <arpa/inet.h>
#include <string.h>

static int malformed(struct err *err)
{
	return err_set(err, ERR_MALFORMED, "is no line of a socket");
}

/* Exactly that many digits; the kernel writes capitals. */
static bool read_hex(const char *text, size_t digits, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		char c = text[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
			return false;
		value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
	}
	*ret = value;
	return true;
}

/* The next word of the line; its length, 0 at the end. */
static size_t next_word(const char **at, const char *end)
{
	const char *word = *at;

	while (word < end && *word == ' ')
		word++;
	*at = word;
	while (word < end && *word != ' ')
		word++;
	return (size_t)(word - *at);
}

/* Words of 32 bits, as the machine that wrote them keeps them in memory. */
static bool read_address(const char *text, size_t words, struct proc_net_socket *ret)
{
	uint32_t address[4] = { 0 };

	for (size_t i = 0; i < words; i++)
		if (!read_hex(text + 8 * i, 8, &address[i]))
			return false;
	ret->v6 = words == 4;
	return inet_ntop(ret->v6 ? AF_INET6 : AF_INET, address, ret->address, sizeof(ret->address)) != NULL;
}

int proc_net_parse_line(const char *line, size_t length, struct proc_net_socket *ret, struct err *err)
{
	const char *at = line, *end = line + length;
	struct proc_net_socket socket = { 0 };
	uint32_t port = 0, state = 0;

	size_t number = next_word(&at, end);
	if (number < 2 || at[number - 1] != ':')
		return malformed(err);
	at += number;
	size_t local = next_word(&at, end);
	size_t words = local == 8 + 1 + 4 ? 1 : local == 32 + 1 + 4 ? 4 : 0;
	if (words == 0 || at[8 * words] != ':' || !read_address(at, words, &socket) ||
	    !read_hex(at + 8 * words + 1, 4, &port))
		return malformed(err);
	at += local;
	size_t remote = next_word(&at, end);
	if (remote != local)
		return malformed(err);
	at += remote;
	if (next_word(&at, end) != 2 || !read_hex(at, 2, &state))
		return malformed(err);
	socket.port = (uint16_t)port;
	socket.state = state;
	*ret = socket;
	return 0;
}
