/* SPDX-License-Identifier: Apache-2.0 */
/* Owns pid:N and pid:N:INODE: a process that no runtime is asked about. */
#include "dbgattach/base/cleanup.h"
#include "src/target/runtime.h"

#include <errno.h>
#include <inttypes.h>

static int check_inode(const struct pin *pin, uint64_t expected, struct err *err)
{
	uint64_t inode;
	int r = pin_pidfd_inode(pin, &inode, err);
	if (r < 0)
		return r;
	if (inode != expected)
		return err_set(err, ERR_CHANGED,
			       "process %d is another one than was meant (pidfd inode %" PRIu64 " instead of %" PRIu64
			       ")",
			       pin->pid, inode, expected);
	return 0;
}

int pid_resolve(const struct host *host, const struct reference *reference, struct target *ret, struct pin *ret_pin,
		struct err *err)
{
	__attribute__((cleanup(pin_done))) struct pin pin = PIN_INIT;

	int r = pin_open(host, reference->pid, 0, &pin, err);
	if (r == 0 && reference->pidfd_inode != 0)
		r = check_inode(&pin, reference->pidfd_inode, err);
	if (r < 0)
		return r;

	char *id = text_printf("pid:%d", pin.pid);
	if (!id)
		return err_sys(err, ENOMEM, "process %d", pin.pid);
	*ret = (struct target) { .runtime = "pid", .id = id, .pid = pin.pid, .start_time = pin.start_time };
	*ret_pin = pin;
	pin = (struct pin)PIN_INIT;
	return 0;
}
