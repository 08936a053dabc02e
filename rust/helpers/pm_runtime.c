// SPDX-License-Identifier: GPL-2.0

#include <linux/pm_runtime.h>

#include <rgvt/helpers.h>

int rgvt_pm_runtime_resume_and_get(struct device *dev)
{
	return pm_runtime_resume_and_get(dev);
}

void rgvt_pm_runtime_put_autosuspend(struct device *dev)
{
	pm_runtime_put_autosuspend(dev);
}
