// SPDX-License-Identifier: GPL-2.0

#include <linux/ratelimit.h>

#include <rgvt/helpers.h>

void rgvt_ratelimit_init(struct ratelimit_state *rs)
{
	ratelimit_default_init(rs);
}
