// SPDX-License-Identifier: GPL-2.0

//! What a pipe does to the colours of its picture: gamma and a matrix, in the order that is programmed.
//!
//! Each plane, the cursor and the background say whether their pixels take part in either. A pixel
//! carries that, as [`tag`], where the picture has no use for an alpha. i915 tells all of them the same.
//!
//! PRM Skylake vol. 2c "CSC_MODE", "GAMMA_MODE"; i915 `display/intel_color_regs.h`, `ivb_color_check` in
//! `display/intel_color.c`. How many bits are kept on the way is not known; here it is twelve, and the
//! picture has the upper eight of them.

use std::array;

use super::csc::Matrix;
use super::gamma::{END, FULL, Gamma, Table};
use super::palette::Palettes;
use crate::gpu::Gpu;

/// GAMMA_MODE of pipe A, and the distance of the pipes.
const GAMMA_MODE: u32 = 0x4_a480;
const GAMMA_STRIDE: u32 = 0x800;
/// PIPE_CSC_MODE of pipe A, and the distance of the pipes.
const MATRIX_MODE: u32 = 0x4_9028;
const MATRIX_STRIDE: u32 = 0x100;
/// CSC_POSITION_BEFORE_GAMMA.
const MATRIX_FIRST: u32 = 1 << 1;
/// The bits of a tag, which are clear where a pixel takes part.
const NO_GAMMA: u32 = 1;
const NO_MATRIX: u32 = 2;
/// Where red, green and blue are in a pixel.
const SHIFTS: [u32; 3] = [16, 8, 0];

/// The upper eight bits of pixels that take part in gamma and the matrix or do not. All of them are set
/// for neither.
pub const fn tag(gamma: bool, matrix: bool) -> u32 {
    let mut tag = 0xff;
    if gamma {
        tag &= !NO_GAMMA;
    }
    if matrix {
        tag &= !NO_MATRIX;
    }
    tag << 24
}

/// What a pipe is programmed to do, less its tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    gamma_mode: u32,
    matrix_first: bool,
    matrix: Matrix,
}

impl Settings {
    /// What `pipe` is programmed to do now.
    pub fn read(gpu: &Gpu, pipe: u32) -> Self {
        Self {
            gamma_mode: gpu.regs.get(GAMMA_MODE + GAMMA_STRIDE * pipe),
            matrix_first: gpu.regs.get(MATRIX_MODE + MATRIX_STRIDE * pipe) & MATRIX_FIRST != 0,
            matrix: Matrix::read(gpu, pipe),
        }
    }
}

/// What is done to the pixels of a frame, by the lower two bits of their tags.
#[derive(Debug)]
pub struct Correction([Option<Steps>; 4]);

/// What is done to a pixel.
#[derive(Debug)]
struct Steps {
    /// What comes before the matrix for a component of eight bits; without a matrix, what is shown.
    before: [[i32; 256]; 3],
    /// The matrix, and what is shown for a component after it.
    rest: Option<(Matrix, [Vec<u8>; 3])>,
}

impl Correction {
    /// For `pipe`, whose pixels have one of `tags`.
    pub fn new(
        gpu: &Gpu,
        palettes: &Palettes,
        pipe: u32,
        settings: &Settings,
        tags: impl Iterator<Item = u32>,
    ) -> Self {
        let mut steps = [const { None }; 4];
        for bits in tags.map(|tag| tag >> 24 & (NO_GAMMA | NO_MATRIX)) {
            let slot = &mut steps[bits as usize];
            if bits == NO_GAMMA | NO_MATRIX || slot.is_some() {
                continue;
            }
            let gamma = if bits & NO_GAMMA == 0 {
                let Settings {
                    gamma_mode,
                    matrix_first,
                    ..
                } = *settings;
                Gamma::read(gpu, palettes, pipe, gamma_mode, matrix_first)
            } else {
                Gamma::default()
            };
            let matrix = (bits & NO_MATRIX == 0).then_some(settings.matrix);
            *slot = Some(Steps::new(&gamma, matrix));
        }
        Self(steps)
    }

    /// Corrects a row and takes the tags off.
    pub fn apply(&self, row: &mut [u32]) {
        if self.0.iter().all(Option::is_none) {
            return;
        }
        for pixel in row {
            let bits = *pixel >> 24 & (NO_GAMMA | NO_MATRIX);
            if let Some(steps) = &self.0[bits as usize] {
                *pixel = tag(false, false) | steps.apply(*pixel);
            }
        }
    }
}

impl Steps {
    fn new(gamma: &Gamma, matrix: Option<Matrix>) -> Self {
        let look = |table: &Option<Table>, component, value| {
            (table.as_ref()).map_or(value, |table| table.look(component, value))
        };
        // CAST: eight bits.
        let shown = |value: i32| (value.clamp(0, FULL - 1) >> 4) as u8;
        let before = array::from_fn(|component| {
            array::from_fn(|value| {
                // CAST: eight bits become twelve.
                let value = (value << 4 | value >> 4) as i32;
                let value = look(&gamma.before, component, value);
                if matrix.is_some() {
                    value
                } else {
                    shown(look(&gamma.after, component, value)).into()
                }
            })
        });
        let rest = matrix.map(|matrix| {
            let after = array::from_fn(|component| {
                (0..=END)
                    .map(|value| shown(look(&gamma.after, component, value)))
                    .collect()
            });
            (matrix, after)
        });
        Self { before, rest }
    }

    fn apply(&self, pixel: u32) -> u32 {
        let color: [i32; 3] = array::from_fn(|component| {
            self.before[component][(pixel >> SHIFTS[component] & 0xff) as usize]
        });
        let color = match &self.rest {
            // CAST: eight bits.
            None => color.map(|value| value as u32),
            Some((matrix, after)) => {
                let color = matrix.apply(color);
                // CAST: not negative.
                array::from_fn(|component| {
                    after[component][color[component].clamp(0, END) as usize].into()
                })
            }
        };
        color
            .iter()
            .zip(SHIFTS)
            .fold(0, |pixel, (value, shift)| pixel | value << shift)
    }
}

#[cfg(test)]
#[path = "color_tests.rs"]
mod tests;
