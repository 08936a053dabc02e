// SPDX-License-Identifier: GPL-2.0

//! Tracepoints, which cost a jump that is not taken while nobody listens.
//!
//! C header: `include/trace/events/rgvt.h`.

use super::bindings;

/// Declares a function for each tracepoint. The kernel's macro of this kind knows only the kernel's own ones.
macro_rules! tracepoints {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        $(#[$attribute])*
        #[inline(always)]
        pub(crate) fn $name($($argument: $type),*) {
            kernel::macros::paste! {
                // SAFETY: `rust/helpers/trace.c` defines the tracepoint, and with it its key.
                let on = unsafe {
                    kernel::jump_label::static_branch_unlikely!(
                        bindings::[<__tracepoint_rgvt_ $name>],
                        kernel::bindings::tracepoint,
                        key
                    )
                };
                if on {
                    // SAFETY: The function takes numbers, and may be called in any context.
                    unsafe { bindings::[<rust_do_trace_rgvt_ $name>]($($argument),*) };
                }
            }
        }
    )*};
}

tracepoints! {
    /// A guest has submitted work.
    fn workload_queued(vgpu: u32, engine: u32, ticket: u64, descriptor: u64);

    /// It is ready for the GPU; so many bytes of commands were looked at.
    fn workload_prepared(vgpu: u32, engine: u32, ticket: u64, audited_bytes: u64);

    /// The GPU has it, so many nanoseconds after it was submitted.
    fn workload_started(vgpu: u32, engine: u32, ticket: u64, ns: u64);

    /// The GPU is to leave it in its middle.
    fn workload_preempted(vgpu: u32, engine: u32, ticket: u64);

    /// The GPU is done with it; it had the engine for so many nanoseconds.
    fn workload_left(vgpu: u32, engine: u32, ticket: u64, ns: u64);

    /// The guest knows that it is done, so many nanoseconds after it was submitted.
    fn workload_done(vgpu: u32, engine: u32, ticket: u64, ns: u64);

    /// The guest wants it no more.
    fn workload_cancelled(vgpu: u32, engine: u32, ticket: u64);

    /// The GPU never had it.
    fn workload_refused(vgpu: u32, engine: u32, ticket: u64, error: i32);

    /// It was ended, or the engine hung.
    fn workload_reset(vgpu: u32, engine: u32, ticket: u64, error: i32);

    /// A guest has written to a page table that has a shadow.
    fn table_written(vgpu: u32, address: u64, bytes: u32);
}
