// SPDX-License-Identifier: GPL-2.0

//! The page of registers through which a guest's driver learns that it runs on a virtual GPU, and
//! says what it does. Source: i915_pvinfo.h, which guests of all systems rely on.

use super::addr::MmioOffset;

/// Offset of the page in BAR 0.
pub const PAGE: MmioOffset = MmioOffset::new(0x7_8000);

/// Size of the page in bytes.
pub const SIZE: u32 = 0x1000;

/// What the first 8 bytes read: "vGTvGTvG".
pub const MAGIC: u64 = 0x4776_5447_7654_4776;

/// The version that guests check: they want major 1.
pub const VERSION: (u16, u16) = (1, 0);

/// Full PPGTT is supported.
pub const CAPS_FULL_PPGTT: u32 = 1 << 2;
/// The status page may be anywhere in the GGTT.
pub const CAPS_HWSP_EMULATION: u32 = 1 << 3;
/// 64 KiB and 2 MiB pages are supported.
pub const CAPS_HUGE_GTT: u32 = 1 << 4;

/// Byte offsets within the page.
pub mod offset {
    /// [`super::MAGIC`], 8 bytes.
    pub const MAGIC: u32 = 0x000;
    /// 2 bytes.
    pub const VERSION_MAJOR: u32 = 0x008;
    /// 2 bytes.
    pub const VERSION_MINOR: u32 = 0x00a;
    /// Number of the virtual GPU.
    pub const ID: u32 = 0x00c;
    /// Bits `CAPS_*`.
    pub const CAPS: u32 = 0x010;
    /// The guest's part of the aperture: address in the GGTT, in bytes.
    pub const APERTURE_BASE: u32 = 0x040;
    /// Size in bytes.
    pub const APERTURE_SIZE: u32 = 0x044;
    /// The guest's part of the GGTT above the aperture.
    pub const HIDDEN_BASE: u32 = 0x048;
    /// Size in bytes.
    pub const HIDDEN_SIZE: u32 = 0x04c;
    /// Fence registers that the guest may use.
    pub const FENCES: u32 = 0x050;
    /// Written by the guest: 1 when it drives the display.
    pub const DISPLAY_READY: u32 = 0x804;
    /// Written by the guest: a notification, see [`super::Notification`].
    pub const NOTIFY: u32 = 0x818;
    /// Hot spot of the cursor, in pixels; all ones when unknown.
    pub const CURSOR_X_HOT: u32 = 0x830;
    /// Likewise.
    pub const CURSOR_Y_HOT: u32 = 0x834;
    /// Roots of the table that a notification is about: 4 pairs of lower and upper half.
    pub const PDP: u32 = 0x838;
    /// Descriptor of the context that a notification is about, lower half.
    pub const DESCRIPTOR_LO: u32 = 0x858;
    /// Upper half.
    pub const DESCRIPTOR_HI: u32 = 0x85c;
}

/// What the guest says by writing to [`offset::NOTIFY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notification {
    /// A 3-level table with the roots in PDP 0 to 3 begins to be used.
    CreateTable3,
    /// The guest forgets that table.
    DestroyTable3,
    /// A 4-level table with its root in PDP 0 begins to be used.
    CreateTable4,
    /// The guest forgets that table.
    DestroyTable4,
    /// The context of the descriptor begins to be used.
    CreateContext,
    /// The guest forgets that context.
    DestroyContext,
}

impl Notification {
    /// The meaning of a value, if it has one.
    pub const fn from_raw(value: u32) -> Option<Self> {
        Some(match value {
            2 => Self::CreateTable3,
            3 => Self::DestroyTable3,
            4 => Self::CreateTable4,
            5 => Self::DestroyTable4,
            6 => Self::CreateContext,
            7 => Self::DestroyContext,
            _ => return None,
        })
    }
}
