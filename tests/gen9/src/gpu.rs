// SPDX-License-Identifier: GPL-2.0

//! The device: its units, and the way of one register access through them.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Context as _;

use crate::addr::Access;
use crate::clock::Clock;
use crate::display::{self, Monitor};
use crate::engine::Engines;
use crate::ggtt::{self, Ggtt};
use crate::gt::{self, Interrupts};
use crate::platform::Platform;
use crate::ram::Ram;
use crate::regs::{Block, Map, Policy, RegFile};
use crate::shared::Shared;
use crate::witness::Witness;

/// What the user chose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The device to be.
    pub platform: &'static Platform,
    /// What is plugged into the first digital port.
    pub monitor: Monitor,
    /// GPU clock in MHz that commands are charged at.
    pub clock_mhz: u32,
}

/// The device. Shared by the thread that serves the client and one thread for each engine.
pub struct Gpu {
    /// Facts of the device it is.
    pub platform: &'static Platform,
    /// Memory reached by DMA.
    pub ram: Ram,
    /// Stored values of the registers.
    pub regs: RegFile,
    /// Global graphics translation table.
    pub ggtt: Ggtt,
    /// Interrupt hierarchy.
    pub irq: Arc<Interrupts>,
    /// Command streamers.
    pub engines: Arc<Engines>,
    /// GPU time.
    pub clock: Clock,
    /// Counts, grants and injected faults.
    pub witness: Witness,
    bar0: Arc<Shared>,
    blocks: Vec<Arc<dyn Block>>,
    map: Map,
}

impl Gpu {
    /// Builds the device and starts its engines, which wait for work.
    ///
    /// # Errors
    /// When memory or threads cannot be had, or two blocks declare one register.
    pub fn new(options: &Options) -> anyhow::Result<Arc<Self>> {
        let platform = options.platform;
        let bar0 = Arc::new(
            Shared::new(c"gen9-bar0", (ggtt::BAR0_OFFSET + ggtt::SIZE) as usize)
                .context("cannot allocate BAR0")?,
        );
        let irq = Arc::new(Interrupts::new());
        let engines = Arc::new(Engines::new());
        let mut blocks: Vec<Arc<dyn Block>> = vec![irq.clone(), engines.clone()];
        blocks.extend(gt::blocks());
        blocks.extend(display::blocks(options.monitor));
        let spans = blocks
            .iter()
            .enumerate()
            .flat_map(|(owner, b)| b.spans(platform).into_iter().map(move |s| (s, owner)))
            .collect();
        let gpu = Arc::new(Self {
            platform,
            ram: Ram::default(),
            regs: RegFile::new(bar0.clone()),
            ggtt: Ggtt::new(bar0.clone()),
            irq,
            engines,
            clock: Clock::new(platform.timestamp_hz, options.clock_mhz),
            witness: Witness::new(),
            bar0,
            blocks,
            map: Map::new(spans)?,
        });
        gpu.reset();
        for block in &gpu.blocks {
            block.start(&gpu).context("cannot start a unit's thread")?;
        }
        Engines::start(&gpu).context("cannot start the engines' threads")?;
        Ok(gpu)
    }

    /// Memory behind BAR0: registers, then the GGTT at [`ggtt::BAR0_OFFSET`].
    pub fn bar0(&self) -> &Shared {
        &self.bar0
    }

    /// Runs of register pages that a client may map, as byte ranges of BAR0.
    pub fn plain_pages(&self) -> Vec<Range<u64>> {
        self.map.plain_pages()
    }

    /// Back to power-on: engines stop, registers take their reset values. The GGTT keeps its
    /// content, as it does on hardware across a function-level reset.
    pub fn reset(&self) {
        self.engines.stop_all(self);
        self.regs.clear();
        for span in self.map.spans() {
            for k in 0..span.count {
                self.regs.set(span.first + 4 * k, span.reset);
            }
        }
        for block in &self.blocks {
            block.reset(self);
        }
    }

    /// A read of the register at `offset` by the machine.
    pub fn mmio_read(&self, offset: u32) -> u32 {
        self.witness.register(offset, Access::Read);
        self.register_read(offset)
    }

    /// A write of the register at `offset` by the machine.
    pub fn mmio_write(&self, offset: u32, value: u32) {
        self.witness.register(offset, Access::Write);
        self.register_write(offset, value);
    }

    /// A read of a register by the device itself, as for a command.
    pub fn register_read(&self, offset: u32) -> u32 {
        if let Some(value) = self.witness.stuck_register(offset) {
            return value;
        }
        match self.map.get(offset) {
            Some((Policy::Handled, owner)) => self.blocks[owner].read(self, offset),
            _ => self.regs.get(offset),
        }
    }

    /// A write to a register by the device itself, as for a command.
    pub fn register_write(&self, offset: u32, value: u32) {
        match self.map.get(offset) {
            None | Some((Policy::Plain, _)) => self.regs.set(offset, value),
            Some((Policy::Const, _)) => {}
            Some((Policy::Masked, _)) => self.regs.set_masked(offset, value),
            Some((Policy::WriteOneClear, _)) => {
                self.regs.update(offset, |old| old & !value);
            }
            Some((Policy::SelfClear(bits), _)) => self.regs.set(offset, value & !bits),
            Some((Policy::Handled, owner)) => self.blocks[owner].write(self, offset, value),
        }
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        self.engines.quit();
    }
}
