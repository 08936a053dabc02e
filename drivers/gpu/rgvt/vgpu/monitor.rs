// SPDX-License-Identifier: GPL-2.0

//! The monitor that a guest finds: what user space wants it to be.

use kernel::prelude::*;

use super::Vgpu;
use crate::{
    host::HostGpu,
    model::{
        mmio::display::{
            edid,
            mode::Mode,
            Display,
            Monitor, //
        },
        types::VgpuType, //
    },
};

/// Frames in a second that a guest's monitor shows.
const REFRESH: u8 = 60;

/// The monitor of a type: its best mode is the type's largest.
fn usual(kind: &VgpuType) -> Result<Monitor> {
    let resolution = kind.resolution;
    let mode = Mode::new(resolution.width, resolution.height, REFRESH).ok_or(EINVAL)?;

    Ok(Monitor::new(&mode))
}

/// The display of a virtual GPU of a type. It is large, and is not to be on the stack of who has it made.
#[inline(never)]
pub(super) fn display(host: &HostGpu, kind: &VgpuType) -> Result<KBox<Display>> {
    let display = Display::new(host.platform(), Some(usual(kind)?))?;

    Ok(KBox::new(display, GFP_KERNEL)?)
}

impl Vgpu {
    /// Columns and rows of the largest mode that its monitor may have.
    pub(crate) fn largest_mode(&self) -> (u16, u16) {
        let resolution = self.kind.resolution;
        (resolution.width, resolution.height)
    }

    /// How the monitor of its type describes itself.
    pub(crate) fn usual_edid(&self) -> Result<[u8; edid::SIZE]> {
        Ok(*usual(&self.kind)?.edid())
    }

    /// Plugs in a monitor that describes itself like this, or none; the guest is told. EINVAL if this is not
    /// an EDID of one block, or its best mode is larger than the type's.
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
