// SPDX-License-Identifier: GPL-2.0

//! The matrix that makes colours of a pipe other colours, with offsets before and after it.
//!
//! PRM Skylake vol. 2c "CSC_COEFF", "CSC_PREOFF", "CSC_POSTOFF"; i915 `display/intel_color_regs.h`, and
//! `display/intel_color.c` for the format of factors (`ilk_csc_convert_ctm`) and offsets
//! (`ilk_csc_matrix_rgb_to_ycbcr`).

use crate::gpu::Gpu;

/// PIPE_CSC_COEFF_RY_GY of pipe A, and the distance of the pipes. Two registers hold a row of the matrix.
const FACTORS: u32 = 0x4_9010;
const STRIDE: u32 = 0x100;
/// PIPE_CSC_PREOFF_HI and PIPE_CSC_POSTOFF_HI of pipe A. Red, green and blue follow each other.
const BEFORE: u32 = 0x4_9030;
const AFTER: u32 = 0x4_9040;
/// Bits behind the point of a factor as it is kept here.
const FRACTION: u32 = 15;

/// The matrix of a pipe. Colours are red, green and blue, of twelve bits from nothing to full, and may
/// be less than nothing or more than full after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Matrix {
    before: [i32; 3],
    factors: [[i64; 3]; 3],
    after: [i32; 3],
}

impl Matrix {
    /// The matrix that is programmed for `pipe`.
    pub fn read(gpu: &Gpu, pipe: u32) -> Self {
        let register = |offset: u32| gpu.regs.get(offset + STRIDE * pipe);
        let offsets = |first| [0, 4, 8].map(|at| offset(register(first + at)));
        Self {
            before: offsets(BEFORE),
            factors: [0, 8, 16].map(|at| {
                let (two, third) = (register(FACTORS + at), register(FACTORS + at + 4));
                [two >> 16, two, third >> 16].map(factor)
            }),
            after: offsets(AFTER),
        }
    }

    /// What becomes of a colour.
    pub fn apply(&self, color: [i32; 3]) -> [i32; 3] {
        let mut result = self.after;
        for (out, row) in result.iter_mut().zip(&self.factors) {
            let sum: i64 = (row.iter().zip(color).zip(self.before))
                .map(|((factor, value), before)| factor * i64::from(value + before))
                .sum();
            // CAST: a factor is less than 2^4 and a value less than 2^13.
            *out += (sum >> FRACTION) as i32;
        }
        result
    }
}

/// A sign, an exponent of three bits, which is two's complement and of a half, and nine bits behind the
/// point.
fn factor(field: u32) -> i64 {
    let shift = 3_u32.wrapping_sub(field >> 12) & 7;
    let size = i64::from(field & 0xff8) << shift;
    if field & 0x8000 != 0 { -size } else { size }
}

/// Thirteen bits, two's complement.
fn offset(register: u32) -> i32 {
    // CAST: the sign comes to its place.
    (register << 19) as i32 >> 19
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_as_the_driver_writes_them() {
        for (field, expected) in [
            (0, 0.),
            (0x7800, 1.),
            (0xf800, -1.),
            (0x0800, 0.5),
            (0x0c00, 0.75),
            (0x1800, 0.25),
            (0x2800, 0.125),
            (0x3800, 0.0625),
            (0x6800, 2.),
            (0x6ff8, 4. - 1. / 128.),
        ] {
            let found = factor(field) as f64 / f64::from(1 << FRACTION);
            assert_eq!(found, expected, "{field:x}");
        }
    }

    #[test]
    fn offsets_have_a_sign() {
        for (register, expected) in [(0, 0), (0x100, 256), (0x0fff, 4095), (0x1fff, -1)] {
            assert_eq!(offset(register), expected, "{register:x}");
        }
    }

    #[test]
    fn rows_of_the_matrix_make_red_green_and_blue() {
        let one = 1 << FRACTION;
        let matrix = Matrix {
            before: [1, 0, 0],
            factors: [[0, 0, one], [one, -one, 0], [one, one / 2, 0]],
            after: [5, 6, 7],
        };
        assert_eq!(matrix.apply([9, 40, 3]), [8, -24, 37]);
    }
}
