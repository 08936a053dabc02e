// SPDX-License-Identifier: GPL-2.0

//! `MI_ATOMIC`: read, modify and write in one step (PRM Skylake vol. 2a).
//!
//! Operands stand in the command, or else in CS_GPR 0/1 (first) and 2/3 (second); what memory held
//! before goes to CS_GPR 4/5 when it is asked for.

use std::sync::Mutex;

use super::flow::{Flow, NEXT};
use super::memory::Memory;
use super::mi::gma;
use super::stream::Streamer;
use crate::addr::Gma;

const RETURN_DATA: u32 = 1 << 16;
const INLINE_DATA: u32 = 1 << 18;
const GLOBAL_GTT: u32 = 1 << 22;

/// Serialises 128-bit operations of the engines; the host has no such access to shared memory.
static OCTWORDS: Mutex<()> = Mutex::new(());

/// The operand's width; bits 20:19 of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Dword,
    Qword,
    Octword,
}

/// What the memory holds after the operation; `None` for a reserved one. Values wider than `width`
/// are cut. Bits 4:0 of `opcode` name the operation; the bits above repeat the width.
fn apply(opcode: u32, width: Width, old: u128, one: u128, two: u128) -> Option<u128> {
    let bits = match width {
        Width::Dword => 32,
        Width::Qword => 64,
        Width::Octword => 128,
    };
    let mask = u128::MAX >> (128 - bits);
    let (old, one, two) = (old & mask, one & mask, two & mask);
    // CAST: to the top and back, so that the sign bit spreads.
    let signed = |v: u128| ((v << (128 - bits)) as i128) >> (128 - bits);
    let new = match opcode & 0x1f {
        0x01 => old & one,
        0x02 => old | one,
        0x03 => old ^ one,
        0x04 => one,
        0x05 => old.wrapping_add(1),
        0x06 | 0x0f => old.wrapping_sub(1),
        0x07 => old.wrapping_add(one),
        0x08 => old.wrapping_sub(one),
        0x09 => one.wrapping_sub(old),
        0x0a => {
            if signed(old) > signed(one) {
                old
            } else {
                one
            }
        }
        0x0b => {
            if signed(old) < signed(one) {
                old
            } else {
                one
            }
        }
        0x0c => old.max(one),
        0x0d => old.min(one),
        0x0e => {
            if old == one {
                two
            } else {
                old
            }
        }
        _ => return None,
    };
    Some(new & mask)
}

/// Does the operation on memory; gives what was there before.
fn update(
    memory: &mut Memory<'_>,
    at: Gma,
    opcode: u32,
    width: Width,
    [one, two]: [u128; 2],
) -> u128 {
    let apply = |old| apply(opcode, width, old, one, two).unwrap_or(old);
    match width {
        Width::Dword => memory
            .update_dword(at, |old| apply(old.into()) as u32)
            .into(),
        Width::Qword => memory
            .update_qword(at, |old| apply(old.into()) as u64)
            .into(),
        Width::Octword => {
            let _guard = OCTWORDS.lock().unwrap_or_else(|e| e.into_inner());
            let at = Gma {
                addr: at.addr & !15,
                ..at
            };
            let high = at.offset(8);
            let old = u128::from(memory.load_qword(at)) | u128::from(memory.load_qword(high)) << 64;
            let new = apply(old);
            memory.store_qword(at, new as u64);
            memory.store_qword(high, (new >> 64) as u64);
            old
        }
    }
}

impl Streamer<'_> {
    pub(super) fn atomic(&mut self, words: &[u32]) -> Flow {
        let header = words[0];
        if header & GLOBAL_GTT != 0 && !self.privileged() {
            return NEXT;
        }
        let width = match header >> 19 & 3 {
            0 => Width::Dword,
            1 => Width::Qword,
            2 => Width::Octword,
            _ => return Flow::Illegal,
        };
        let operand = |k: usize| -> u128 {
            if header & INLINE_DATA != 0 {
                // The two operands' dwords alternate.
                (0..4).fold(0, |all, i| {
                    let word = words.get(3 + k + 2 * i).copied().unwrap_or(0);
                    all | u128::from(word) << (32 * i)
                })
            } else {
                u128::from(self.gpr(2 * k)) | u128::from(self.gpr(2 * k + 1)) << 64
            }
        };
        let operands = [operand(0), operand(1)];
        let at = gma(header & GLOBAL_GTT != 0, words, 1);
        let old = update(&mut self.memory, at, header >> 8 & 0xff, width, operands);
        if header & RETURN_DATA != 0 {
            self.set_gpr(4, old as u64);
            if width == Width::Octword {
                self.set_gpr(5, (old >> 64) as u64);
            }
        }
        NEXT
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn dwords(old: u32, one: u32, two: u32) {
            let run = |opcode| {
                apply(opcode, Width::Dword, old.into(), one.into(), two.into()).map(|v| v as u32)
            };
            prop_assert_eq!(run(0x01), Some(old & one));
            prop_assert_eq!(run(0x04), Some(one));
            prop_assert_eq!(run(0x05), Some(old.wrapping_add(1)));
            prop_assert_eq!(run(0x06), Some(old.wrapping_sub(1)));
            prop_assert_eq!(run(0x07), Some(old.wrapping_add(one)));
            prop_assert_eq!(run(0x09), Some(one.wrapping_sub(old)));
            prop_assert_eq!(run(0x0a), Some((old as i32).max(one as i32) as u32));
            prop_assert_eq!(run(0x0b), Some((old as i32).min(one as i32) as u32));
            prop_assert_eq!(run(0x0d), Some(old.min(one)));
            prop_assert_eq!(run(0x0e), Some(if old == one { two } else { old }));
            prop_assert_eq!(run(0x00), None);
        }

        #[test]
        fn wider(old: u64, one: u64) {
            let run = |opcode, width| apply(opcode, width, old.into(), one.into(), 7);
            let max = (old as i64).max(one as i64) as u64;
            prop_assert_eq!(run(0x2a, Width::Qword), Some(max.into()));
            let sum = u128::from(old) + u128::from(one);
            prop_assert_eq!(run(0x47, Width::Octword), Some(sum));
            prop_assert_eq!(run(0x27, Width::Qword), Some(u128::from(sum as u64)));
            prop_assert_eq!(apply(0x4e, Width::Octword, 9, 9, 7), Some(7));
        }
    }
}
