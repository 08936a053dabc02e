// SPDX-License-Identifier: GPL-2.0

//! How accesses are split, and what is said of a type.

use proptest::prelude::*;
use unit::vfio::{
    access::{first_piece, same_side},
    description::Description,
};

/// All pieces of an access, as offset and size.
fn pieces(offset: u64, count: usize, widest: usize) -> Vec<(u64, usize)> {
    let mut pieces = Vec::new();
    let mut done = 0;
    while done < count {
        let at = offset + done as u64;
        let size = first_piece(at, count - done, widest);
        assert_ne!(size, 0, "{offset:#x} + {count} does not end");
        pieces.push((at, size));
        done += size;
    }
    pieces
}

#[test]
fn an_access_is_split_by_alignment_and_length() {
    for (offset, count, widest, sizes) in [
        (0x0, 8, 8, &[8][..]),
        (0x0, 8, 4, &[4, 4]),
        (0x4, 8, 8, &[4, 4]),
        (0x1, 4, 8, &[1, 2, 1]),
        (0x3, 6, 8, &[1, 4, 1]),
        (0x6, 16, 8, &[2, 8, 4, 2]),
        (0xff, 1, 8, &[1]),
        (0x8, 0, 8, &[]),
    ] {
        let found: Vec<usize> = pieces(offset, count, widest)
            .into_iter()
            .map(|piece| piece.1)
            .collect();
        assert_eq!(found, sizes, "{count} bytes at {offset:#x}");
    }
}

#[test]
fn nothing_is_left_of_nothing() {
    assert_eq!(first_piece(0, 0, 8), 0);
    assert_eq!(first_piece(u64::MAX, 9, 8), 1);
}

#[test]
fn a_part_has_two_ends() {
    for (offset, left, expected) in [
        (0, 16, (16, false)),
        (0xff0, 0x20, (0x10, false)),
        (0x1000, 8, (8, true)),
        (0x1ff8, 16, (8, true)),
        (0x2000, 16, (16, false)),
        (u64::MAX, 16, (0, false)),
    ] {
        assert_eq!(
            same_side(offset, left, 0x1000, 0x2000),
            expected,
            "{offset:#x}"
        );
    }
}

#[test]
fn the_text_is_that_of_kvmgt() {
    let description = Description {
        aperture: 128,
        hidden: 512,
        fences: 4,
        resolution: (1920, 1200),
        weight: 4,
    };
    assert_eq!(
        description.to_string(),
        "low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4\nresolution: 1920x1200\nweight: 4\n"
    );
}

proptest! {
    #[test]
    fn pieces_are_adjacent_aligned_and_few(
        offset in 0..1u64 << 40,
        count in 0..200usize,
        widest in prop::sample::select(vec![1, 2, 4, 8]),
    ) {
        let pieces = pieces(offset, count, widest);
        let mut next = offset;
        for &(at, size) in &pieces {
            prop_assert_eq!(at, next);
            prop_assert!(size.is_power_of_two() && size <= widest);
            prop_assert_eq!(at % size as u64, 0);
            next = at + size as u64;
        }
        prop_assert_eq!(next, offset + count as u64);
        // What is not of the widest size is needed to get to its alignment, and from there to the end.
        let narrow = pieces.iter().filter(|piece| piece.1 < widest).count();
        prop_assert!(narrow <= 2 * widest.trailing_zeros() as usize);
    }

    #[test]
    fn every_byte_of_a_stretch_is_on_its_side(
        offset in 0..300u64,
        left in 1..100usize,
        start in 0..150u64,
        length in 1..150u64,
    ) {
        let part = start..start + length;
        let (count, inside) = same_side(offset, left, part.start, part.end);
        prop_assert!((1..=left).contains(&count));
        for at in offset..offset + count as u64 {
            prop_assert_eq!(part.contains(&at), inside);
        }
        let next = offset + count as u64;
        prop_assert!(count == left || part.contains(&next) != inside);
    }
}
