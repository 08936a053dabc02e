/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints on the life of a guest's work. Documentation/trace.rst. */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM rgvt

#if !defined(_TRACE_RGVT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_RGVT_H

#include <linux/tracepoint.h>

/* In the order of i915's enum intel_engine_id, which is that of hw::engine::Engine. */
#define show_rgvt_engine(engine)				\
	__print_symbolic(engine,				\
			 { 0, "rcs0" },				\
			 { 1, "bcs0" },				\
			 { 2, "vcs0" },				\
			 { 3, "vcs1" },				\
			 { 4, "vecs0" })

DECLARE_EVENT_CLASS(rgvt_workload,

	TP_PROTO(u32 vgpu, u32 engine, u64 ticket),

	TP_ARGS(vgpu, engine, ticket),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, engine)
		__field(u64, ticket)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->engine = engine;
		__entry->ticket = ticket;
	),

	TP_printk("vgpu=%u engine=%s ticket=%llu", __entry->vgpu,
		  show_rgvt_engine(__entry->engine), __entry->ticket)
);

/* The GPU was told to leave it in its middle for another's. */
DEFINE_EVENT(rgvt_workload, rgvt_workload_preempted,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket),
	TP_ARGS(vgpu, engine, ticket)
);

/* The guest took it back, or has reset the engine. */
DEFINE_EVENT(rgvt_workload, rgvt_workload_cancelled,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket),
	TP_ARGS(vgpu, engine, ticket)
);

/* The guest has submitted it. */
TRACE_EVENT(rgvt_workload_queued,

	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 descriptor),

	TP_ARGS(vgpu, engine, ticket, descriptor),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, engine)
		__field(u64, ticket)
		__field(u64, descriptor)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->engine = engine;
		__entry->ticket = ticket;
		__entry->descriptor = descriptor;
	),

	TP_printk("vgpu=%u engine=%s ticket=%llu descriptor=%#llx", __entry->vgpu,
		  show_rgvt_engine(__entry->engine), __entry->ticket, __entry->descriptor)
);

/* It was audited and copied, and can be given to the GPU as it is. */
TRACE_EVENT(rgvt_workload_prepared,

	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 audited_bytes),

	TP_ARGS(vgpu, engine, ticket, audited_bytes),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, engine)
		__field(u64, ticket)
		__field(u64, audited_bytes)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->engine = engine;
		__entry->ticket = ticket;
		__entry->audited_bytes = audited_bytes;
	),

	TP_printk("vgpu=%u engine=%s ticket=%llu audited_bytes=%llu", __entry->vgpu,
		  show_rgvt_engine(__entry->engine), __entry->ticket, __entry->audited_bytes)
);

DECLARE_EVENT_CLASS(rgvt_workload_time,

	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 ns),

	TP_ARGS(vgpu, engine, ticket, ns),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, engine)
		__field(u64, ticket)
		__field(u64, ns)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->engine = engine;
		__entry->ticket = ticket;
		__entry->ns = ns;
	),

	TP_printk("vgpu=%u engine=%s ticket=%llu ns=%llu", __entry->vgpu,
		  show_rgvt_engine(__entry->engine), __entry->ticket, __entry->ns)
);

/* The GPU has it; ns is since it was queued. */
DEFINE_EVENT(rgvt_workload_time, rgvt_workload_started,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 ns),
	TP_ARGS(vgpu, engine, ticket, ns)
);

/* The GPU is done with it; ns is what is counted as the time that it had the engine. */
DEFINE_EVENT(rgvt_workload_time, rgvt_workload_left,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 ns),
	TP_ARGS(vgpu, engine, ticket, ns)
);

/* The guest was told that it is done; ns is since it was queued. */
DEFINE_EVENT(rgvt_workload_time, rgvt_workload_done,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, u64 ns),
	TP_ARGS(vgpu, engine, ticket, ns)
);

DECLARE_EVENT_CLASS(rgvt_workload_failed,

	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, int error),

	TP_ARGS(vgpu, engine, ticket, error),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, engine)
		__field(u64, ticket)
		__field(int, error)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->engine = engine;
		__entry->ticket = ticket;
		__entry->error = error;
	),

	TP_printk("vgpu=%u engine=%s ticket=%llu error=%d", __entry->vgpu,
		  show_rgvt_engine(__entry->engine), __entry->ticket, __entry->error)
);

/* The GPU never had it. */
DEFINE_EVENT(rgvt_workload_failed, rgvt_workload_refused,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, int error),
	TP_ARGS(vgpu, engine, ticket, error)
);

/* The GPU had it, and it was ended, or the engine hung. */
DEFINE_EVENT(rgvt_workload_failed, rgvt_workload_reset,
	TP_PROTO(u32 vgpu, u32 engine, u64 ticket, int error),
	TP_ARGS(vgpu, engine, ticket, error)
);

/* The guest has written to one of its page tables that has a shadow. */
TRACE_EVENT(rgvt_table_written,

	TP_PROTO(u32 vgpu, u64 address, u32 bytes),

	TP_ARGS(vgpu, address, bytes),

	TP_STRUCT__entry(
		__field(u32, vgpu)
		__field(u32, bytes)
		__field(u64, address)
	),

	TP_fast_assign(
		__entry->vgpu = vgpu;
		__entry->bytes = bytes;
		__entry->address = address;
	),

	TP_printk("vgpu=%u address=%#llx bytes=%u", __entry->vgpu, __entry->address,
		  __entry->bytes)
);

#endif /* _TRACE_RGVT_H */

/* This part must be outside of the protection. */
#include <trace/define_trace.h>
