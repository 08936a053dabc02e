// SPDX-License-Identifier: GPL-2.0

//! PCI configuration space of a virtual GPU.
//!
//! It is made from little more than the device's identity, not copied from the host's: what the guest
//! finds is what is emulated, and nothing of the host shows. All that is not writable by the table
//! below reads as it was made.

use crate::hw::{
    addr::{Bytes, GuestPhys},
    pci::{
        ASLS, BAR0, BAR0_SIZE, BAR2, BAR_MEMORY_64, BAR_PREFETCH, CAPABILITIES, CLASS, CLASS_VGA,
        COMMAND, COMMAND_INTX_DISABLE, COMMAND_IO, COMMAND_MASTER, COMMAND_MEMORY, GGC,
        GGC_GGTT_8M, ID, INTERRUPT, INTERRUPT_PIN_A, MSI, MSI_ADDRESS, MSI_DATA, MSI_ENABLE,
        MSI_ID, PM, PM_CAPABILITIES, PM_CONTROL, PM_ID, PM_STATE, STATUS_CAPABILITIES, STATUS_INTX,
        SUBSYSTEM, SWSCI, SWSCI_SELECT, SWSCI_TRIGGER, VENDOR,
    },
};

/// Size of the space in bytes: conventional PCI, since no extended capability is offered.
pub const SIZE: u16 = 256;

const DWORDS: usize = 64;

/// What the guest's driver recognises the GPU by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// PCI device ID.
    pub device: u16,
    /// PCI revision.
    pub revision: u8,
    /// Vendor of the subsystem.
    pub subsystem_vendor: u16,
    /// Number that this vendor gave it.
    pub subsystem: u16,
    /// Size of the host's aperture, a power of two from 1 MiB to 4 GiB: the guest's BAR 2 spans all
    /// of it, although only the guest's part is there.
    pub aperture: Bytes,
}

/// The power states that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Full power.
    D0,
    /// Asleep. Nothing is lost: drivers restore registers when they come back, and rely on the GGTT.
    D3hot,
}

/// What a write changed, with the value from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Changes {
    /// Whether the memory BARs answer.
    pub memory: Option<bool>,
    /// Whether interrupts may be sent as messages.
    pub msi: Option<bool>,
    /// Whether INTx may be asserted.
    pub intx: Option<bool>,
    /// The power state.
    pub power: Option<Power>,
    /// Where the guest wants the OpRegion.
    pub opregion: Option<GuestPhys>,
    /// The guest calls its firmware; the orders are in the OpRegion.
    pub call: bool,
}

/// The access is not 1, 2 or 4 bytes, not aligned to its size, or past the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadShape;

/// The configuration space of one virtual GPU.
#[derive(Clone, Debug)]
pub struct ConfigSpace {
    dwords: [u32; DWORDS],
    identity: Identity,
}

impl ConfigSpace {
    /// The space after power-on. `None` if the size of the aperture is none that a BAR can have.
    pub fn new(identity: Identity) -> Option<Self> {
        let aperture = identity.aperture.get();
        if !aperture.is_power_of_two() || !(1 << 20..=1 << 32).contains(&aperture) {
            return None;
        }
        let mut space = Self {
            dwords: [0; DWORDS],
            identity,
        };
        space.reset();
        Some(space)
    }

    /// Back to the state after power-on, as a reset of the function does.
    pub fn reset(&mut self) {
        let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        let Identity {
            device,
            revision,
            subsystem_vendor,
            subsystem,
            ..
        } = self.identity;
        let initial = [
            (ID, pair(VENDOR, device)),
            (COMMAND, STATUS_CAPABILITIES),
            (CLASS, CLASS_VGA | u32::from(revision)),
            (BAR0, BAR_MEMORY_64),
            (BAR2, BAR_MEMORY_64 | BAR_PREFETCH),
            (SUBSYSTEM, pair(subsystem_vendor, subsystem)),
            (CAPABILITIES, u32::from(MSI)),
            (INTERRUPT, INTERRUPT_PIN_A),
            // No stolen memory.
            (GGC, GGC_GGTT_8M),
            (MSI, MSI_ID | u32::from(PM) << 8),
            (PM, PM_ID | PM_CAPABILITIES),
        ];
        self.dwords = [0; DWORDS];
        for (offset, value) in initial {
            self.set(offset, value);
        }
    }

    /// Whether the memory BARs answer.
    pub fn memory(&self) -> bool {
        self.get(COMMAND) & COMMAND_MEMORY != 0
    }

    /// Whether interrupts may be sent as messages: MSI is on, and so is bus mastering.
    pub fn msi(&self) -> bool {
        self.get(MSI) & MSI_ENABLE != 0 && self.get(COMMAND) & COMMAND_MASTER != 0
    }

    /// Whether INTx may be asserted: it is not disabled, and MSI is not in its place.
    pub fn intx(&self) -> bool {
        self.get(COMMAND) & COMMAND_INTX_DISABLE == 0 && self.get(MSI) & MSI_ENABLE == 0
    }

    /// The power state.
    pub fn power(&self) -> Power {
        if self.get(PM_CONTROL) & PM_STATE == 0 {
            Power::D0
        } else {
            Power::D3hot
        }
    }

    /// Where the guest wants the OpRegion; 0 until it says.
    pub fn opregion(&self) -> GuestPhys {
        GuestPhys::new(u64::from(self.get(ASLS)))
    }

    /// Shows in the status register whether an interrupt is pending on INTx.
    pub fn set_interrupt(&mut self, pending: bool) {
        let others = self.get(COMMAND) & !STATUS_INTX;
        self.set(
            COMMAND,
            if pending {
                others | STATUS_INTX
            } else {
                others
            },
        );
    }

    /// Reads `size` bytes at `offset`; the bytes above `size` are zero.
    pub fn read(&self, offset: u16, size: usize) -> Result<u32, BadShape> {
        let lanes = Lanes::of(offset, size)?;
        Ok((self.get(lanes.dword) & lanes.mask) >> lanes.shift)
    }

    /// A guest's write of the lowest `size` bytes of `value` at `offset`.
    pub fn write(&mut self, offset: u16, size: usize, value: u32) -> Result<Changes, BadShape> {
        let lanes = Lanes::of(offset, size)?;
        let before = self.clone();
        // The shift is 0, 8, 16 or 24: what leaves the dword at the top is above `size`.
        let written = value.wrapping_shl(lanes.shift) & lanes.mask;
        let writable = self.writable(lanes.dword) & lanes.mask;
        let old = self.get(lanes.dword);
        let new = old & !writable | written & writable;
        // The power states in between are not offered; writing one is to have no effect.
        if lanes.dword != PM_CONTROL || matches!(new & PM_STATE, 0 | PM_STATE) {
            self.set(lanes.dword, new);
        }

        fn changed<T: PartialEq>(old: T, new: T) -> Option<T> {
            (old != new).then_some(new)
        }
        Ok(Changes {
            memory: changed(before.memory(), self.memory()),
            msi: changed(before.msi(), self.msi()),
            intx: changed(before.intx(), self.intx()),
            power: changed(before.power(), self.power()),
            opregion: changed(before.opregion(), self.opregion()),
            call: lanes.dword == SWSCI && written & SWSCI_TRIGGER != 0,
        })
    }

    /// Bits of a dword that a guest can change. A BAR's size shows in the address bits that it
    /// cannot.
    fn writable(&self, offset: u8) -> u32 {
        const BAR0_HIGH: u8 = BAR0 + 4;
        const BAR2_HIGH: u8 = BAR2 + 4;
        let address = |size: u64| halves(size.wrapping_neg());
        match offset {
            COMMAND => COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE,
            BAR0 => address(BAR0_SIZE).0,
            BAR0_HIGH => address(BAR0_SIZE).1,
            BAR2 => address(self.identity.aperture.get()).0,
            BAR2_HIGH => address(self.identity.aperture.get()).1,
            INTERRUPT => 0xff,
            MSI => MSI_ENABLE,
            MSI_ADDRESS => 0xffff_fffc,
            MSI_DATA => 0xffff,
            PM_CONTROL => PM_STATE,
            SWSCI => SWSCI_SELECT,
            ASLS => u32::MAX,
            _ => 0,
        }
    }

    fn get(&self, offset: u8) -> u32 {
        let dword = usize::from(offset >> 2);
        self.dwords.get(dword).copied().unwrap_or(0)
    }

    fn set(&mut self, offset: u8, value: u32) {
        let dword = usize::from(offset >> 2);
        if let Some(place) = self.dwords.get_mut(dword) {
            *place = value;
        }
    }
}

/// The part of a dword that an access is about.
struct Lanes {
    dword: u8,
    shift: u32,
    mask: u32,
}

impl Lanes {
    fn of(offset: u16, size: usize) -> Result<Self, BadShape> {
        let offset = u8::try_from(offset).map_err(|_| BadShape)?;
        let within = offset & 3;
        let bytes = match (size, within) {
            (1, _) => 0xff,
            (2, 0 | 2) => 0xffff,
            (4, 0) => u32::MAX,
            _ => return Err(BadShape),
        };
        let shift = u32::from(within) << 3;
        Ok(Self {
            dword: offset & !3,
            shift,
            mask: bytes.wrapping_shl(shift),
        })
    }
}

/// The lower and the upper half.
fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    )
}
