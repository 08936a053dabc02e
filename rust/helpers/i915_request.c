// SPDX-License-Identifier: GPL-2.0

#include "i915_drv.h"
#include "i915_request.h"
#include "i915_tasklet.h"
#include "gt/intel_context.h"
#include "gt/intel_engine.h"
#include "gt/intel_engine_regs.h"
#include "gt/intel_engine_types.h"
#include "gt/intel_lrc_reg.h"

#include <linux/workqueue.h>

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

/*
 * Only before the request is submitted. By priority i915 takes requests also off
 * engines of which it says that they cannot preempt, as its own batches forbid
 * that there. Then it would think that the engine executes another.
 */
void rgvt_request_set_preemption(struct i915_request *rq)
{
	if (!intel_engine_has_preemption(rq->engine))
		__set_bit(I915_FENCE_FLAG_NOPREEMPT, &rq->fence.flags);
}

/* How often the engine was reset so far, by itself or with all of the GPU. */
u32 rgvt_request_resets(const struct i915_request *rq)
{
	struct i915_gpu_error *error = &rq->i915->gpu_error;

	return i915_reset_count(error) + i915_reset_engine_count(error, rq->engine);
}

/*
 * Whether the hardware loses the request just now because it executed that when
 * i915 reset the engine, which it had done @resets times before.
 */
bool rgvt_request_was_reset(const struct i915_request *rq, u32 resets)
{
	const struct intel_engine_cs *engine = rq->engine;
	const unsigned long *flags = &engine->gt->reset.flags;

	if (!test_bit(I915_RESET_ENGINE + engine->id, flags) &&
	    !test_bit(I915_RESET_BACKOFF, flags))
		return false;

	return rgvt_request_resets(rq) != resets &&
	       engine->execlists.reset_ccid == rq->context->lrc.ccid;
}

/* By it i915 tells a request that has started from one that has not. */
int rgvt_request_emit_init_breadcrumb(struct i915_request *rq)
{
	return rq->engine->emit_init_breadcrumb ? rq->engine->emit_init_breadcrumb(rq) : 0;
}

/* i915_request_cancel() is not exported; this is what it does, of what is. */
static bool cancel(struct i915_request *rq)
{
	int error = 0;

	if (!try_cmpxchg(&rq->fence.error, &error, -EINTR))
		return false;

	set_bit(I915_FENCE_FLAG_SENTINEL, &rq->fence.flags);
	intel_context_cancel_request(rq->context, rq);
	return true;
}

/* Has i915 leave the engine as it is, as a reset of its own does. */
static void hold(struct tasklet_struct *tasklet)
{
	local_bh_disable();
	tasklet_lock(tasklet);
	atomic_inc(&tasklet->count);
	tasklet_unlock(tasklet);
	local_bh_enable();
}

static void resume(struct tasklet_struct *tasklet)
{
	tasklet_enable(tasklet);
	tasklet_hi_schedule(tasklet);
}

/*
 * If the hardware was already asked to leave the request and has not, i915 asks
 * it for nothing else until the engine's preempt_timeout_ms is over, which was
 * chosen for requests that may still make way. This one may not, so the time is
 * up: to i915 a timer that was set and does not run is one that has expired. Its
 * tasklet is kept from asking the hardware to leave another one meanwhile.
 */
static void cancel_by_preemption(struct i915_request *rq, struct tasklet_struct *tasklet)
{
	struct intel_engine_execlists *el = &rq->engine->execlists;

	if (!cancel(rq))
		return;

	hold(tasklet);
	if (READ_ONCE(el->preempt_target) == rq)
		timer_delete(&el->preempt);
	resume(tasklet);
}

/*
 * i915 resets an engine that cannot preempt, and blames what that executes. So
 * it has to be this request, or nothing: what is not submitted is skipped when
 * it is. Only what is just on its way has to be asked for again.
 *
 * No other comes after it before the reset: its context is submitted alone, and
 * i915 submits nothing meanwhile.
 */
static bool cancel_by_reset(struct i915_request *rq, struct tasklet_struct *tasklet)
{
	struct intel_engine_cs *engine = rq->engine;
	bool can;

	hold(tasklet);
	can = !intel_context_inflight(rq->context) ||
	      (execlists_active(&engine->execlists) == rq &&
	       ENGINE_READ(engine, RING_EXECLIST_STATUS_HI) == rq->context->lrc.ccid);
	if (can)
		cancel(rq);
	resume(tasklet);
	return can;
}

/* Returns false if it cannot be cancelled just now. */
bool rgvt_request_cancel(struct i915_request *rq)
{
	struct tasklet_struct *tasklet = &rq->engine->sched_engine->tasklet;

	if (i915_request_signaled(rq))
		return true;
	if (!intel_engine_has_preemption(rq->engine))
		return cancel_by_reset(rq, tasklet);

	cancel_by_preemption(rq, tasklet);
	return true;
}

bool rgvt_request_started(const struct i915_request *rq)
{
	return i915_request_started(rq);
}

static bool is_of_context(const struct i915_request *of, const struct i915_request *rq)
{
	return of && READ_ONCE(of->context) == rq->context;
}

/*
 * Whether the request's context is the one that the hardware executes, as far as
 * it has said, or the request is completed. It may have been asked to leave it.
 */
bool rgvt_request_is_executed(const struct i915_request *rq)
{
	bool is_executed;

	if (i915_request_completed(rq))
		return true;

	rcu_read_lock();
	is_executed = is_of_context(execlists_active(&rq->engine->execlists), rq);
	rcu_read_unlock();
	return is_executed;
}

/* Whether the hardware was asked to execute another context in the place of the request's. */
bool rgvt_request_is_leaving(const struct i915_request *rq)
{
	const struct i915_request *next;
	bool is_leaving;

	rcu_read_lock();
	next = READ_ONCE(rq->engine->execlists.pending[0]);
	is_leaving = next && !is_of_context(next, rq);
	rcu_read_unlock();
	return is_leaving;
}

/* Whether it executes the request's context, and was not asked to leave it. */
bool rgvt_request_goes_on(const struct i915_request *rq)
{
	return rgvt_request_is_executed(rq) && !rgvt_request_is_leaving(rq);
}

/*
 * The time that the hardware has had the request's context, when it last left
 * that. The context is pinned.
 */
u32 rgvt_request_timestamp(const struct i915_request *rq)
{
	return READ_ONCE(rq->context->lrc_reg_state[CTX_TIMESTAMP]);
}

/*
 * Whether the hardware executes another context before the request's, as far as
 * it has said.
 *
 * A request that ends just when i915 takes its context off the hardware goes back
 * there behind the one for which it had to make way. Then i915 sees that it is
 * completed, has nothing new to submit, and lets go of the context only when the
 * other one ends, or something else comes.
 */
bool rgvt_request_is_behind(const struct i915_request *rq)
{
	const struct intel_engine_execlists *el = &rq->engine->execlists;
	const struct i915_request *active;
	bool is_behind;

	rcu_read_lock();
	active = READ_ONCE(el->pending[0]) ? NULL : execlists_active(el);
	is_behind = active && !is_of_context(active, rq);
	rcu_read_unlock();
	return is_behind;
}

/*
 * Has i915 submit something to the request's engine: its heartbeat, which has the
 * lowest priority, and so takes no time from others. Before its time, it neither
 * raises that nor resets the engine, unless it finds the kernel's timeline locked
 * twice in a row; so this is not to be called over and over.
 */
void rgvt_request_beat(struct i915_request *rq)
{
	mod_delayed_work(system_highpri_wq, &rq->engine->heartbeat.work, 0);
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
