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

bool rgvt_engine_preempts(const struct intel_engine_cs *engine)
{
	return intel_engine_has_preemption(engine);
}

/* In Hz, of the timestamps in the images of contexts. */
u32 rgvt_engine_clock(const struct intel_engine_cs *engine)
{
	return engine->gt->clock_frequency;
}

struct atomic_notifier_head *rgvt_engine_context_status(struct intel_engine_cs *engine)
{
	return &engine->context_status_notifier;
}
