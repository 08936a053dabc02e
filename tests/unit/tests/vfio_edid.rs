// SPDX-License-Identifier: GPL-2.0

//! The region through which user space changes a guest's monitor.

use proptest::prelude::*;
use unit::vfio::edid::{Change, EdidRegion, BLOCK, SIZE};

const MOST: (u16, u16) = (1920, 1200);

fn region() -> EdidRegion {
    EdidRegion::new([7; BLOCK], MOST)
}

fn member(region: &EdidRegion, offset: u64) -> u32 {
    u32::from_le_bytes([0, 1, 2, 3].map(|byte| region.byte(offset + byte)))
}

fn write(region: &mut EdidRegion, offset: u64, value: u32) -> Option<Option<Change>> {
    region.write(offset, &value.to_le_bytes()).ok()
}

#[test]
fn what_it_says_at_first() {
    let region = region();
    let members = [0, 4, 8, 12, 16, 20].map(|offset| member(&region, offset));
    assert_eq!(members, [128, 128, 128, 1920, 1200, 1]);
    for offset in 0..SIZE + 8 {
        let wanted = match offset {
            0..24 => continue,
            128..256 => 7,
            _ => 0,
        };
        assert_eq!(region.byte(offset), wanted, "{offset}");
    }
    assert_eq!(region.byte(u64::MAX), 0);
}

// As QEMU does it.
#[test]
fn another_monitor_is_plugged_in() {
    let mut region = region();
    assert_eq!(write(&mut region, 20, 2), Some(Some(Change::Unplug)));
    region.done(Change::Unplug);
    assert_eq!(member(&region, 20), 2);
    assert_eq!(write(&mut region, 8, 128), Some(None));
    let mut edid = [0; BLOCK];
    for (index, piece) in edid.chunks_mut(4).enumerate() {
        piece.copy_from_slice(&(index as u32).to_le_bytes());
        assert_eq!(region.write(128 + 4 * index as u64, piece).unwrap(), None);
    }
    let change = Change::Plug(edid);
    assert_eq!(write(&mut region, 20, 1), Some(Some(change)));
    // It was refused: the link stays down.
    assert_eq!(member(&region, 20), 2);
    region.done(change);
    assert_eq!(member(&region, 20), 1);
}

#[test]
fn what_cannot_be_written() {
    for (offset, value) in [
        (0, 128),
        (4, 256),
        (12, 1),
        (16, 1),
        (8, 129),
        (8, u32::MAX),
        (20, 0),
        (20, 3),
        (24, 0),
        (124, 0),
        (SIZE, 0),
        (SIZE - 2, 0),
        (u64::MAX, 0),
    ] {
        assert_eq!(write(&mut region(), offset, value), None, "{offset}");
    }
    // A part of a member.
    assert!(region().write(20, &[1, 0]).is_err());
    // A monitor without an EDID.
    let mut region = region();
    assert_eq!(write(&mut region, 8, 0), Some(None));
    assert_eq!(write(&mut region, 20, 1), None);
}

proptest! {
    #[test]
    fn any_writes(writes in prop::collection::vec((0..SIZE + 4, any::<[u8; 4]>(), 1_usize..=4), 0..100)) {
        let mut region = region();
        for (offset, bytes, count) in writes {
            if let Ok(Some(change)) = region.write(offset, &bytes[..count]) {
                region.done(change);
            }
            prop_assert_eq!(member(&region, 0), 128);
            prop_assert_eq!(member(&region, 4), 128);
            prop_assert!(member(&region, 8) <= 128);
            prop_assert!([1, 2].contains(&member(&region, 20)));
        }
    }
}
