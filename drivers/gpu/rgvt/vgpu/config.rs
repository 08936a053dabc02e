// SPDX-License-Identifier: GPL-2.0

//! Accesses to the configuration space.

use kernel::prelude::*;

use super::Vgpu;
use crate::model::cfg::Changes;

impl Vgpu {
    /// Reads 1, 2 or 4 bytes at `offset`. EINVAL if the access has another shape or is past the end.
    pub(crate) fn config_read(&self, offset: u16, size: usize) -> Result<u32> {
        self.exits.config_reads.count();
        let state = self.state.lock();
        state.config.read(offset, size).map_err(|_| EINVAL)
    }

    /// Writes the lowest `size` bytes of `value`; likewise.
    pub(crate) fn config_write(&self, offset: u16, size: usize, value: u32) -> Result {
        self.exits.config_writes.count();
        let mut state = self.state.lock();
        let changes = state.config.write(offset, size, value);
        // A power state changes nothing here: drivers restore registers when they come back from D3hot,
        // and rely on the GGTT, which is in memory, to be as they left it.
        let Changes { msi, intx, .. } = changes.map_err(|_| EINVAL)?;

        if msi.is_some() || intx.is_some() {
            // A line that is up now shows in the other way.
            let shown = state.irq.line() && state.config.intx();
            self.interrupts.set_level(shown);
            if msi == Some(true) && state.irq.line() {
                self.interrupts.message();
            }
        }
        Ok(())
    }
}
