// SPDX-License-Identifier: GPL-2.0

//! What a guest says of a context.

use super::{Ring, StatePage};
use crate::hw::addr::{Bytes, GuestGma, HostGma};
use crate::hw::context::{
    batch_offset, blitter_tiling, has_restore_batches, ring_bytes, CACHE_LINE_SHIFT,
    CONTEXT_CONTROL, HEAD_MASK, INDIRECT_ADDRESS_MASK, INDIRECT_CONTEXT, INDIRECT_LINES_MASK,
    MASK_ALL, PDP, PER_CONTEXT_ADDRESS_MASK, PER_CONTEXT_BATCH, PER_CONTEXT_VALID, RESTORE_INHIBIT,
    RING_CONTROL, RING_HEAD, RING_START, RING_START_MASK, RING_TAIL, RING_VALID, TAIL_MASK,
    TIMESTAMP,
};
use crate::hw::engine::Engine;
use crate::hw::execlist::Descriptor;
use crate::hw::platform::Platform;
use crate::model::partition::Share;

/// Why a context cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The descriptor asks for an address space that is none of [`Roots`].
    Addressing,
    /// The ring is not enabled.
    Disabled,
    /// A part of the ring is not the guest's.
    Ring,
    /// The ring's head is not in the ring.
    Head,
    /// The ring's tail is not in the ring.
    Tail,
    /// A part of the batch for the middle of a restore is not the guest's.
    Indirect,
    /// The batch for the end of a restore is not the guest's.
    PerContext,
}

/// The roots of a context's page tables, PDP 0 first: addresses in the guest's memory in what a guest
/// wrote, the GPU's in what the host writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Of 3 levels: the page directories.
    Three([u64; 4]),
    /// Of 4 levels: the table of directory pointer tables.
    Four(u64),
}

impl Roots {
    /// Addressing mode of a descriptor for 3 levels ("legacy 32 bits").
    const MODE_THREE: u64 = 1;
    /// Addressing mode of a descriptor for 4 levels ("legacy 64 bits").
    const MODE_FOUR: u64 = 3;

    fn read(page: &StatePage, descriptor: Descriptor) -> Option<Self> {
        let half = |dword| u64::from(page.get(dword));
        let values = PDP.map(|(upper, lower)| half(upper) << 32 | half(lower));
        let [first, ..] = values;
        match descriptor.addressing().get() {
            Self::MODE_THREE => Some(Self::Three(values)),
            Self::MODE_FOUR => Some(Self::Four(first)),
            _ => None,
        }
    }

    /// Dwords of the page of registers, and their values.
    pub fn registers(self) -> impl Iterator<Item = (u16, u32)> {
        let values = match self {
            Self::Three(values) => values,
            Self::Four(root) => [root, 0, 0, 0],
        };
        let places = PDP.into_iter().zip(values);
        places.flat_map(|((upper, lower), value)| {
            let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
            [
                (upper, u32::from_le_bytes([e, f, g, h])),
                (lower, u32::from_le_bytes([a, b, c, d])),
            ]
        })
    }
}

/// A batch that is run at each restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where it is; the guest may use all of it.
    pub start: HostGma,
    /// Its length, whole cache lines. That of a batch for the end of a restore is not known: it is
    /// one line here, and goes on to its MI_BATCH_BUFFER_END.
    pub size: Bytes,
}

/// A context, as far as the guest has a say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its ring.
    pub ring: Ring,
    /// Its page tables.
    pub roots: Roots,
    /// It holds no state of the engine yet.
    pub inhibited: bool,
    /// Runs in the middle of a restore.
    pub indirect: Option<Batch>,
    /// Runs at the end of a restore.
    pub per_context: Option<Batch>,
    /// Dwords of BB_OFFSET and BCS_SWCTRL in an image, and their values: drivers set them when they make an
    /// image, and commands may change them.
    kept: [Option<(u16, u32)>; 2],
    head: u32,
    control: u32,
    timestamp: u32,
}

impl Context {
    /// Reads the page of registers of a context that `descriptor` names. Whether the image itself is
    /// the guest's is for the caller to see: it read the page.
    pub fn parse(
        page: &StatePage,
        descriptor: Descriptor,
        platform: Platform,
        engine: Engine,
        share: &Share,
    ) -> Result<Self, Invalid> {
        let roots = Roots::read(page, descriptor).ok_or(Invalid::Addressing)?;
        let ring = ring(page, share)?;
        let (indirect, per_context) = if has_restore_batches(platform, engine) {
            (indirect(page, share)?, per_context(page, share)?)
        } else {
            (None, None)
        };
        let control = page.get(CONTEXT_CONTROL);
        let offset = batch_offset(platform, engine).map(|dword| (dword, page.get(dword)));
        let tiling = blitter_tiling(engine).map(|dword| (dword, page.get(dword) | MASK_ALL));
        Ok(Self {
            ring,
            roots,
            inhibited: control & RESTORE_INHIBIT != 0,
            indirect,
            per_context,
            kept: [offset, tiling],
            head: page.get(RING_HEAD),
            control,
            timestamp: page.get(TIMESTAMP),
        })
    }

    /// Dwords of the host's page of registers that are to be as the guest's are, and their values.
    pub fn registers(&self) -> impl Iterator<Item = (u16, u32)> {
        self.kept.into_iter().flatten()
    }

    /// The dwords of the guest's page of registers that are to be as the host's are after a piece of work.
    pub fn saved(&self) -> [Option<u16>; 2] {
        self.kept.map(|kept| Some(kept?.0))
    }

    /// Dwords of the guest's page of registers, and their values, after a piece of work that began at
    /// `from` in the ring and had the engine for `ticks` of CTX_TIMESTAMP.
    pub fn finished(&self, from: u32, ticks: u32) -> [(u16, u32); 3] {
        [
            (RING_HEAD, self.ring.head_after(from, self.head)),
            (CONTEXT_CONTROL, self.control & !RESTORE_INHIBIT),
            (TIMESTAMP, self.timestamp.wrapping_add(ticks)),
        ]
    }
}

fn ring(page: &StatePage, share: &Share) -> Result<Ring, Invalid> {
    let control = page.get(RING_CONTROL);
    if control & RING_VALID == 0 {
        return Err(Invalid::Disabled);
    }
    let bytes = ring_bytes(control);
    let size = Bytes::new(u64::from(bytes));
    let start = address(page.get(RING_START) & RING_START_MASK);
    let start = share.audit(start, size).ok_or(Invalid::Ring)?;
    let head = page.get(RING_HEAD) & HEAD_MASK;
    let tail = page.get(RING_TAIL) & TAIL_MASK;
    if head >= bytes {
        return Err(Invalid::Head);
    }
    if tail >= bytes {
        return Err(Invalid::Tail);
    }
    Ok(Ring {
        start,
        bytes,
        head,
        tail,
    })
}

fn indirect(page: &StatePage, share: &Share) -> Result<Option<Batch>, Invalid> {
    let pointer = page.get(INDIRECT_CONTEXT);
    let lines = u64::from(pointer & INDIRECT_LINES_MASK);
    if lines == 0 {
        return Ok(None);
    }
    let size = Bytes::new(lines << CACHE_LINE_SHIFT);
    let start = share.audit(address(pointer & INDIRECT_ADDRESS_MASK), size);
    let start = start.ok_or(Invalid::Indirect)?;
    Ok(Some(Batch { start, size }))
}

fn per_context(page: &StatePage, share: &Share) -> Result<Option<Batch>, Invalid> {
    let pointer = page.get(PER_CONTEXT_BATCH);
    if pointer & PER_CONTEXT_VALID == 0 {
        return Ok(None);
    }
    let size = Bytes::new(1 << CACHE_LINE_SHIFT);
    let start = share.audit(address(pointer & PER_CONTEXT_ADDRESS_MASK), size);
    let start = start.ok_or(Invalid::PerContext)?;
    Ok(Some(Batch { start, size }))
}

fn address(value: u32) -> GuestGma {
    GuestGma::new(u64::from(value))
}
