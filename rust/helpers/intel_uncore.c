// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "gt/intel_gt_types.h"
#include "intel_uncore.h"

#include <rgvt/helpers.h>

u32 rgvt_uncore_read(struct drm_i915_private *i915, u32 offset)
{
	return intel_uncore_read(to_gt(i915)->uncore, _MMIO(offset));
}
