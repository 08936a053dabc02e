// SPDX-License-Identifier: GPL-2.0

//! The streamer's arithmetic unit: `MI_MATH` (PRM Skylake vol. 2a; i915 `gt/intel_gpu_commands.h`).

/// General-purpose registers of a command streamer.
pub const GPRS: usize = 16;

/// Operand numbers beyond the general-purpose registers.
mod operand {
    pub const SRCA: u32 = 0x20;
    pub const SRCB: u32 = 0x21;
    pub const ACCU: u32 = 0x31;
    pub const ZF: u32 = 0x32;
    pub const CF: u32 = 0x33;
}

/// The unit's own registers; they last for one command.
#[derive(Default)]
struct Alu {
    a: u64,
    b: u64,
    accu: u64,
    zero: bool,
    carry: bool,
}

impl Alu {
    fn get(&self, gprs: &[u64; GPRS], from: u32) -> u64 {
        // A flag reads as all ones or all zeroes.
        let flag = |set: bool| if set { u64::MAX } else { 0 };
        match from {
            operand::SRCA => self.a,
            operand::SRCB => self.b,
            operand::ACCU => self.accu,
            operand::ZF => flag(self.zero),
            operand::CF => flag(self.carry),
            _ => gprs.get(from as usize).copied().unwrap_or(0),
        }
    }

    fn load(&mut self, to: u32, value: u64) {
        match to {
            operand::SRCA => self.a = value,
            operand::SRCB => self.b = value,
            _ => {}
        }
    }

    fn set(&mut self, (value, carry): (u64, bool)) {
        self.accu = value;
        self.zero = value == 0;
        self.carry = carry;
    }
}

/// Runs the instructions of one command.
pub fn run(gprs: &mut [u64; GPRS], program: &[u32]) {
    let mut alu = Alu::default();
    for instruction in program {
        let (opcode, one, two) = (
            instruction >> 20,
            instruction >> 10 & 0x3ff,
            instruction & 0x3ff,
        );
        match opcode {
            0x080 => alu.load(one, alu.get(gprs, two)),
            0x480 => alu.load(one, !alu.get(gprs, two)),
            0x081 => alu.load(one, 0),
            0x481 => alu.load(one, u64::MAX),
            0x100 => alu.set(alu.a.overflowing_add(alu.b)),
            0x101 => alu.set(alu.a.overflowing_sub(alu.b)),
            0x102 => alu.set((alu.a & alu.b, false)),
            0x103 => alu.set((alu.a | alu.b, false)),
            0x104 => alu.set((alu.a ^ alu.b, false)),
            0x180 | 0x580 => {
                let value = alu.get(gprs, two);
                if let Some(gpr) = gprs.get_mut(one as usize) {
                    *gpr = if opcode == 0x580 { !value } else { value };
                }
            }
            // No operation, and what is reserved.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn instruction(opcode: u32, one: u32, two: u32) -> u32 {
        opcode << 20 | one << 10 | two
    }

    /// `R2 = R0 op R1`, the zero flag to R3 and the carry to R4.
    fn binary(opcode: u32, a: u64, b: u64) -> [u64; 3] {
        let mut gprs = [0; GPRS];
        (gprs[0], gprs[1]) = (a, b);
        let program = [
            instruction(0x080, operand::SRCA, 0),
            instruction(0x080, operand::SRCB, 1),
            instruction(opcode, 0, 0),
            instruction(0x180, 2, operand::ACCU),
            instruction(0x180, 3, operand::ZF),
            instruction(0x180, 4, operand::CF),
        ];
        run(&mut gprs, &program);
        [gprs[2], gprs[3], gprs[4]]
    }

    proptest! {
        #[test]
        fn like_128_bit_arithmetic(a: u64, b: u64) {
            let flag = |set: bool| if set { u64::MAX } else { 0 };
            let sum = u128::from(a) + u128::from(b);
            let all = [sum as u64, flag(sum as u64 == 0), flag(sum >> 64 != 0)];
            prop_assert_eq!(binary(0x100, a, b), all);
            let difference = i128::from(a) - i128::from(b);
            let all = [difference as u64, flag(difference == 0), flag(difference < 0)];
            prop_assert_eq!(binary(0x101, a, b), all);
            prop_assert_eq!(binary(0x102, a, b)[0], a & b);
            prop_assert_eq!(binary(0x103, a, b)[0], a | b);
            prop_assert_eq!(binary(0x104, a, b)[0], a ^ b);
        }

        #[test]
        fn inverted_loads_and_stores(a: u64) {
            let mut gprs = [0; GPRS];
            gprs[5] = a;
            run(&mut gprs, &[
                instruction(0x480, operand::SRCA, 5),
                instruction(0x081, operand::SRCB, 0),
                instruction(0x103, 0, 0),
                instruction(0x180, 6, operand::ACCU),
                instruction(0x580, 7, operand::ACCU),
                instruction(0x481, operand::SRCA, 0),
                instruction(0x102, 0, 0),
                instruction(0x180, 8, operand::ZF),
            ]);
            prop_assert_eq!(gprs[6..9].to_vec(), vec![!a, a, u64::MAX]);
        }

        #[test]
        fn any_program_is_survived(program in proptest::collection::vec(any::<u32>(), 0..64)) {
            run(&mut [1; GPRS], &program);
        }
    }
}
