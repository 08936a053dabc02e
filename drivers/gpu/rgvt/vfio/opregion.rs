// SPDX-License-Identifier: GPL-2.0

//! The OpRegion: memory through which firmware tells the driver of integrated graphics of the board.
//!
//! A user copies it into the guest's memory and tells the guest where; QEMU takes a device of this kind only
//! if there is one. Of a board's mailboxes there is the fourth, the table of the video BIOS (VBT). All that
//! this says is that there is one connector, DisplayPort at port B, which takes an adaptor to HDMI, too, as those
//! of nearly all boards do. Drivers that are not told look for a panel at port A, and wait for it.
//!
//! Source: i915, display/intel_opregion.c (`struct opregion_header`), display/intel_vbt_defs.h.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "what calculates here does so when the driver is compiled"
)]

/// Its size in bytes, also that of any other.
pub const SIZE: u64 = 8 << 10;

/// The header: its signature; its size in KiB; minor and major version; which mailboxes there are.
const HEADER: &[Field] = &[
    (0, b"IntelGraphicsMem"),
    (16, &[8, 0, 0, 0]),
    (22, &[0, 2]),
    (88, &[1 << 3, 0, 0, 0]),
];

/// Where the fourth mailbox is, and the BIOS data block (BDB) in its table.
const VBT: usize = 0x400;
const BDB: usize = VBT + 48;
/// The blocks behind the BDB's header.
const FEATURES: usize = BDB + 22;
const DEFINITIONS: usize = FEATURES + 3 + 5;
const CHILD: usize = DEFINITIONS + 3 + 5;
/// Bytes of the description of a connector in the version of the BDB that is told.
const CHILD_SIZE: usize = 33;
/// The end of the table.
const END: usize = CHILD + CHILD_SIZE;
/// Where the table's checksum is.
const CHECKSUM: usize = VBT + 26;

/// The table.
const TABLE: &[Field] = &[
    // Signature, version, size of the header, size of all of it; where the BDB is.
    (VBT, b"$VBT RGVT           "),
    (VBT + 20, &word(100)),
    (VBT + 22, &word(48)),
    (VBT + 24, &word(END - VBT)),
    (VBT + 28, &word(BDB - VBT)),
    // Signature, version, size of the header, size of all of it.
    (BDB, b"BIOS_DATA_BLOCK "),
    (BDB + 16, &word(194)),
    (BDB + 18, &word(FEATURES - BDB)),
    (BDB + 20, &word(END - BDB)),
    // Block 1, general features: digital outputs, and no analogue one.
    (FEATURES, &[1]),
    (FEATURES + 1, &word(5)),
    (FEATURES + 3 + 4, &[1 << 2]),
    // Block 2, general definitions: one connector.
    (DEFINITIONS, &[2]),
    (DEFINITIONS + 1, &word(END - DEFINITIONS - 3)),
    (DEFINITIONS + 3 + 4, &[word(CHILD_SIZE)[0]]),
    // Handle: the first external panel. DEVICE_TYPE_DP_DUAL_MODE. DVO_PORT_DPB.
    (CHILD, &word(0x0004)),
    (CHILD + 2, &word(0x60d6)),
    (CHILD + 16, &[7]),
    // It takes HDMI, on the platform's own pins, DisplayPort, with messages on DP_AUX_B, and DVI.
    (CHILD + 24, &[1 << 0 | 1 << 1 | 1 << 2]),
    (CHILD + 25, &[0x10]),
];

/// Bytes, and where they begin.
type Field = (usize, &'static [u8]);

/// A number of 16 bits.
const fn word(value: usize) -> [u8; 2] {
    let bytes = value.to_le_bytes();
    [bytes[0], bytes[1]]
}

/// The first bytes of the region; all after them are zero.
const CONTENT: [u8; END] = {
    let mut content = put(put([0; END], HEADER), TABLE);
    // All bytes of the table add up to zero.
    let mut sum: u8 = 0;
    let mut at = VBT;
    while at < END {
        sum = sum.wrapping_add(content[at]);
        at += 1;
    }
    content[CHECKSUM] = sum.wrapping_neg();
    content
};

const fn put(mut content: [u8; END], fields: &[Field]) -> [u8; END] {
    let mut field = 0;
    while field < fields.len() {
        let (start, bytes) = fields[field];
        let mut index = 0;
        while index < bytes.len() {
            content[start + index] = bytes[index];
            index += 1;
        }
        field += 1;
    }
    content
}

/// The byte at `offset`.
pub fn byte(offset: u64) -> u8 {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    CONTENT.get(offset).copied().unwrap_or(0)
}
