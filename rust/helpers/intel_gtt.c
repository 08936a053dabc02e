// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "gt/intel_gt_types.h"
#include "gt/intel_gtt.h"

#include <rgvt/helpers.h>

u64 rgvt_ggtt_total(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->vm.total;
}

u64 rgvt_ggtt_mappable_end(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->mappable_end;
}

u32 rgvt_ggtt_num_fences(const struct drm_i915_private *i915)
{
	return to_gt(i915)->ggtt->num_fences;
}
