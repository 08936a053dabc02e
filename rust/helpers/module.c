// SPDX-License-Identifier: GPL-2.0

#include <linux/module.h>

#include <rgvt/helpers.h>

struct module *rgvt_this_module(void)
{
	return THIS_MODULE;
}
