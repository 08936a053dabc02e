// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "intel_runtime_pm.h"

#include <rgvt/helpers.h>

struct ref_tracker *rgvt_runtime_pm_get(struct drm_i915_private *i915)
{
	return intel_runtime_pm_get(&i915->runtime_pm);
}

void rgvt_runtime_pm_put(struct drm_i915_private *i915, struct ref_tracker *wakeref)
{
	intel_runtime_pm_put(&i915->runtime_pm, wakeref);
}
