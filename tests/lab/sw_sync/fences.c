// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include "sw_sync.c"

MODULE_DESCRIPTION("The kernel's fences for tests, CONFIG_SW_SYNC, as a module");
MODULE_LICENSE("GPL");
