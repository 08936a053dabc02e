// SPDX-License-Identifier: GPL-2.0

#include <linux/ratelimit.h>

#include <rgvt/helpers.h>

/* One limit for all lines that a guest can cause: no matter which of them floods the log. */
bool rgvt_ratelimit(void)
{
	static DEFINE_RATELIMIT_STATE(lines, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	return __ratelimit(&lines);
}
