// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_reg.h"
#include "intel_uncore.h"
#include "gt/intel_ggtt_fencing.h"
#include "gt/intel_gt_types.h"

#include <rgvt/helpers.h>

/*
 * The valid bit is in the lower half. The register must not be valid while its halves are of two
 * values; to read it makes the write before arrive.
 */
void rgvt_fence_write(struct i915_fence_reg *fence, u64 value)
{
	struct intel_uncore *uncore = fence->ggtt->vm.gt->uncore;
	i915_reg_t low = FENCE_REG_GEN6_LO(fence->id);

	intel_uncore_write(uncore, low, 0);
	intel_uncore_posting_read(uncore, low);
	intel_uncore_write(uncore, FENCE_REG_GEN6_HI(fence->id), upper_32_bits(value));
	intel_uncore_write(uncore, low, lower_32_bits(value));
	intel_uncore_posting_read(uncore, low);
}
