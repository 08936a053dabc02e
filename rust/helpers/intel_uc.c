// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "gt/intel_gt_types.h"
#include "gt/uc/intel_uc.h"

#include <rgvt/helpers.h>

bool rgvt_uc_wants_guc_submission(const struct drm_i915_private *i915)
{
	return intel_uc_wants_guc_submission(&to_gt(i915)->uc);
}
