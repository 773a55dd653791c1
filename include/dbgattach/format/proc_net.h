/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/net/tcp, tcp6, udp, udp6 (proc_pid_net(5)), line by line: there may be 100,000 connections. */
#pragma once

#include "dbgattach/base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_net_socket {
	bool v6;
	char address[INET6_ADDRSTRLEN]; /* local */
	uint16_t port;
	unsigned state; /* 10: TCP_LISTEN; 7: a UDP socket that is not connected */
};

/* One line behind the titles, without the newline. ERR_MALFORMED where it is none. */
int proc_net_parse_line(const char *line, size_t length, struct proc_net_socket *ret, struct err *err);
