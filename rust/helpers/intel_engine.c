// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "gt/intel_engine_types.h"
#include "gt/intel_gt_types.h"

#include <rgvt/helpers.h>

struct intel_engine_cs *rgvt_engine(const struct drm_i915_private *i915, u32 id)
{
	return to_gt(i915)->engine[id];
}

u32 rgvt_engine_context_size(const struct intel_engine_cs *engine)
{
	return engine->context_size;
}

struct atomic_notifier_head *rgvt_engine_context_status(struct intel_engine_cs *engine)
{
	return &engine->context_status_notifier;
}
