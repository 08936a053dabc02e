// SPDX-License-Identifier: GPL-2.0

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include <rgvt/helpers.h>

/* get_task_comm() wants to see the array; this is what it does. */
void rgvt_task_comm(const struct task_struct *task, char *name)
{
	strscpy_pad(name, task->comm, TASK_COMM_LEN);
}

bool rgvt_is_being_killed(void)
{
	return fatal_signal_pending(current);
}
