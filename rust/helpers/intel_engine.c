// SPDX-License-Identifier: GPL-2.0

#include <linux/cleanup.h>
#include <linux/highmem.h>
#include <linux/iopoll.h>
#include <linux/mutex.h>

#include "i915_drv.h"
#include "i915_vma.h"
#include "gem/i915_gem_object_types.h"
#include "gt/intel_engine_types.h"
#include "gt/intel_gt_types.h"
#include "intel_uncore.h"

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

/*
 * Copies the batch that i915 has its contexts run in the middle of a restore, which was
 * written when the engine was set up and is pinned since. Returns its bytes, 0 if there
 * is none, or -E2BIG if there are more than @room.
 */
int rgvt_engine_restore_batch(const struct intel_engine_cs *engine, void *to, u32 room)
{
	const struct i915_ctx_workarounds *wa = &engine->wa_ctx;
	const void *page;

	if (!wa->vma || !wa->indirect_ctx.size)
		return 0;
	if (wa->indirect_ctx.size > room)
		return -E2BIG;

	/* Its object is one page (CTX_WA_BB_SIZE). */
	page = kmap_local_page(sg_page(wa->vma->obj->mm.pages->sgl));
	memcpy(to, page + wa->indirect_ctx.offset, wa->indirect_ctx.size);
	kunmap_local(page);
	return wa->indirect_ctx.size;
}

/*
 * Has an engine forget its translations, as i915 does by mmio_invalidate_full(), which it
 * does not export; the limit is i915's too, and so is the lock: there is one bit that says
 * that it is done, whoever has asked. -ETIMEDOUT if the engine does not say that it is.
 */
int rgvt_engine_invalidate_tlb(const struct intel_engine_cs *engine)
{
	struct intel_uncore *uncore = engine->uncore;
	i915_reg_t reg = engine->tlb_inv.reg.reg;
	u32 value;
	int err;

	guard(mutex)(&engine->gt->tlb.invalidate_lock);
	intel_uncore_forcewake_get(uncore, FORCEWAKE_ALL);
	intel_uncore_write(uncore, reg, engine->tlb_inv.request);
	err = read_poll_timeout(intel_uncore_read, value, !(value & engine->tlb_inv.done),
				10, 4 * USEC_PER_MSEC, false, uncore, reg);
	intel_uncore_forcewake_put(uncore, FORCEWAKE_ALL);
	return err;
}

struct atomic_notifier_head *rgvt_engine_context_status(struct intel_engine_cs *engine)
{
	return &engine->context_status_notifier;
}
