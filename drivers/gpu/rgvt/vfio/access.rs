// SPDX-License-Identifier: GPL-2.0

//! How an access of any length and alignment is made of such as a bus has.

/// The size of the first of the accesses that `left` bytes from `offset` on are made of: the largest power
/// of two up to `widest` that `offset` is a multiple of and that is not more than `left`; 0 if nothing is
/// left.
pub fn first_piece(offset: u64, left: usize, widest: usize) -> usize {
    [8, 4, 2, 1]
        .into_iter()
        .find(|&size| {
            let mask = u64::try_from(size).map_or(0, |size: u64| size.wrapping_sub(1));
            size <= widest && size <= left && offset & mask == 0
        })
        .unwrap_or(0)
}

/// How many of `left` bytes at `offset` lie on the same side of both ends of the part from `start` to `end`,
/// and whether that is inside.
pub fn same_side(offset: u64, left: usize, start: u64, end: u64) -> (usize, bool) {
    let inside = (start..end).contains(&offset);
    let next = if offset < start {
        start
    } else if inside {
        end
    } else {
        u64::MAX
    };
    let until = next.saturating_sub(offset);
    let count = usize::try_from(until).map_or(left, |until| until.min(left));
    (count, inside)
}
