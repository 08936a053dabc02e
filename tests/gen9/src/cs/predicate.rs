// SPDX-License-Identifier: GPL-2.0

//! Predication: skipping commands by a condition (PRM Skylake vol. 2a, `MI_PREDICATE` and
//! `MI_SET_PREDICATE`).

use super::flow::{Flow, NEXT};
use super::registers::at;
use super::stream::Streamer;
use crate::engine::EngineId;

/// What `MI_PREDICATE` makes of its registers: the new predicate, or `None` to keep the old one.
fn evaluate(header: u32, old: bool, src0: u64, src1: u64, data: u64) -> Option<bool> {
    let compared = match header & 3 {
        0 => true,
        1 => false,
        2 => src0 == src1,
        _ => src0.wrapping_sub(src1) == data,
    };
    let combined = match header >> 3 & 3 {
        0 => compared,
        1 => old & compared,
        2 => old | compared,
        _ => old ^ compared,
    };
    match header >> 6 & 3 {
        2 => Some(combined),
        3 => Some(!combined),
        _ => None,
    }
}

impl Streamer<'_> {
    pub(super) fn predicate(&mut self, header: u32) -> Flow {
        let result = self.register(at::PREDICATE_RESULT);
        let get = |offset| self.gpu.regs.get64(self.register(offset));
        let old = self.gpu.regs.get(result) & 1 != 0;
        let [src0, src1, data] =
            [at::PREDICATE_SRC0, at::PREDICATE_SRC1, at::PREDICATE_DATA].map(get);
        if let Some(new) = evaluate(header, old, src0, src1, data) {
            self.gpu.regs.set(result, new.into());
        }
        NEXT
    }

    /// Whether commands run that are predicated one by one. Only the render engine predicates.
    pub(super) fn predicate_is_set(&self) -> bool {
        self.engine != EngineId::Rcs
            || self.gpu.regs.get(self.register(at::PREDICATE_RESULT)) & 1 != 0
    }

    /// 3DPRIMITIVE or GPGPU_WALKER: the witness is told, unless bit 8 has it predicated off.
    pub(super) fn draw(&self, header: u32) {
        if header & 1 << 8 == 0 || self.predicate_is_set() {
            self.gpu.witness.draw(self.engine);
        }
    }

    /// Whether `MI_SET_PREDICATE` makes the streamer skip commands now.
    pub(super) fn predicated_off(&self) -> bool {
        let bit = |offset| self.gpu.regs.get(self.register(offset)) & 1 != 0;
        match self.state.predicate {
            1 => !bit(at::PREDICATE_RESULT_2),
            2 => bit(at::PREDICATE_RESULT_2),
            3 => !bit(at::PREDICATE_RESULT),
            4 => bit(at::PREDICATE_RESULT),
            15 => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    const LOAD: u32 = 2 << 6;
    const LOADINV: u32 = 3 << 6;

    #[test]
    fn compare_operations() {
        assert_eq!(evaluate(LOAD, false, 1, 2, 3), Some(true));
        assert_eq!(evaluate(LOAD | 1, true, 1, 2, 3), Some(false));
        assert_eq!(evaluate(LOAD | 2, false, 5, 5, 0), Some(true));
        assert_eq!(evaluate(LOADINV | 2, false, 5, 5, 0), Some(false));
        assert_eq!(evaluate(LOAD | 3, false, 5, 7, u64::MAX - 1), Some(true));
    }

    #[test]
    fn combine_operations() {
        let and_equal = LOAD | 1 << 3 | 2;
        assert_eq!(evaluate(and_equal, false, 1, 1, 0), Some(false));
        let or_equal = LOAD | 2 << 3 | 2;
        assert_eq!(evaluate(or_equal, true, 1, 2, 0), Some(true));
        let xor_equal = LOAD | 3 << 3 | 2;
        assert_eq!(evaluate(xor_equal, true, 1, 1, 0), Some(false));
    }

    #[test]
    fn keep() {
        assert_eq!(evaluate(2, true, 1, 2, 0), None);
    }
}
