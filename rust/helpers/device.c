// SPDX-License-Identifier: GPL-2.0

#include <linux/device.h>

#include <rgvt/helpers.h>

void rgvt_device_lock(struct device *dev)
{
	device_lock(dev);
}

void rgvt_device_unlock(struct device *dev)
{
	device_unlock(dev);
}
