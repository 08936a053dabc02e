// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "gt/intel_context.h"
#include "gt/intel_lrc.h"
#include "gt/intel_lrc_reg.h"

#include <rgvt/helpers.h>

/*
 * These up to rgvt_context_set_ring_size(), but for the one that says otherwise, only before
 * the context is first pinned, when its ring and image are made.
 */
void rgvt_context_set_vm(struct intel_context *ce, struct i915_address_space *vm)
{
	i915_vm_put(ce->vm);
	ce->vm = i915_vm_get(vm);
}

/*
 * Where the engine cannot preempt, i915 has to know what it executes: the engine
 * may not go on to another context by itself.
 */
void rgvt_context_set_submission(struct intel_context *ce)
{
	if (!intel_engine_has_preemption(ce->engine))
		intel_context_set_single_submission(ce);
}

/*
 * Whether i915 has the hardware know no other context behind this one. At any time; where the
 * engine cannot preempt it stays as above. i915 adds another by submitting both anew. What
 * cannot be left in its middle lets the hardware give no answer to that, for which i915 resets
 * it after preempt_timeout_ms; and the other may be but i915's own heartbeat.
 */
void rgvt_context_set_alone(struct intel_context *ce, bool alone)
{
	if (!intel_engine_has_preemption(ce->engine))
		return;
	if (alone)
		set_bit(CONTEXT_FORCE_SINGLE_SUBMISSION, &ce->flags);
	else
		clear_bit(CONTEXT_FORCE_SINGLE_SUBMISSION, &ce->flags);
}

void rgvt_context_set_ring_size(struct intel_context *ce, u32 bytes)
{
	ce->ring_size = bytes;
}

int rgvt_context_pin(struct intel_context *ce)
{
	return intel_context_pin(ce);
}

void rgvt_context_unpin(struct intel_context *ce)
{
	intel_context_unpin(ce);
}

void rgvt_context_get(struct intel_context *ce)
{
	intel_context_get(ce);
}

void rgvt_context_put(struct intel_context *ce)
{
	intel_context_put(ce);
}

/* From its first page on, the one before that of the registers. Only while it is pinned. */
void *rgvt_context_image(struct intel_context *ce)
{
	return (void *)ce->lrc_reg_state - LRC_STATE_OFFSET;
}

/*
 * By the size of its address space i915 tells how many levels of tables a context has,
 * whenever it makes a descriptor anew: that may be out of a reset of the engine, after
 * which it gives the same request to the hardware again without telling anybody. The
 * address space is the context's own and maps nothing.
 */
void rgvt_context_set_levels(struct intel_context *ce, bool four_levels)
{
	WRITE_ONCE(ce->vm->total, BIT_ULL(four_levels ? 48 : 32));
}

/*
 * Only when i915 tells that it is about to give the context to the hardware. The image was changed
 * behind i915's back: even if the context runs twice in a row, the hardware has to load it anew.
 */
void rgvt_context_set_addressing(struct intel_context *ce, bool four_levels)
{
	u32 mode = four_levels ? INTEL_LEGACY_64B_CONTEXT : INTEL_LEGACY_32B_CONTEXT;

	ce->lrc.lrca &= ~(3u << GEN8_CTX_ADDRESSING_MODE_SHIFT);
	ce->lrc.lrca |= mode << GEN8_CTX_ADDRESSING_MODE_SHIFT;
	ce->lrc.lrca |= CTX_DESC_FORCE_RESTORE;
}
