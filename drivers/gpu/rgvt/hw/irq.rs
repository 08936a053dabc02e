// SPDX-License-Identifier: GPL-2.0

//! Interrupt registers of Gen8 and Gen9.
//!
//! Each group has four registers: status (ISR), mask (IMR), identity (IIR) and enable (IER). The
//! master register sums the groups up. Source: Broadwell PRM, volume 2c, and
//! intel_gmd_interrupt_regs.h, intel_display_regs.h, i915_reg.h (`GEN8_*_ISR`, `SDEISR`).

use super::{addr::MmioOffset, engine::Engine};

/// The master interrupt register.
pub const MASTER: MmioOffset = MmioOffset::new(0x4_4200);

/// Bit of the master register that lets interrupts through. The others are read-only.
pub const MASTER_ENABLE: u32 = 1 << 31;

/// A group of interrupt registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Group {
    /// Render (15:0) and copy (31:16) engine.
    Gt0,
    /// First (15:0) and second (31:16) video engine.
    Gt1,
    /// Power management (15:0) and the microcontroller (31:16).
    Gt2,
    /// Video enhancement engine (15:0).
    Gt3,
    /// Pipe A of the display.
    PipeA,
    /// Pipe B.
    PipeB,
    /// Pipe C.
    PipeC,
    /// Ports of the display engine.
    Port,
    /// What else the display engine has.
    Misc,
    /// The power control unit.
    Pcu,
    /// The south display engine, in the PCH.
    Pch,
}

impl Group {
    /// All groups, in order.
    pub const ALL: [Group; 11] = [
        Group::Gt0,
        Group::Gt1,
        Group::Gt2,
        Group::Gt3,
        Group::PipeA,
        Group::PipeB,
        Group::PipeC,
        Group::Port,
        Group::Misc,
        Group::Pcu,
        Group::Pch,
    ];

    /// Offset of the group's ISR; IMR, IIR and IER follow.
    pub const fn base(self) -> MmioOffset {
        MmioOffset::new(match self {
            Group::Gt0 => 0x4_4300,
            Group::Gt1 => 0x4_4310,
            Group::Gt2 => 0x4_4320,
            Group::Gt3 => 0x4_4330,
            Group::PipeA => 0x4_4400,
            Group::PipeB => 0x4_4410,
            Group::PipeC => 0x4_4420,
            Group::Port => 0x4_4440,
            Group::Misc => 0x4_4460,
            Group::Pcu => 0x4_44e0,
            Group::Pch => 0xc_4000,
        })
    }

    /// The group whose ISR is at `base`. Each access of a guest's asks for it, so it is no search.
    const fn at(base: MmioOffset) -> Option<Self> {
        Some(match base.get() {
            0x4_4300 => Group::Gt0,
            0x4_4310 => Group::Gt1,
            0x4_4320 => Group::Gt2,
            0x4_4330 => Group::Gt3,
            0x4_4400 => Group::PipeA,
            0x4_4410 => Group::PipeB,
            0x4_4420 => Group::PipeC,
            0x4_4440 => Group::Port,
            0x4_4460 => Group::Misc,
            0x4_44e0 => Group::Pcu,
            0xc_4000 => Group::Pch,
            _ => return None,
        })
    }

    /// The master register's bits for pending interrupts of the group.
    pub const fn master_bits(self, pending: u32) -> u32 {
        const fn when(bits: u32, summary: u32) -> u32 {
            if bits == 0 {
                0
            } else {
                summary
            }
        }
        let (low, high) = (pending & 0xffff, pending >> 16);
        match self {
            Group::Gt0 => when(low, 1 << 0) | when(high, 1 << 1),
            Group::Gt1 => when(low, 1 << 2) | when(high, 1 << 3),
            Group::Gt2 => when(low, 1 << 4) | when(high, 1 << 5),
            Group::Gt3 => when(low, 1 << 6),
            Group::PipeA => when(pending, 1 << 16),
            Group::PipeB => when(pending, 1 << 17),
            Group::PipeC => when(pending, 1 << 18),
            Group::Port => when(pending, 1 << 20),
            Group::Misc => when(pending, 1 << 22),
            Group::Pch => when(pending, 1 << 23),
            Group::Pcu => when(pending, 1 << 30),
        }
    }
}

/// Which of a group's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    /// Interrupt status: the sources' levels. Read-only.
    Isr,
    /// Interrupt mask: a set bit keeps a source from the IIR.
    Imr,
    /// Interrupt identity: sources that fired. Writing 1 clears.
    Iir,
    /// Interrupt enable: a set bit lets the IIR through to the master register.
    Ier,
}

/// The group and register at `offset`, which is a multiple of 4.
pub const fn decode(offset: MmioOffset) -> Option<(Group, Register)> {
    let register = match offset.get() & 0xf {
        0x0 => Register::Isr,
        0x4 => Register::Imr,
        0x8 => Register::Iir,
        0xc => Register::Ier,
        _ => return None,
    };
    match Group::at(MmioOffset::new(offset.get() & !0xf)) {
        Some(group) => Some((group, register)),
        None => None,
    }
}

/// A pipe of the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pipe {
    /// Pipe A.
    A,
    /// Pipe B.
    B,
    /// Pipe C.
    C,
}

/// A source of interrupts: bits of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The group that the bits are in.
    pub group: Group,
    /// The bits, at least one.
    pub bits: u32,
}

impl Source {
    const fn engine(engine: Engine, bit: u32) -> Self {
        let (group, shift) = match engine {
            Engine::Rcs => (Group::Gt0, 0),
            Engine::Bcs => (Group::Gt0, 16),
            Engine::Vcs0 => (Group::Gt1, 0),
            Engine::Vcs1 => (Group::Gt1, 16),
            Engine::Vecs => (Group::Gt3, 0),
        };
        Self {
            group,
            bits: bit << shift,
        }
    }

    const fn pipe(pipe: Pipe, bits: u32) -> Self {
        let group = match pipe {
            Pipe::A => Group::PipeA,
            Pipe::B => Group::PipeB,
            Pipe::C => Group::PipeC,
        };
        Self { group, bits }
    }

    /// MI_USER_INTERRUPT.
    pub const fn user(engine: Engine) -> Self {
        Self::engine(engine, 1 << 0)
    }

    /// The notification of PIPE_CONTROL (render) or MI_FLUSH_DW.
    pub const fn flush(engine: Engine) -> Self {
        Self::engine(engine, 1 << 4)
    }

    /// The context status buffer was written.
    pub const fn context_switch(engine: Engine) -> Self {
        Self::engine(engine, 1 << 8)
    }

    /// Start of vertical blank.
    pub const fn vblank(pipe: Pipe) -> Self {
        Self::pipe(pipe, 1 << 0)
    }

    /// A flip of the primary plane took effect, on Gen8 (`GEN8_PIPE_PRIMARY_FLIP_DONE`).
    pub const fn primary_flip_gen8(pipe: Pipe) -> Self {
        Self::pipe(pipe, 1 << 4)
    }

    /// A flip of the sprite took effect, on Gen8 (`GEN8_PIPE_SPRITE_FLIP_DONE`).
    pub const fn sprite_flip_gen8(pipe: Pipe) -> Self {
        Self::pipe(pipe, 1 << 5)
    }

    /// A flip of universal plane 1 to 4, counted from 0, took effect, on Gen9
    /// (`GEN9_PIPE_PLANE1_FLIP_DONE` and so on).
    pub const fn plane_flip_gen9(pipe: Pipe, plane: u8) -> Option<Self> {
        match plane {
            0 => Some(Self::pipe(pipe, 1 << 3)),
            1 => Some(Self::pipe(pipe, 1 << 4)),
            2 => Some(Self::pipe(pipe, 1 << 5)),
            3 => Some(Self::pipe(pipe, 1 << 6)),
            _ => None,
        }
    }

    /// The AUX channel of port A is done (`GEN8_AUX_CHANNEL_A`).
    pub const AUX_A: Self = Self {
        group: Group::Port,
        bits: 1 << 0,
    };

    /// The OpRegion's events: ASLE (`GEN8_DE_MISC_GSE`).
    pub const GSE: Self = Self {
        group: Group::Misc,
        bits: 1 << 27,
    };

    /// GMBUS, of a PCH from Cougar Point on (`SDE_GMBUS_CPT`).
    pub const GMBUS: Self = Self {
        group: Group::Pch,
        bits: 1 << 17,
    };
}
