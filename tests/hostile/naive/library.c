// SPDX-License-Identifier: Apache-2.0
/* What naivetool is linked to. */
int dbgnaive(void);

int dbgnaive(void)
{
	return 0;
}
