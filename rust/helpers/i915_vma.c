// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_vma.h"

#include <rgvt/helpers.h>

u32 rgvt_vma_ggtt_offset(const struct i915_vma *vma)
{
	return i915_ggtt_offset(vma);
}

void rgvt_vma_unpin(struct i915_vma *vma)
{
	i915_vma_unpin(vma);
}
