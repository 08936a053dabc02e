// SPDX-License-Identifier: GPL-2.0

//! The PCI device: the GPU behind its BARs, configuration space and interrupts.

use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, Weak};

use vmm_sys_util::errno::Error as Errno;

use super::dma::{MapRequest, UnmapRequest, Windows};
use super::ioport::Ports;
use super::irq::{Kind, Line, SetRequest};
use super::pci::Config;
use super::proto::{Fields, Header, MAX_DATA, Reply, invalid};
use super::regions::{self, Region};
use super::{ApertureSize, aperture, registers};
use crate::gpu::Gpu;

/// How the device is on the bus.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Every access of a BAR is a message, so that the witness counts them all; else the client maps what has no
    /// side effects.
    pub trap_all: bool,
    /// Size of BAR2.
    pub aperture: ApertureSize,
}

/// The device as its client sees it.
pub struct Device {
    gpu: Arc<Gpu>,
    config: Config,
    ports: Ports,
    windows: Windows,
    line: Arc<Line>,
    mappable: Vec<Range<u64>>,
    aperture: ApertureSize,
}

impl Device {
    /// Puts `gpu` on the bus.
    pub fn new(gpu: Arc<Gpu>, setup: Setup) -> Self {
        let line = Arc::new(Line::default());
        let (end, owner) = (Arc::clone(&line), Arc::downgrade(&gpu));
        gpu.irq
            .set_line(Box::new(move |level| count(&owner, end.set_level(level))));
        Self {
            config: Config::new(gpu.platform, setup.aperture),
            ports: Ports::default(),
            windows: Windows::default(),
            line,
            mappable: if setup.trap_all {
                Vec::new()
            } else {
                regions::mappable(&gpu)
            },
            aperture: setup.aperture,
            gpu,
        }
    }

    /// Back to power-on, as by a function-level reset. What the client has set up for memory and
    /// interrupts stays.
    pub fn reset(&mut self) {
        self.gpu.reset();
        self.config.reset();
        self.ports = Ports::default();
        self.count(self.line.set_intx_disabled(false));
    }

    /// The client has gone: nothing of it may be used any more.
    pub fn release(&mut self) {
        self.reset();
        self.windows.clear(&self.gpu.ram);
        self.line.release();
    }

    /// Answers what the client asks about a region.
    ///
    /// # Errors
    /// As [`regions::info`].
    pub fn region_info(&self, to: &Header, fields: &mut Fields<'_>) -> Result<Reply, Errno> {
        regions::info(to, fields, &self.gpu, &self.mappable, self.aperture)
    }

    /// Reads `buf.len()` bytes of a region.
    ///
    /// # Errors
    /// `EINVAL` when any byte lies outside.
    pub fn read(&self, region: u32, offset: u64, buf: &mut [u8]) -> Result<(), Errno> {
        match self.inside(region, offset, buf.len())? {
            Region::Registers => registers::read(&self.gpu, offset, buf),
            Region::Aperture => aperture::read(&self.gpu, offset, buf),
            Region::Ports => self.ports.read(&self.gpu, offset, buf),
            Region::Config => self.config.read(offset as usize, buf, self.line.level()),
        }
        Ok(())
    }

    /// Writes `data` to a region.
    ///
    /// # Errors
    /// `EINVAL` when any byte lies outside.
    pub fn write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), Errno> {
        match self.inside(region, offset, data.len())? {
            Region::Registers => registers::write(&self.gpu, offset, data),
            Region::Aperture => aperture::write(&self.gpu, offset, data),
            Region::Ports => self.ports.write(&self.gpu, offset, data),
            Region::Config => {
                if self.config.write(offset as usize, data).reset {
                    self.reset();
                } else {
                    let disabled = self.config.intx_disabled();
                    self.count(self.line.set_intx_disabled(disabled));
                }
            }
        }
        Ok(())
    }

    /// Changes the delivery of interrupts.
    pub fn set_irqs(&self, request: SetRequest) {
        self.count(self.line.apply(request));
    }

    /// Makes memory visible to the device.
    ///
    /// # Errors
    /// As [`Windows::map`].
    pub fn dma_map(&mut self, request: &MapRequest, file: Option<File>) -> Result<(), Errno> {
        self.windows.map(&self.gpu.ram, request, file)
    }

    /// Takes memory away from the device.
    ///
    /// # Errors
    /// As [`Windows::unmap`].
    pub fn dma_unmap(&mut self, request: &UnmapRequest) -> Result<(), Errno> {
        self.windows.unmap(&self.gpu.ram, request)
    }

    /// The region, if all `count` bytes at `offset` are in it and they are not too many.
    fn inside(&self, region: u32, offset: u64, count: usize) -> Result<Region, Errno> {
        let region = Region::from_index(region)?.ok_or_else(invalid)?;
        let fits = offset
            .checked_add(count as u64)
            .is_some_and(|end| end <= region.size(self.aperture));
        if fits && count <= MAX_DATA {
            Ok(region)
        } else {
            Err(invalid())
        }
    }

    fn count(&self, delivered: Option<Kind>) {
        if let Some(kind) = delivered {
            self.gpu.witness.interrupt(kind.name());
        }
    }
}

/// Counts an interrupt that the GPU itself raised.
fn count(gpu: &Weak<Gpu>, delivered: Option<Kind>) {
    if let (Some(kind), Some(gpu)) = (delivered, gpu.upgrade()) {
        gpu.witness.interrupt(kind.name());
    }
}
