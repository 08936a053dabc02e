// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_request.h"
#include "gt/intel_context.h"
#include "gt/intel_engine_types.h"

#include <rgvt/helpers.h>

void rgvt_request_get(struct i915_request *rq)
{
	i915_request_get(rq);
}

void rgvt_request_put(struct i915_request *rq)
{
	i915_request_put(rq);
}

struct dma_fence *rgvt_request_fence(struct i915_request *rq)
{
	return &rq->fence;
}

struct intel_context *rgvt_request_context(const struct i915_request *rq)
{
	return rq->context;
}

/* By it i915 tells a request that has started from one that has not. */
int rgvt_request_emit_init_breadcrumb(struct i915_request *rq)
{
	return rq->engine->emit_init_breadcrumb ? rq->engine->emit_init_breadcrumb(rq) : 0;
}

/*
 * i915_request_cancel() is not exported; this is what it does, of what is.
 *
 * If the hardware was already asked to leave the request and has not, i915 asks
 * it for nothing else until the engine's preempt_timeout_ms is over, which was
 * chosen for requests that may still make way. This one may not, so the time is
 * up: to i915 a timer that was set and does not run is one that has expired. Its
 * tasklet is kept from asking the hardware to leave another one meanwhile.
 */
void rgvt_request_cancel(struct i915_request *rq)
{
	struct tasklet_struct *tasklet = &rq->engine->sched_engine->tasklet;
	struct intel_engine_execlists *el = &rq->engine->execlists;
	int error = 0;

	if (i915_request_signaled(rq) || !try_cmpxchg(&rq->fence.error, &error, -EINTR))
		return;

	set_bit(I915_FENCE_FLAG_SENTINEL, &rq->fence.flags);
	intel_context_cancel_request(rq->context, rq);

	tasklet_disable(tasklet);
	if (READ_ONCE(el->preempt_target) == rq)
		timer_delete(&el->preempt);
	tasklet_enable(tasklet);
	tasklet_hi_schedule(tasklet);
}

bool rgvt_request_started(const struct i915_request *rq)
{
	return i915_request_started(rq);
}

/*
 * i915 raises a request's priority at any time, but never lowers it. While the
 * hardware has the request, it is on no list that is ordered by priority: when
 * it is taken off the hardware, its place is found by what is written here.
 */
void rgvt_request_make_way(struct i915_request *rq)
{
	struct i915_sched_engine *se = rq->engine->sched_engine;
	unsigned long flags;

	spin_lock_irqsave(&se->lock, flags);
	if (i915_request_is_active(rq) &&
	    rq->sched.attr.priority == I915_PRIORITY_NORMAL)
		WRITE_ONCE(rq->sched.attr.priority, I915_PRIORITY_NORMAL - 1);
	spin_unlock_irqrestore(&se->lock, flags);
}

void rgvt_request_come_first(struct i915_request *rq)
{
	const struct i915_sched_attr attr = { .priority = I915_PRIORITY_NORMAL };
	struct i915_sched_engine *se = rq->engine->sched_engine;

	if (se->schedule)
		se->schedule(rq, &attr);
}
