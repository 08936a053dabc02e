// SPDX-License-Identifier: GPL-2.0

//! Framebuffer compression: while it is on, some of the framebuffer counts as compressed.

use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// ILK_DPFC_CONTROL.
const CONTROL: u32 = 0x4_3208;
/// DPFC_CTL_EN.
const ENABLE: u32 = 1 << 31;
/// ILK_DPFC_STATUS2: number of compressed segments, DPFC_COMP_SEG_MASK_IVB.
const STATUS2: u32 = 0x4_3214;

/// The compressor.
pub struct Fbc;

impl Block for Fbc {
    fn spans(&self, _platform: &Platform) -> Vec<Span> {
        vec![Span::one(STATUS2, Policy::Handled, 0)]
    }

    fn read(&self, gpu: &Gpu, _offset: u32) -> u32 {
        u32::from(gpu.regs.get(CONTROL) & ENABLE != 0)
    }

    fn write(&self, _gpu: &Gpu, _offset: u32, _value: u32) {}
}
