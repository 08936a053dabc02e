// SPDX-License-Identifier: GPL-2.0

//! The monitor that a guest finds: what user space wants it to be.

use kernel::prelude::*;

use super::Vgpu;
use crate::{
    host::HostGpu,
    model::{
        mmio::display::{
            edid,
            mode::{
                Mode,
                REFRESH, //
            },
            Display,
            Monitor, //
        },
        types::VgpuType, //
    },
};

/// A monitor whose best mode has so many columns and rows. EINVAL if there is no such mode.
fn monitor(width: u16, height: u16) -> Result<Monitor> {
    let mode = Mode::new(width, height, REFRESH).ok_or(EINVAL)?;

    Ok(Monitor::new(&mode))
}

/// The display of a virtual GPU of a type. It is large, and is not to be on the stack of who has it made.
#[inline(never)]
pub(super) fn display(host: &HostGpu, kind: &VgpuType) -> Result<KBox<Display>> {
    let resolution = kind.resolution;
    let monitor = monitor(resolution.width, resolution.height)?;
    let display = Display::new(host.platform(), Some(monitor))?;

    Ok(KBox::new(display, GFP_KERNEL)?)
}

impl Vgpu {
    /// Columns and rows of the best mode that its monitor has at first.
    pub(crate) fn first_mode(&self) -> (u16, u16) {
        let resolution = self.kind.resolution;
        (resolution.width, resolution.height)
    }

    /// Columns and rows of the largest mode that its monitor may have.
    pub(crate) fn largest_mode(&self) -> (u16, u16) {
        let largest = self.kind.largest;
        (largest.width, largest.height)
    }

    /// How a monitor describes itself whose best mode has so many columns and rows. EINVAL if there is no such
    /// mode.
    pub(crate) fn edid(&self, width: u16, height: u16) -> Result<[u8; edid::SIZE]> {
        Ok(*monitor(width, height)?.edid())
    }

    /// Columns and rows of the best mode of a monitor that describes itself like this.
    pub(crate) fn best_mode(edid: &[u8; edid::SIZE]) -> Option<(u16, u16)> {
        edid::best(edid)
    }

    /// Plugs in a monitor that describes itself like this, or none; the guest is told. EINVAL if this is not
    /// an EDID of one block, or its best mode is larger than the type's largest.
    pub(crate) fn plug(&self, edid: Option<[u8; edid::SIZE]>) -> Result {
        let most = self.largest_mode();
        if let Some(edid) = &edid {
            let (width, height) = edid::best(edid).ok_or(EINVAL)?;
            if width > most.0 || height > most.1 {
                return Err(EINVAL);
            }
        }

        let mut state = self.state.lock();
        let (display, cells) = state.registers.display();
        let source = display.plug(cells, edid.map(Monitor::with_edid));
        let line = state.irq.set_level(source, edid.is_some());
        state.signal(line, &self.interrupts);
        let line = state.irq.fire(source);
        state.signal(line, &self.interrupts);
        Ok(())
    }
}
