// SPDX-License-Identifier: GPL-2.0

//! Ternary raster operations, as Windows numbers them.

/// Copy of the source.
pub const SOURCE: u8 = 0xcc;
/// Copy of the pattern, here the fill's colour.
pub const PATTERN: u8 = 0xf0;

/// The result for each bit of pattern, source and destination.
pub fn apply(rop: u8, pattern: u8, source: u8, target: u8) -> u8 {
    (0..8u8)
        .filter(|index| rop & 1 << index != 0)
        .fold(0, |all, index| {
            let side = |bit: u8, value: u8| if index & bit != 0 { value } else { !value };
            all | side(4, pattern) & side(2, source) & side(1, target)
        })
}

/// Whether the result depends on what the target holds.
pub fn needs_target(rop: u8) -> bool {
    (rop >> 1 ^ rop) & 0x55 != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn known_operations(p: u8, s: u8, d: u8) {
            prop_assert_eq!(apply(SOURCE, p, s, d), s);
            prop_assert_eq!(apply(PATTERN, p, s, d), p);
            prop_assert_eq!(apply(0xaa, p, s, d), d);
            prop_assert_eq!(apply(0x00, p, s, d), 0);
            prop_assert_eq!(apply(0xff, p, s, d), 0xff);
            prop_assert_eq!(apply(0x66, p, s, d), s ^ d);
            prop_assert_eq!(apply(0x5a, p, s, d), p ^ d);
            prop_assert_eq!(apply(0x88, p, s, d), s & d);
        }

        #[test]
        fn target_is_needed_when_it_matters(rop: u8, p: u8, s: u8, d: u8) {
            if !needs_target(rop) {
                prop_assert_eq!(apply(rop, p, s, d), apply(rop, p, s, !d));
            }
        }
    }
}
