// SPDX-License-Identifier: GPL-2.0

#include <linux/vmalloc.h>

#include <rgvt/helpers.h>

void *rgvt_vmalloc_user(unsigned long size)
{
	return vmalloc_user(size);
}
