// SPDX-License-Identifier: GPL-2.0

//! Execlists: how contexts are submitted to an engine of Gen8 or Gen9, and how it reports back.
//!
//! Offsets are relative to the engine's block of registers. Source: Broadwell PRM, volume 2c
//! (registers EXECLIST_SUBMITPORT, EXECLIST_STATUS, CTXT_ST_PTR, CTXT_ST_BUF), intel_engine_regs.h
//! and intel_execlists_submission.c.

use super::addr::{GuestGma, PAGE_SHIFT};
use kernel::bitfield;

/// The submission port: four writes make a submission, of element 1 the upper and the lower half of
/// its descriptor, then those of element 0.
pub const ELSP: u32 = 0x230;

/// [`Status`], lower half; the upper half follows.
pub const STATUS: u32 = 0x234;

/// The context status buffer: [`CSB_ENTRIES`] entries of 8 bytes.
pub const CSB: u32 = 0x370;

/// [`CsbPointers`]; a masked register.
pub const CSB_POINTERS: u32 = 0x3a0;

/// Entries in the context status buffer.
pub const CSB_ENTRIES: usize = 6;

/// The write pointer after a reset; the next entry written is entry 0.
pub const CSB_WRITE_RESET: u8 = 7;

/// Byte offset in the hardware status page of the copy of the status buffer
/// (intel_engine.h: `I915_HWS_CSB_BUF0_INDEX`).
pub const HWSP_CSB: u64 = 0x10 * 4;

/// Byte offset in the hardware status page of the copy of its write pointer
/// (intel_engine.h: `I915_HWS_CSB_WRITE_INDEX`).
pub const HWSP_CSB_WRITE: u64 = 0x1f * 4;

bitfield! {
    /// A context descriptor (PRM: Context Descriptor Format).
    pub struct Descriptor(u64) {
        /// Software's name of the context; i915 uses the lower 21 bits.
        63:32 id;
        /// The page of the context image in the GGTT.
        31:12 image;
        /// Set for contexts with an address space of their own.
        8:8 per_process => bool;
        /// Set on parts that share the last level cache.
        5:5 coherent => bool;
        /// 1: 3-level table (legacy 32 bits); 3: 4-level table (legacy 64 bits).
        4:3 addressing;
        /// Reload the state although the context is the one that is loaded.
        2:2 force_restore => bool;
        /// Reload the page directory pointers although the context is loaded.
        1:1 force_pd_restore => bool;
        0:0 valid => bool;
    }
}

impl Descriptor {
    /// Where the context image is.
    pub fn image_address(self) -> GuestGma {
        GuestGma::new(self.image().get() << PAGE_SHIFT)
    }

    /// Whether both name one context: hardware compares the ID and where the image is.
    pub fn same_context(self, other: Self) -> bool {
        self.id() == other.id() && self.image() == other.image()
    }
}

bitfield! {
    /// An entry of the context status buffer: what happened, and to which context.
    pub struct CsbEntry(u64) {
        /// The context that left the engine or was restored; 0 with `idle_to_active`.
        63:32 id;
        /// With `preempted`: the new context is the one that was running.
        15:15 lite_restore => bool;
        /// The context finished: its ring is empty.
        4:4 complete => bool;
        /// Nothing of the submission is left.
        3:3 active_to_idle => bool;
        /// The second element took over.
        2:2 element_switch => bool;
        /// A new submission replaced the running one.
        1:1 preempted => bool;
        /// A submission began on an idle engine.
        0:0 idle_to_active => bool;
    }
}

bitfield! {
    /// The state of the submission queue.
    pub struct Status(u64) {
        /// The running context.
        63:32 id;
        18:18 active_0 => bool;
        17:17 active_1 => bool;
        /// The running element: 0 none, 1 element 0, 2 element 1.
        15:14 element;
        4:4 valid_0 => bool;
        3:3 valid_1 => bool;
        /// A second submission waits.
        2:2 queue_full => bool;
        /// The slot that the next submission goes to.
        1:1 write_slot => bool;
        /// The slot that runs.
        0:0 current_slot => bool;
    }
}

bitfield! {
    /// How far the status buffer was written, and how far software says it read.
    pub struct CsbPointers(u32) {
        /// Which of bits 15:0 a write changes; reads as 0.
        31:16 mask;
        10:8 read;
        2:0 write;
    }
}
