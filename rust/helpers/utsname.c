// SPDX-License-Identifier: GPL-2.0

#include <linux/utsname.h>

#include <rgvt/helpers.h>

const char *rgvt_init_utsname_release(void)
{
	return init_utsname()->release;
}
