// SPDX-License-Identifier: GPL-2.0

//! The OpRegion: memory through which firmware tells the driver of integrated graphics of the board.
//!
//! A user copies it into the guest's memory and tells the guest where; QEMU takes a device of this kind only
//! if there is one. There is no board, so it says but that there is nothing in it: no mailbox, and no table
//! of the video BIOS, without which drivers take ports and monitors from what they detect.
//!
//! Source: i915, display/intel_opregion.c (`struct opregion_header`).

/// Its size in bytes, also that of any other.
pub(super) const SIZE: u64 = 8 << 10;

/// What it begins with.
const SIGNATURE: &[u8; 16] = b"IntelGraphicsMem";

/// Where its size in KiB is.
const SIZE_AT: usize = 16;

/// Where the major version is.
const MAJOR_AT: usize = 23;

/// What it begins with; all bytes after that are zero.
const HEADER: [u8; 24] = {
    let mut header = [0; 24];
    let mut index = 0;
    while index < SIGNATURE.len() {
        header[index] = SIGNATURE[index];
        index += 1;
    }
    // CAST: It is 8.
    header[SIZE_AT] = (SIZE >> 10) as u8;
    header[MAJOR_AT] = 2;
    header
};

/// The byte at `offset`.
pub(super) fn byte(offset: u64) -> u8 {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    HEADER.get(offset).copied().unwrap_or(0)
}
