// SPDX-License-Identifier: GPL-2.0

//! The commands that the command streamers of Gen8 and Gen9 understand: which there are, and how long
//! each is.
//!
//! Bits 31:29 of a command's first dword, its header, tell the client: 0 the streamer itself (`MI_*`,
//! opcode in bits 28:23), 2 the blitter (28:22), 3 the engine's pipelines (28:16). Source: Broadwell and
//! Skylake PRM, volume 2a (Command Reference: Instructions); intel_gpu_commands.h, i915_cmd_parser.c,
//! gvt/cmd_parser.c.

mod blitter;
pub mod field;
mod flip;
mod mi;
mod render;
mod video;

pub use flip::Flip;

use super::{
    engine::Engine,
    platform::{Generation, Platform},
};

/// A set of engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Engines(u8);

impl Engines {
    const RENDER: Self = Self(1 << 0);
    const COPY: Self = Self(1 << 1);
    const VIDEO: Self = Self(1 << 2);
    const ENHANCE: Self = Self(1 << 3);
    const ALL: Self = Self(0xf);
    /// Those that once waited for the display.
    const DISPLAY: Self = Self(Self::RENDER.0 | Self::COPY.0);

    const fn has(self, engine: Engine) -> bool {
        let of = match engine {
            Engine::Rcs => Self::RENDER,
            Engine::Bcs => Self::COPY,
            Engine::Vcs0 | Engine::Vcs1 => Self::VIDEO,
            Engine::Vecs => Self::ENHANCE,
        };
        self.0 & of.0 != 0
    }
}

/// How long a command is: what the lowest bits of its header hold, and a number that is not counted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The bits; none if the header has no length field.
    mask: u16,
    /// The shortest form of the command, in dwords.
    least: u16,
    /// The longest.
    most: u16,
    /// What is not counted.
    bias: u8,
}

impl Length {
    /// One dword.
    const ONE: Self = Self {
        mask: 0,
        bias: 1,
        least: 1,
        most: 1,
    };

    /// What a field of 8 bits allows.
    const BYTE: Self = Self::field(8);

    /// Any length that a field of `bits` can hold, up to 64 Ki dwords.
    const fn field(bits: u8) -> Self {
        Self::between(bits, 2, u16::MAX)
    }

    const fn between(bits: u8, least: u16, most: u16) -> Self {
        Self::biased(bits, 2, least, most)
    }

    const fn exactly(dwords: u16) -> Self {
        Self::between(8, dwords, dwords)
    }

    // The mask has 16 bits at most.
    #[allow(clippy::as_conversions)]
    const fn biased(bits: u8, bias: u8, least: u16, most: u16) -> Self {
        assert!(bits <= 16 && least > 0);
        Self {
            mask: (1_u32 << bits).wrapping_sub(1) as u16,
            least,
            most,
            bias,
        }
    }

    /// The length that `header` says, header included; `None` if the command has no form so long.
    fn dwords(&self, header: u32) -> Option<u16> {
        let dwords = (header & u32::from(self.mask)).wrapping_add(u32::from(self.bias));
        let dwords = u16::try_from(dwords).ok()?;
        (self.least..=self.most).contains(&dwords).then_some(dwords)
    }
}

/// What a command does, as far as it matters to who shares the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing outside of the context and its own address space. The streamer itself does it, and is soon done.
    Local,
    /// Nothing outside of these, either, but a unit behind the streamer does it, for as long as the guest likes.
    Unit,
    /// MI_SET_PREDICATE: has what follows skipped, or not.
    SetPredicate,
    /// MI_USER_INTERRUPT.
    UserInterrupt,
    /// Waits for the display, or says which of its lines to wait for.
    WaitForDisplay,
    /// MI_REPORT_HEAD: stores the ring's head in the context's status page.
    ReportHead,
    /// MI_ARB_ON_OFF: lets contexts be preempted, or not.
    Arbitration,
    /// MI_SUSPEND_FLUSH: holds back flushes that the host asks for by register.
    SuspendFlush,
    /// MI_BATCH_BUFFER_END.
    BatchEnd,
    /// MI_CONDITIONAL_BATCH_BUFFER_END.
    ConditionalEnd,
    /// MI_BATCH_BUFFER_START.
    BatchStart,
    /// MI_DISPLAY_FLIP.
    Flip,
    /// MI_SET_CONTEXT, which has no use with execlists.
    SetContext,
    /// MI_UPDATE_GTT: writes entries of the GGTT.
    UpdateGtt,
    /// MI_SEMAPHORE_WAIT.
    SemaphoreWait,
    /// MI_STORE_DATA_IMM.
    StoreImmediate,
    /// MI_STORE_DATA_INDEX: stores in a hardware status page.
    StoreIndex,
    /// MI_LOAD_REGISTER_IMM.
    LoadImmediate,
    /// MI_LOAD_REGISTER_MEM.
    LoadMemory,
    /// MI_LOAD_REGISTER_REG.
    LoadRegister,
    /// MI_STORE_REGISTER_MEM.
    StoreRegister,
    /// MI_FLUSH_DW.
    Flush,
    /// PIPE_CONTROL.
    PipeControl,
    /// MI_CLFLUSH.
    FlushLines,
    /// MI_REPORT_PERF_COUNT.
    ReportCounters,
    /// MI_COPY_MEM_MEM.
    CopyMemory,
    /// MI_ATOMIC.
    Atomic,
}

impl Operation {
    /// Whether it does nothing in a batch without privilege (PRM, volume 3a: User Mode Privileged
    /// Commands). Others are privileged by what they address.
    pub const fn is_privileged(self) -> bool {
        matches!(
            self,
            Self::Arbitration
                | Self::SuspendFlush
                | Self::Flip
                | Self::SetContext
                | Self::StoreIndex
                | Self::UpdateGtt
        )
    }
}

/// A command, or several that follow each other and are alike.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The first and the last opcode, in the units of the table.
    opcodes: (u16, u16),
    engines: Engines,
    /// The oldest generation that has it.
    since: Generation,
    length: Length,
    /// Its length on Gen8, if it is another there.
    gen8: Option<Length>,
    operation: Operation,
}

impl Row {
    const fn on(engines: Engines, opcode: u16, length: Length, operation: Operation) -> Self {
        Self {
            opcodes: (opcode, opcode),
            engines,
            since: Generation::Gen8,
            length,
            gen8: None,
            operation,
        }
    }

    /// Commands from `first` to `last` that concern nobody else.
    const fn local(engines: Engines, first: u16, last: u16, length: Length) -> Self {
        Self {
            opcodes: (first, last),
            ..Self::on(engines, first, length, Operation::Local)
        }
    }

    /// The same, which units behind the streamer carry out.
    const fn unit(self) -> Self {
        Self {
            operation: Operation::Unit,
            ..self
        }
    }

    const fn gen9(self) -> Self {
        Self {
            since: Generation::Gen9,
            ..self
        }
    }

    const fn on_gen8(self, length: Length) -> Self {
        Self {
            gen8: Some(length),
            ..self
        }
    }

    /// What it is on one engine; `None` if that does not have it.
    const fn on_engine(&self, generation: Generation, engine: Engine) -> Option<Known> {
        if !self.engines.has(engine) {
            return None;
        }
        let length = match (generation, self.since, self.gen8) {
            (Generation::Gen8, Generation::Gen9, _) => return None,
            (Generation::Gen8, _, Some(length)) => length,
            _ => self.length,
        };
        Some(Known {
            operation: self.operation,
            length,
        })
    }
}

/// A command that an engine has.
#[derive(Clone, Copy, Debug)]
struct Known {
    operation: Operation,
    length: Length,
}

impl Known {
    fn command(&self, header: u32) -> Result<Command, Undefined> {
        Ok(Command {
            operation: self.operation,
            dwords: self.length.dwords(header).ok_or(Undefined::Length)?,
        })
    }
}

/// A table to search in: does not compile unless the rows are in order and do not overlap.
const fn table<const N: usize>(rows: [Row; N]) -> [Row; N] {
    let mut left: &[Row] = &rows;
    while let [row, rest @ ..] = left {
        assert!(row.opcodes.0 <= row.opcodes.1);
        if let [next, ..] = rest {
            assert!(row.opcodes.1 < next.opcodes.0);
        }
        left = rest;
    }
    rows
}

/// The commands of one engine by opcode, for clients that have few opcodes and many commands: a batch may be nothing but
/// those.
type Spread<const OPCODES: usize> = [Option<Known>; OPCODES];

/// Spreads rows out. Opcodes are told apart by their lowest bits, as many as `OPCODES`, a power of two, needs.
// Indices are in range or the compiler stops: this runs nowhere else.
#[allow(clippy::indexing_slicing)]
const fn spread<const OPCODES: usize>(
    mut rows: &[Row],
    generation: Generation,
    engine: Engine,
) -> Spread<OPCODES> {
    let mut spread = [None; OPCODES];
    while let [row, rest @ ..] = rows {
        let mut opcode = row.opcodes.0;
        while opcode <= row.opcodes.1 {
            let place = &mut spread[place::<OPCODES>(opcode)];
            assert!(place.is_none());
            *place = row.on_engine(generation, engine);
            opcode = opcode.wrapping_add(1);
        }
        rows = rest;
    }
    spread
}

// Any opcode fits: usize has at least 32 bits on every machine with such a GPU.
#[allow(clippy::as_conversions)]
const fn place<const OPCODES: usize>(opcode: u16) -> usize {
    opcode as usize & OPCODES.wrapping_sub(1)
}

/// The commands of one engine that are spread out.
#[derive(Debug)]
struct Streamer {
    mi: Spread<64>,
    blitter: Spread<128>,
}

impl Streamer {
    const fn of(generation: Generation, engine: Engine) -> Self {
        Self {
            mi: spread(&mi::ROWS, generation, engine),
            blitter: spread(&blitter::ROWS, generation, engine),
        }
    }

    /// Those of the kinds of engines: render, copy, video, enhancement.
    const fn kinds(generation: Generation) -> [Self; 4] {
        [
            Self::of(generation, Engine::Rcs),
            Self::of(generation, Engine::Bcs),
            Self::of(generation, Engine::Vcs0),
            Self::of(generation, Engine::Vecs),
        ]
    }
}

static GEN8: [Streamer; 4] = Streamer::kinds(Generation::Gen8);
static GEN9: [Streamer; 4] = Streamer::kinds(Generation::Gen9);

/// What `opcode` is in a table that is spread out.
fn at<const OPCODES: usize>(spread: &Spread<OPCODES>, opcode: u16) -> Option<&Known> {
    spread.get(place::<OPCODES>(opcode))?.as_ref()
}

/// The row of `opcode` in a table to search in.
fn search(rows: &[Row], opcode: u16) -> Option<&Row> {
    let row = rows.get(rows.partition_point(|row| row.opcodes.1 < opcode))?;
    (row.opcodes.0 <= opcode).then_some(row)
}

/// Why a header begins no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// The engine has no such command.
    Opcode,
    /// The command has no form of that length.
    Length,
}

/// A command's header, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub operation: Operation,
    /// Its length in dwords, header included; at least 1.
    pub dwords: u16,
}

/// Understands headers as one engine does.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    generation: Generation,
    engine: Engine,
    streamer: &'static Streamer,
    /// The commands of its pipelines.
    pipelines: &'static [Row],
}

impl Decoder {
    /// That of an engine of this platform.
    pub fn new(platform: Platform, engine: Engine) -> Self {
        let generation = platform.generation();
        let [render, copy, video, enhance] = match generation {
            Generation::Gen8 => &GEN8,
            Generation::Gen9 => &GEN9,
        };
        let (streamer, pipelines): (_, &[Row]) = match engine {
            Engine::Rcs => (render, &render::ROWS),
            Engine::Bcs => (copy, &[]),
            Engine::Vcs0 | Engine::Vcs1 => (video, &video::VIDEO),
            Engine::Vecs => (enhance, &video::ENHANCE),
        };
        Self {
            generation,
            engine,
            streamer,
            pipelines,
        }
    }

    /// The command that `header` begins.
    pub fn decode(&self, header: u32) -> Result<Command, Undefined> {
        let [.., low, high] = header.to_le_bytes();
        let upper = u16::from_le_bytes([low, high]);
        let known = match header >> 29 {
            0 => at(&self.streamer.mi, upper >> 7),
            2 => at(&self.streamer.blitter, upper >> 6),
            3 => {
                let row = search(self.pipelines, upper).ok_or(Undefined::Opcode)?;
                return row
                    .on_engine(self.generation, self.engine)
                    .ok_or(Undefined::Opcode)?
                    .command(header);
            }
            _ => None,
        };
        known.ok_or(Undefined::Opcode)?.command(header)
    }
}
