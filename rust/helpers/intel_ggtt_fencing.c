// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_reg.h"
#include "intel_uncore.h"
#include "gem/i915_gem_object_types.h"
#include "gt/intel_ggtt_fencing.h"
#include "gt/intel_gt_types.h"

#include <rgvt/helpers.h>

/* What i915's fence_write() makes the same value of. */
static void remember(struct i915_fence_reg *fence, u64 value)
{
	u32 low = lower_32_bits(value), high = upper_32_bits(value);

	fence->tiling = I915_TILING_NONE;
	if (!(low & I965_FENCE_REG_VALID))
		return;

	fence->start = low & PAGE_MASK;
	fence->size = (high & PAGE_MASK) + I965_FENCE_PAGE - fence->start;
	fence->stride = ((high & (GEN7_FENCE_MAX_PITCH_VAL - 1)) + 1) * 128;
	fence->tiling = low & BIT(I965_FENCE_TILING_Y_SHIFT) ? I915_TILING_Y : I915_TILING_X;
}

/*
 * i915 writes all fence registers, reserved or not, when it has reset the whole GPU
 * and when it resumes. The lock keeps that from coming in between.
 *
 * The valid bit is in the lower half. The register must not be valid while its halves are of two
 * values; to read it makes the write before arrive.
 */
void rgvt_fence_set(struct i915_fence_reg *fence, u64 value)
{
	struct intel_gt *gt = fence->ggtt->vm.gt;
	i915_reg_t low = FENCE_REG_GEN6_LO(fence->id);

	mutex_lock(&gt->reset.mutex);
	remember(fence, value);
	intel_uncore_write(gt->uncore, low, 0);
	intel_uncore_posting_read(gt->uncore, low);
	intel_uncore_write(gt->uncore, FENCE_REG_GEN6_HI(fence->id), upper_32_bits(value));
	intel_uncore_write(gt->uncore, low, lower_32_bits(value));
	intel_uncore_posting_read(gt->uncore, low);
	mutex_unlock(&gt->reset.mutex);
}
