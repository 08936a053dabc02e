// SPDX-License-Identifier: GPL-2.0
//! The command streamer's ALU, which MI_MATH programs (`gt/intel_gpu_commands.h`).

/// One step of an ALU program. Registers are `CS_GPR_R0` to `R15`; loads and stores move 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alu {
    /// Source A = register.
    LoadA(u8),
    /// Source B = register.
    LoadB(u8),
    /// Source B = bitwise inverse of a register.
    LoadInvB(u8),
    /// Source A = 0.
    ZeroA,
    /// Source B = all ones.
    OnesB,
    /// Accumulator = A + B.
    Add,
    /// Accumulator = A - B.
    Sub,
    /// Accumulator = A & B.
    And,
    /// Accumulator = A | B.
    Or,
    /// Accumulator = A ^ B.
    Xor,
    /// Register = accumulator.
    Store(u8),
    /// Register = bitwise inverse of the accumulator.
    StoreInv(u8),
    /// Register = the carry flag, all ones or zero.
    StoreCarry(u8),
    /// Register = the zero flag, all ones or zero.
    StoreZero(u8),
}

const SRCA: u32 = 0x20;
const SRCB: u32 = 0x21;
const ACCU: u32 = 0x31;
const ZF: u32 = 0x32;
const CF: u32 = 0x33;

impl Alu {
    /// The instruction: opcode in 31:20, first operand in 19:10, second in 9:0.
    pub fn encode(self) -> u32 {
        let reg = |n: u8| u32::from(n & 0xf);
        let (opcode, first, second) = match self {
            Self::LoadA(n) => (0x080, SRCA, reg(n)),
            Self::LoadB(n) => (0x080, SRCB, reg(n)),
            Self::LoadInvB(n) => (0x480, SRCB, reg(n)),
            Self::ZeroA => (0x081, SRCA, 0),
            Self::OnesB => (0x481, SRCB, 0),
            Self::Add => (0x100, 0, 0),
            Self::Sub => (0x101, 0, 0),
            Self::And => (0x102, 0, 0),
            Self::Or => (0x103, 0, 0),
            Self::Xor => (0x104, 0, 0),
            Self::Store(n) => (0x180, reg(n), ACCU),
            Self::StoreInv(n) => (0x580, reg(n), ACCU),
            Self::StoreCarry(n) => (0x180, reg(n), CF),
            Self::StoreZero(n) => (0x180, reg(n), ZF),
        };
        (opcode << 20) | (first << 10) | second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        for (step, word) in [
            (Alu::LoadA(0), 0x0800_8000),
            (Alu::LoadB(15), 0x0800_840f),
            (Alu::LoadInvB(1), 0x4800_8401),
            (Alu::ZeroA, 0x0810_8000),
            (Alu::OnesB, 0x4810_8400),
            (Alu::Add, 0x1000_0000),
            (Alu::Sub, 0x1010_0000),
            (Alu::And, 0x1020_0000),
            (Alu::Or, 0x1030_0000),
            (Alu::Xor, 0x1040_0000),
            (Alu::Store(2), 0x1800_0831),
            (Alu::StoreInv(2), 0x5800_0831),
            (Alu::StoreZero(3), 0x1800_0c32),
            (Alu::StoreCarry(4), 0x1800_1033),
        ] {
            assert_eq!(step.encode(), word, "{step:?}");
        }
    }
}
