// SPDX-License-Identifier: GPL-2.0

//! Pipes: enabling, line and frame counters, latching of planes.

use super::{
    plane::{self, Latched, ASYNC_FLIP, PLANES},
    scan::Scan,
    special,
    timing::Timing,
    Event, Nanos, Register,
};
use crate::{
    hw::{
        addr::MmioOffset,
        irq::{Pipe, Source},
        platform::Platform,
    },
    model::mmio::{cells::Cells, span::Span},
};

/// First register of pipe A.
pub(super) const FIRST: u32 = 0x7_0000;
/// Log2 of the distance of the pipes, and of the transcoders.
const STRIDE_SHIFT: u32 = 12;
/// In a pipe: PIPEDSL, TRANSCONF, PIPE_FRMCOUNT_G4X, PIPE_FLIPCOUNT_G4X, PIPE_FRMTMSTMP,
/// PIPE_FLIPTMSTMP.
const LINE: u32 = 0x00;
const CONFIG: u32 = 0x08;
const FRAMES: u32 = 0x40;
const FLIPS: u32 = 0x44;
const FRAME_TIME: u32 = 0x48;
const FLIP_TIME: u32 = 0x4c;
/// TRANSCONF_ENABLE and TRANSCONF_STATE_ENABLE.
const ENABLE: u32 = 1 << 31;
const ENABLED: u32 = 1 << 30;
/// TRANSCONF of the transcoder for embedded panels. There is no panel, so it drives no pipe.
const EMBEDDED: u32 = 0x7_f008;

/// 0x70000 to 0x72fff, and the transcoder's page.
pub(super) const TABLE: &[Span] = &[
    special(FIRST, Register::Pipe).to(0x7_2ffc),
    Span::plain(0x7_f000).to(0x7_f004),
    special(EMBEDDED, Register::Config),
    Span::plain(0x7_f00c).to(0x7_fffc),
];

/// All pipes, in order.
pub(super) const ALL: [Pipe; 3] = [Pipe::A, Pipe::B, Pipe::C];

/// The register at `at` for pipe A, or its transcoder, of `pipe`.
pub(super) const fn register(pipe: Pipe, at: u32) -> MmioOffset {
    let index: u32 = match pipe {
        Pipe::A => 0,
        Pipe::B => 1,
        Pipe::C => 2,
    };
    MmioOffset::new(at.wrapping_add(index << STRIDE_SHIFT))
}

/// The pipe that a register belongs to, and its place there.
pub(super) fn split(at: MmioOffset) -> Option<(Pipe, u32)> {
    let inside = at.checked_sub(MmioOffset::new(FIRST))?;
    let index = usize::try_from(inside >> STRIDE_SHIFT).ok()?;
    Some((*ALL.get(index)?, inside & ((1 << STRIDE_SHIFT) - 1)))
}

/// What TRANSCONF reads after `value` was written.
pub(super) const fn config(value: u32) -> u32 {
    let state = if value & ENABLE != 0 { ENABLED } else { 0 };
    value & !ENABLED | state
}

/// Microseconds, of 32 bits, as the display's timestamps are.
pub(super) fn timestamp(time: Nanos) -> u32 {
    u32::try_from(time.0 / 1000 & u64::from(u32::MAX)).unwrap_or(0)
}

/// What an access needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub platform: Platform,
    pub pipe: Pipe,
    pub now: Nanos,
}

impl Context {
    fn timing(&self, cells: &Cells) -> Timing {
        Timing::programmed(self.platform, cells, self.pipe)
    }

    const fn register(&self, within: u32) -> MmioOffset {
        register(self.pipe, FIRST.wrapping_add(within))
    }
}

/// A pipe.
#[derive(Clone, Debug)]
pub(super) struct State {
    scan: Scan,
    /// What the planes show, for each of [`PLANES`].
    shown: [Latched; PLANES.len()],
    /// A bit for each of [`PLANES`] with an update that waits for the vblank.
    armed: u8,
    /// Interrupts of flips that are done, for the next vblank to bring.
    done: u32,
    /// The vblanks that were told of.
    told: u32,
    /// Whether anybody wants to be told.
    heard: bool,
}

impl State {
    /// A pipe that is off.
    pub(super) const fn new() -> Self {
        Self {
            scan: Scan::new(),
            shown: [Latched::OFF; PLANES.len()],
            armed: 0,
            done: 0,
            told: 0,
            heard: false,
        }
    }

    /// The timing, if the pipe is on.
    pub(super) const fn timing(&self) -> Option<Timing> {
        self.scan.timing()
    }

    /// What the planes show, if the pipe is on.
    pub(super) fn shown(&self) -> Option<&[Latched; PLANES.len()]> {
        self.scan.timing().map(|_| &self.shown)
    }

    /// When the first vblank is due that [`State::vblank`] has not told of, if the pipe is on. Accesses
    /// may have found it already. `None` while nobody wants to be told.
    pub(super) fn due(&self) -> Option<Nanos> {
        let next = self.scan.due().filter(|_| self.heard)?;
        Some(if self.scan.frames() == self.told {
            next
        } else {
            self.scan.last()
        })
    }

    /// Whether anybody wants to be told of vblanks from now on. What came before is not told of any more.
    /// Whether that is new.
    pub(super) fn hear(&mut self, context: Context, cells: &mut Cells, heard: bool) -> bool {
        if heard == self.heard {
            return false;
        }
        self.heard = heard;
        self.follow(context, cells);
        self.told = self.scan.frames();
        self.done = 0;
        true
    }

    /// The interrupts of vblanks since the last call, and of the flips that they brought.
    pub(super) fn vblank(&mut self, context: Context, cells: &mut Cells) -> Option<Source> {
        self.follow(context, cells);
        if self.scan.frames() == self.told {
            return None;
        }
        self.told = self.scan.frames();
        let mut source = Source::vblank(context.pipe);
        source.bits |= core::mem::take(&mut self.done);
        Some(source)
    }

    /// Reads the register at `within`.
    pub(super) fn read(&mut self, context: Context, cells: &mut Cells, within: u32) -> u32 {
        self.follow(context, cells);
        match within {
            LINE => self.scan.line(context.now),
            _ => cells.get(context.register(within)),
        }
    }

    /// Writes it.
    pub(super) fn write(
        &mut self,
        context: Context,
        cells: &mut Cells,
        within: u32,
        value: u32,
    ) -> Option<Event> {
        self.follow(context, cells);
        let at = context.register(within);
        match within {
            LINE | FRAMES | FLIPS | FRAME_TIME | FLIP_TIME => None,
            CONFIG => {
                cells.set(at, config(value));
                self.enable(context, cells, value & ENABLE != 0)
            }
            _ if PLANES.iter().any(|plane| plane.live == within) => None,
            _ => {
                cells.set(at, value);
                let index = PLANES.iter().position(|plane| plane.surface == within)?;
                self.arm(context, cells, u8::try_from(index).ok()?)
            }
        }
    }

    /// Brings counters and surfaces up to date.
    pub(super) fn follow(&mut self, context: Context, cells: &mut Cells) {
        if self.scan.advance(context.now, || context.timing(cells)) {
            cells.set(context.register(FRAMES), self.scan.frames());
            let time = timestamp(self.scan.last());
            cells.set(context.register(FRAME_TIME), time);
            self.done |= self.latch(context, cells, u8::MAX);
        }
    }

    fn enable(&mut self, context: Context, cells: &mut Cells, on: bool) -> Option<Event> {
        match (self.scan.timing().is_some(), on) {
            (false, true) => self.scan.start(context.now, context.timing(cells)),
            (true, false) => {
                self.scan.stop(context.now);
                self.latch(context, cells, u8::MAX);
                self.done = 0;
            }
            _ => return None,
        }
        self.told = self.scan.frames();
        Some(Event::Pipe(context.pipe))
    }

    /// The surface of plane `index` was written: it takes effect now, or at the vblank.
    fn arm(&mut self, context: Context, cells: &mut Cells, index: u8) -> Option<Event> {
        let bit = 1_u8.checked_shl(u32::from(index))?;
        self.armed |= bit;
        if self.scan.timing().is_none() {
            self.latch(context, cells, bit);
            return None;
        }
        let done = plane::flip_done(context.platform, context.pipe, index)?;
        let plane = PLANES.get(usize::from(index))?;
        if cells.get(context.register(plane.control)) & ASYNC_FLIP == 0 {
            return None;
        }
        self.latch(context, cells, bit);
        Some(Event::Interrupt(done))
    }

    /// Makes armed updates of `planes` live. The interrupts of these flips.
    fn latch(&mut self, context: Context, cells: &mut Cells, planes: u8) -> u32 {
        let due = self.armed & planes;
        self.armed &= !planes;
        let mut bits = 0;
        for ((index, plane), shown) in (0..).zip(&PLANES).zip(&mut self.shown) {
            let bit = 1_u8.checked_shl(index).unwrap_or(0);
            if due & bit == 0 {
                continue;
            }
            *shown = Latched::take(cells, context.pipe, plane);
            cells.set(context.register(plane.live), shown.surface);
            let index = u8::try_from(index).unwrap_or(u8::MAX);
            if let Some(done) = plane::flip_done(context.platform, context.pipe, index) {
                bits |= done.bits;
            }
            if index == 0 {
                let flips = context.register(FLIPS);
                cells.update(flips, |old| old.wrapping_add(1));
                cells.set(context.register(FLIP_TIME), timestamp(context.now));
            }
        }
        bits
    }
}
