// SPDX-License-Identifier: GPL-2.0

//! The monitor's description of itself: VESA E-EDID 1.4, one block, made for a mode.

use super::mode::{Axis, Mode};

/// Bytes of a block.
pub const SIZE: usize = 128;

/// Where the first detailed timing is, and the number of blocks that follow.
const FIRST_TIMING: usize = 54;
const EXTENSIONS: usize = 126;
const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
/// "LNX", 5 bits a letter; product 1, serial number 1; made in week 1 of 2026, from 1990.
const MAKER: [u8; 10] = [0x31, 0xd8, 1, 0, 1, 0, 0, 0, 1, 36];
const VERSION: [u8; 2] = [1, 4];
/// Digital, 8 bits a colour, DisplayPort.
const INPUT: u8 = 0xa5;
/// Gamma 2.2, less 1, in hundredths.
const GAMMA: u8 = 120;
/// sRGB, and the first detailed timing is the native one.
const FEATURES: u8 = 0x06;
/// Primaries and white point of sRGB.
const CHROMATICITY: [u8; 10] = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];

/// Established timings at 60 Hz: width, height, and their bit in the first and second byte.
const ESTABLISHED: [(u16, u16, [u8; 2]); 3] = [
    (640, 480, [1 << 5, 0]),
    (800, 600, [1 << 0, 0]),
    (1024, 768, [0, 1 << 3]),
];

/// Standard timings at 60 Hz: width, height, and the code of their aspect ratio.
const STANDARD: [(u16, u16, u8); 8] = [
    (1280, 720, 3),
    (1280, 800, 0),
    (1280, 1024, 2),
    (1440, 900, 0),
    (1600, 900, 3),
    (1600, 1200, 1),
    (1680, 1050, 0),
    (1920, 1080, 3),
];
/// A standard timing that is not there.
const UNUSED: [u8; 2] = [1, 1];

/// A descriptor of the product's name.
const NAME: [u8; 18] = *b"\0\0\0\xfc\0Virtual\n     ";
/// One of nothing.
const DUMMY: [u8; 18] = [0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The block of a monitor whose best mode is `mode`.
pub fn block(mode: &Mode) -> [u8; SIZE] {
    let fits = |width, height| width <= mode.width() && height <= mode.height();
    let mut established = [0; 3];
    for (width, height, bits) in ESTABLISHED {
        if fits(width, height) {
            for (byte, bit) in established.iter_mut().zip(bits) {
                *byte |= bit;
            }
        }
    }
    let mut standard = [UNUSED; STANDARD.len()];
    for (slot, (width, height, aspect)) in standard.iter_mut().zip(STANDARD) {
        if fits(width, height) {
            *slot = [low((width >> 3).saturating_sub(31)), aspect << 6];
        }
    }
    let size = mode.millimetres();
    let centimetres = [size.0, size.1].map(|mm| u8::try_from(mm / 10).unwrap_or(u8::MAX));
    let basics = [INPUT, centimetres[0], centimetres[1], GAMMA, FEATURES];
    let detailed = detailed(mode, size);
    let parts: [&[u8]; 11] = [
        &HEADER,
        &MAKER,
        &VERSION,
        &basics,
        &CHROMATICITY,
        &established,
        standard.as_flattened(),
        &detailed,
        &NAME,
        &DUMMY,
        &DUMMY,
    ];
    let mut block = [0; SIZE];
    for (place, &byte) in block.iter_mut().zip(parts.into_iter().flatten()) {
        *place = byte;
    }
    let sum = block
        .iter()
        .fold(0, |sum: u8, &byte| sum.wrapping_add(byte));
    // No extension block follows, so byte 126 stays zero.
    if let Some(last) = block.last_mut() {
        *last = sum.wrapping_neg();
    }
    block
}

/// Columns and rows of the mode that a block names first, if it is one: header and checksum are right, no
/// further block is announced, and the first detailed timing is a mode.
pub fn best(block: &[u8; SIZE]) -> Option<(u16, u16)> {
    let sum = block
        .iter()
        .fold(0, |sum: u8, &byte| sum.wrapping_add(byte));
    let (_, rest) = block.split_at_checked(FIRST_TIMING)?;
    let (timing, _) = rest.split_first_chunk::<8>()?;
    let &[clock_low, clock_high, width, _, width_high, height, _, height_high] = timing;
    let size = (
        u16::from_le_bytes([width, width_high >> 4]),
        u16::from_le_bytes([height, height_high >> 4]),
    );
    let announced = block.get(EXTENSIONS).copied();
    let sound = block.starts_with(&HEADER)
        && sum == 0
        && announced == Some(0)
        && (clock_low, clock_high) != (0, 0)
        && size.0 > 0
        && size.1 > 0;
    sound.then_some(size)
}

const fn low(value: u16) -> u8 {
    value.to_le_bytes()[0]
}

const fn high(value: u16) -> u8 {
    value.to_le_bytes()[1]
}

/// Detailed timing descriptor (E-EDID 1.4, section 3.10.2).
fn detailed(mode: &Mode, size: (u16, u16)) -> [u8; 18] {
    let clock = mode.clock();
    let (h, v): (Axis, Axis) = (mode.horizontal(), mode.vertical());
    [
        low(clock),
        high(clock),
        low(h.active),
        low(h.blank),
        high(h.active) << 4 | high(h.blank),
        low(v.active),
        low(v.blank),
        high(v.active) << 4 | high(v.blank),
        low(h.front),
        low(h.sync),
        low(v.front) << 4 | low(v.sync) & 0xf,
        high(h.front) << 6 | high(h.sync) << 4 | low(v.front) >> 4 << 2 | low(v.sync) >> 4,
        low(size.0),
        low(size.1),
        high(size.0) << 4 | high(size.1),
        0,
        0,
        // Separate digital sync: horizontal positive, vertical negative, as CVT wants.
        0x1a,
    ]
}
