// SPDX-License-Identifier: GPL-2.0

//! Fields of commands, by the command and the dword that they are in. Source: as for the commands.

/// MI_NOOP.
pub const NOOP: u32 = 0;
/// MI_BATCH_BUFFER_END.
pub const BATCH_END: u32 = 0x0a << 23;
/// MI_STORE_DATA_IMM of one dword.
pub const STORE_DWORD: u32 = 0x20 << 23 | 2;
/// MI_LOAD_REGISTER_IMM of one register.
pub const LOAD_ONE_REGISTER: u32 = 0x22 << 23 | 1;

/// Header of MI_STORE_DATA_IMM, MI_STORE_REGISTER_MEM, MI_LOAD_REGISTER_MEM, MI_ATOMIC, MI_CLFLUSH,
/// MI_SEMAPHORE_WAIT, MI_CONDITIONAL_BATCH_BUFFER_END: the address is in the GGTT. In MI_COPY_MEM_MEM the
/// source's is.
pub const GLOBAL: u32 = 1 << 22;

/// Header of MI_COPY_MEM_MEM: the destination's address is in the GGTT.
pub const COPY_TO_GLOBAL: u32 = 1 << 21;

/// An operand that names a register: bits 22:2 are its offset.
pub const REGISTER: u32 = 0x7f_fffc;

/// Offset of NOPID in the engine's block of registers: MI_NOOP with bit 22 stores its bits 21:0 there.
pub const NOPID: u32 = 0x94;

/// Header of MI_ARB_ON_OFF.
pub const ARBITRATION_ON: u32 = 1 << 0;

/// Header of MI_STORE_DATA_IMM: the data are qwords.
pub const STORE_QWORDS: u32 = 1 << 21;

/// Address of MI_STORE_DATA_IMM: the first of two cores writes here, the second behind it.
pub const STORE_CORE_MODE: u32 = 1 << 0;

/// Header of MI_LOAD_REGISTER_IMM: bytes of the registers that stay as they are.
pub const LOAD_KEEPS_BYTES: u32 = 0xf << 8;

/// Header of MI_STORE_REGISTER_MEM: only if the predicate is set (on the render engine).
pub const STORE_PREDICATED: u32 = 1 << 21;

/// Second dword of MI_REPORT_PERF_COUNT: the address is in the GGTT.
pub const REPORT_GLOBAL: u32 = 1 << 0;

/// Likewise: the second of two cores writes behind the first.
pub const REPORT_CORE_MODE: u32 = 1 << 4;

/// Bytes of the longest report of MI_REPORT_PERF_COUNT (i915_perf.c: 64 dwords).
pub const REPORT_BYTES: u64 = 256;

/// Header of MI_SEMAPHORE_WAIT, on Gen9: what is waited for is a register, which the address names.
pub const WAIT_FOR_REGISTER: u32 = 1 << 16;

/// Header of MI_ATOMIC.
pub mod atomic {
    /// The operands are in the command.
    pub const INLINE: u32 = 1 << 18;

    /// The operand's size in bytes, bits 20:19; `None` for the reserved value.
    pub const fn bytes(header: u32) -> Option<u64> {
        match header >> 19 & 3 {
            0 => Some(4),
            1 => Some(8),
            2 => Some(16),
            _ => None,
        }
    }
}

/// Header of MI_BATCH_BUFFER_START.
pub mod start {
    /// The batch is in the context's address space and has no privilege; otherwise in the GGTT.
    pub const PER_PROCESS: u32 = 1 << 8;
    /// Only if the predicate says so.
    pub const PREDICATED: u32 = 1 << 15;
    /// Register BB_OFFSET is added to the address.
    pub const ADD_OFFSET: u32 = 1 << 16;
    /// From a batch of the first level: call one of the second, which returns.
    pub const SECOND_LEVEL: u32 = 1 << 22;
    /// What a start of a privileged batch has in its header: opcode, level, predicate and length. Bit 10,
    /// the resource streamer, is not among it.
    pub const KNOWN: u32 = 0xff80_0000 | SECOND_LEVEL | PREDICATED | 0xff;
}

/// Header of MI_FLUSH_DW.
pub mod flush {
    /// An interrupt follows.
    pub const NOTIFY: u32 = 1 << 8;
    /// What is written afterwards; 0 is nothing.
    pub const WRITE: u32 = 3 << 14;
    /// The value in the command.
    pub const WRITE_IMMEDIATE: u32 = 1 << 14;
    /// The address is an offset in a hardware status page.
    pub const INDEX: u32 = 1 << 21;
    /// In the second dword: the address is in the GGTT.
    pub const GLOBAL: u32 = 1 << 2;
}

/// Second dword of PIPE_CONTROL.
pub mod pipe {
    /// An interrupt follows.
    pub const NOTIFY: u32 = 1 << 8;
    /// What is written afterwards; 0 is nothing.
    pub const WRITE: u32 = 3 << 14;
    /// The value in the command.
    pub const WRITE_IMMEDIATE: u32 = 1 << 14;
    /// The address is an offset in a hardware status page.
    pub const INDEX: u32 = 1 << 21;
    /// What is written is a register.
    pub const TO_REGISTER: u32 = 1 << 23;
    /// The address is in the GGTT.
    pub const GLOBAL: u32 = 1 << 24;
}
