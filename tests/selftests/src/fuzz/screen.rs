// SPDX-License-Identifier: GPL-2.0
//! The monitor: what shows on it, what is said to it, what others are given of it, and another in its place.

use std::os::fd::{AsFd, OwnedFd};

use harness::Rng;

use super::Fuzzer;
use crate::device::Device;
use crate::mapping::{Mapping, READ_ONLY};
use crate::memory::PAGE;
use crate::uapi::{
    EDID, VFIO_GFX_PLANE_TYPE_DMABUF, VFIO_GFX_PLANE_TYPE_PROBE, VFIO_GFX_PLANE_TYPE_REGION,
};

/// Bytes that the query takes.
const QUERY: u32 = 60;
/// How many dma-bufs the client holds at most, which is more than it can get of one device.
const HELD: usize = 20;

/// Registers of transcoder A with its timings, and of pipe A with its planes: the first and behind the last.
const SETTINGS: [(u32, u32); 2] = [(0x6_0000, 0x6_0050), (0x7_0000, 0x7_0500)];
/// PIPESRC, and TRANS_DDI_FUNC_CTL with a value that has the pipe feed the monitor.
const SOURCE: u32 = 0x6_001c;
const FUNCTION: (u32, u32) = (0x6_0400, ENABLE | 1 << 28 | 2 << 24);
/// TRANSCONF, and PLANE_CTL, PLANE_STRIDE, PLANE_SIZE and PLANE_SURF of the primary plane.
const CONFIG: u32 = 0x7_0008;
const CONTROL: u32 = 0x7_0180;
const STRIDE: u32 = 0x7_0188;
const SIZE: u32 = 0x7_0190;
const SURFACE: u32 = 0x7_019c;
const ENABLE: u32 = 1 << 31;
/// GEN8_DE_PIPE_IMR and IER of pipe A.
const MASK: u32 = 0x4_4404;
const LISTEN: u32 = 0x4_440c;
/// DP_AUX_CH_CTL of port B, with its data behind it; its request to send, and where the length is.
const AUX: u32 = 0x6_4110;
const SEND: u32 = 1 << 31;
const LENGTH_SHIFT: u32 = 20;

impl Fuzzer<'_> {
    /// Sets up what is shown, well or badly, and listens to vertical blanks or not.
    pub(super) fn scanout(&mut self) {
        let page = self.gma();
        let device = &self.client.device;
        let rng = &mut self.rng;
        let small = |rng: &mut Rng| rng.below(512) as u32;
        let size = match rng.below(4) {
            0 => rng.next32(),
            _ => small(rng) << 16 | small(rng),
        };
        let set = |at, value| {
            let _ = device.set_reg(at, value);
        };
        set(SOURCE, size);
        set(FUNCTION.0, FUNCTION.1);
        set(CONTROL, ENABLE | rng.next32());
        set(STRIDE, small(rng));
        set(SIZE, size);
        for _ in 0..rng.below(4) {
            let (first, end) = rng.pick(&SETTINGS);
            let at = first + 4 * rng.below(u64::from(end - first) / 4) as u32;
            set(at, rng.number() as u32);
        }
        set(MASK, rng.number() as u32);
        set(LISTEN, rng.number() as u32);
        set(SURFACE, page as u32);
        set(CONFIG, if rng.one_in(8) { 0 } else { ENABLE });
    }

    /// Sends the monitor a message, with or without sense.
    pub(super) fn message(&mut self) {
        let device = &self.client.device;
        let rng = &mut self.rng;
        // A command, an address and a length as they should be, and what should not follow.
        let any = (rng.below(16) as u32, rng.below(1 << 20) as u32);
        let command = rng.pick(&[0, 1, 4, 5, 8, 9, any.0]);
        let address = rng.pick(&[0x50, 0x100, 0x200, 0x600, any.1]);
        let _ = device.set_reg(AUX + 4, command << 28 | address << 8 | rng.below(20) as u32);
        for word in 2..6 {
            let _ = device.set_reg(AUX + 4 * word, rng.next32());
        }
        let length = rng.below(32) as u32;
        let _ = device.set_reg(AUX, SEND | length << LENGTH_SHIFT | rng.next32() >> 12);
    }

    /// Asks for what is shown, and keeps some of what it gets.
    pub(super) fn look(&mut self) {
        let device = &self.client.device;
        let form = match self.rng.below(4) {
            0 => VFIO_GFX_PLANE_TYPE_REGION,
            1 => VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF,
            _ => VFIO_GFX_PLANE_TYPE_DMABUF,
        };
        let plane = self.rng.below(4) as u32;
        // The width, and the number of the surface.
        let told = device.plane(plane, form, QUERY);
        let (width, number) = told.map_or((0, 0), |words| (words[6], words[14]));
        self.seen.0 += u32::from(width > 0);
        let id = match self.rng.below(4) {
            0 => self.rng.below(40) as u32,
            _ => number,
        };
        if let Ok(fd) = device.dma_buf(id) {
            if let Ok(view) = Mapping::of_file(fd.as_fd(), 0, PAGE, READ_ONLY) {
                let _ = view.is_there(0);
            }
            self.seen.1 += 1;
            self.held.push(fd);
        }
        if self.held.len() > HELD || self.rng.one_in(4) && !self.held.is_empty() {
            let index = self.rng.below(self.held.len() as u64) as usize;
            let _: OwnedFd = self.held.swap_remove(index);
        }
    }

    /// Plugs in another monitor, or what is none.
    pub(super) fn monitor(&mut self) {
        let mut block = [0; 128];
        let start = Device::start(EDID);
        let device = &self.client.device;
        let _ = device.read_at(start + 128, &mut block);
        let at = self.rng.below(128) as usize;
        let value = self.rng.next32() as u8;
        // With a checksum that is right, mostly.
        block[127] = block[127].wrapping_add(block[at]).wrapping_sub(value);
        block[at] = value;
        let _ = device.write_sized(EDID, 20, 4, 2);
        let _ = device.write_at(start + 128, &block);
        let _ = device.write_sized(EDID, 20, 4, self.rng.below(3));
        let mode = format!("{}x{}", self.rng.below(1500), self.rng.below(1000));
        let _ = self.client.mdev.set_attribute("rgvt/mode", &mode);
    }
}
