// SPDX-License-Identifier: GPL-2.0

//! The monitor's description of itself: VESA E-EDID 1.4, one block.

/// Bytes of a block.
pub const SIZE: usize = 128;

/// Fixed first bytes.
const HEADER: [u8; 8] = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
/// Manufacturer "LAB", 5 bits a letter, big endian.
const MANUFACTURER: u16 =
    (b'L' as u16 - 0x40) << 10 | (b'A' as u16 - 0x40) << 5 | (b'B' as u16 - 0x40);
/// Chromaticity of sRGB's primaries and white point.
const CHROMATICITY: [u8; 10] = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];

/// A detailed timing: pixels and lines, and the pixel clock in units of 10 kHz.
struct Mode {
    clock: u16,
    horizontal: Axis,
    vertical: Axis,
    /// Size of the picture in mm.
    size: (u16, u16),
}

/// One direction of a timing. `front` is below 64.
struct Axis {
    active: u16,
    blank: u16,
    front: u16,
    sync: u16,
}

/// 1024x768 at 60 Hz, 65 MHz (VESA DMT). The monitor can do more, but tests take the preferred mode and
/// paint it, which takes an emulated CPU long.
const PREFERRED: Mode = Mode {
    clock: 6500,
    horizontal: Axis {
        active: 1024,
        blank: 320,
        front: 24,
        sync: 136,
    },
    vertical: Axis {
        active: 768,
        blank: 38,
        front: 3,
        sync: 6,
    },
    size: (304, 228),
};

/// Makes the block.
pub fn block() -> [u8; SIZE] {
    let mut edid = [0; SIZE];
    edid[..8].copy_from_slice(&HEADER);
    edid[8..10].copy_from_slice(&MANUFACTURER.to_be_bytes());
    edid[10..12].copy_from_slice(&1u16.to_le_bytes()); // product
    edid[12..16].copy_from_slice(&1u32.to_le_bytes()); // serial number
    edid[16] = 1; // week
    edid[17] = 36; // year, from 1990
    edid[18] = 1; // version
    edid[19] = 4; // revision
    edid[20] = 0xa5; // digital, 8 bits a colour, DisplayPort
    edid[21] = 30; // width in cm
    edid[22] = 23; // height in cm
    edid[23] = 120; // gamma 2.2, less 1, in hundredths
    edid[24] = 0x06; // sRGB, the preferred timing is native
    edid[25..35].copy_from_slice(&CHROMATICITY);
    edid[35] = 1 << 5 | 1; // 640x480 and 800x600 at 60 Hz
    edid[36] = 1 << 3; // 1024x768 at 60 Hz
    for standard in edid[38..54].chunks_exact_mut(2) {
        standard.copy_from_slice(&[1, 1]); // unused
    }
    edid[38..40].copy_from_slice(&[129, 2 << 6]); // 1280x1024 (1280 / 8 - 31; 5:4) at 60 Hz
    edid[40..42].copy_from_slice(&[209, 3 << 6]); // 1920x1080 (1920 / 8 - 31; 16:9) at 60 Hz
    edid[54..72].copy_from_slice(&detailed(&PREFERRED));
    edid[72..90].copy_from_slice(&limits());
    edid[90..108].copy_from_slice(&text(0xfc, b"rgvt lab"));
    edid[108..126].copy_from_slice(&text(0xff, b"1"));
    edid[127] = 0u8.wrapping_sub(edid.iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte)));
    edid
}

/// Detailed timing descriptor.
fn detailed(mode: &Mode) -> [u8; 18] {
    let (h, v) = (&mode.horizontal, &mode.vertical);
    let low = |value: u16| value.to_le_bytes()[0];
    let high = |value: u16| value.to_le_bytes()[1];
    [
        low(mode.clock),
        high(mode.clock),
        low(h.active),
        low(h.blank),
        high(h.active) << 4 | high(h.blank),
        low(v.active),
        low(v.blank),
        high(v.active) << 4 | high(v.blank),
        low(h.front),
        low(h.sync),
        low(v.front) << 4 | low(v.sync),
        high(h.front) << 6 | high(h.sync) << 4,
        low(mode.size.0),
        low(mode.size.1),
        high(mode.size.0) << 4 | high(mode.size.1),
        0,
        0,
        0x18, // separate digital sync, both negative
    ]
}

/// Range limits: 50 to 76 Hz, 30 to 83 kHz, 170 MHz; no further timing formula.
fn limits() -> [u8; 18] {
    let mut descriptor = [0x20; 18];
    descriptor[..12].copy_from_slice(&[0, 0, 0, 0xfd, 0, 50, 76, 30, 83, 17, 1, b'\n']);
    descriptor
}

/// Text descriptor of the given kind; the text has 12 characters at most.
fn text(kind: u8, text: &[u8]) -> [u8; 18] {
    let mut descriptor = [b' '; 18];
    descriptor[..5].copy_from_slice(&[0, 0, 0, kind, 0]);
    for (place, &byte) in descriptor[5..].iter_mut().zip(text.iter().chain(b"\n")) {
        *place = byte;
    }
    descriptor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_add_up_to_zero() {
        assert_eq!(
            block()
                .iter()
                .fold(0u8, |sum, &byte| sum.wrapping_add(byte)),
            0
        );
    }

    #[test]
    fn the_preferred_timing_is_60_hz() {
        let edid = block();
        let clock = u64::from(u16::from_le_bytes([edid[54], edid[55]])) * 10_000;
        let pair = |low: usize, high: u8| u64::from(edid[low]) | u64::from(high) << 8;
        let htotal = pair(56, edid[58] >> 4) + pair(57, edid[58] & 15);
        let vtotal = pair(59, edid[61] >> 4) + pair(60, edid[61] & 15);
        assert_eq!((htotal, vtotal), (1344, 806));
        assert_eq!(clock / (htotal * vtotal), 60);
    }
}
