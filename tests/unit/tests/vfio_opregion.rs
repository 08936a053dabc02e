// SPDX-License-Identifier: GPL-2.0

//! The OpRegion, read as a driver reads it.

use unit::vfio::opregion::{byte, SIZE};

fn bytes(start: usize, count: usize) -> Vec<u8> {
    (start..start + count).map(|at| byte(at as u64)).collect()
}

fn word(at: usize) -> usize {
    usize::from(byte(at as u64)) | usize::from(byte(at as u64 + 1)) << 8
}

#[test]
fn the_header() {
    assert_eq!(bytes(0, 16), b"IntelGraphicsMem");
    assert_eq!(word(16), SIZE as usize >> 10);
    // Version 2.0: the table is in the region.
    assert_eq!(bytes(20, 4), [0, 0, 0, 2]);
    // The video BIOS's table is the only mailbox.
    assert_eq!(bytes(88, 4), [1 << 3, 0, 0, 0]);
    assert_eq!(byte(SIZE), 0);
    assert_eq!(byte(u64::MAX), 0);
}

#[test]
fn one_connector_at_port_b() {
    let vbt = 0x400;
    assert_eq!(bytes(vbt, 4), b"$VBT");
    let size = word(vbt + 24);
    assert!(vbt + size <= 0x1c00);
    let sum = bytes(vbt, size)
        .iter()
        .fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    assert_eq!(sum, 0);
    let bdb = vbt + word(vbt + 28);
    assert_eq!(bytes(bdb, 16), b"BIOS_DATA_BLOCK ");
    let end = bdb + word(bdb + 20);
    assert_eq!(end, vbt + size);

    // Blocks: number, size, content.
    let mut blocks = Vec::new();
    let mut at = bdb + word(bdb + 18);
    while at < end {
        let length = word(at + 1);
        blocks.push((byte(at as u64), bytes(at + 3, length)));
        at += 3 + length;
    }
    assert_eq!(at, end);
    let [(1, features), (2, definitions)] = &blocks[..] else {
        panic!("{blocks:?}");
    };
    assert_eq!(features.len(), 5);
    let (general, children) = definitions.split_at(5);
    // Versions 111 to 194 of the table have 33 bytes for each connector.
    assert!((111..195).contains(&word(bdb + 16)));
    assert_eq!(general[4], 33);
    assert_eq!(children.len(), 33);
    assert_eq!(children[2..4], [0xd6, 0x60], "DisplayPort, dual mode");
    assert_eq!(children[19], 0, "the platform's own pins of port B");
    assert_eq!(children[24], 7, "HDMI, DisplayPort and DVI");
    assert_eq!(children[16], 7, "port B");
    assert_eq!(children[25], 0x10, "AUX channel B");
}
