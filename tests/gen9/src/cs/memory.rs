// SPDX-License-Identifier: GPL-2.0

//! The streamer's way to memory: translation, the witness, and the bus, in one place.

use vm_memory::AtomicAccess;

use crate::addr::{Access, Dma, Gma, PAGE_SIZE, Space};
use crate::engine::EngineId;
use crate::gpu::Gpu;
use crate::ppgtt::Ppgtt;

/// Translations kept; a power of two.
const SLOTS: usize = 16;

/// A translation of one 4 KiB page.
#[derive(Clone, Copy)]
struct Slot {
    /// Page number in the PPGTT; `u64::MAX` when the slot is empty.
    page: u64,
    at: Dma,
    writable: bool,
}

const EMPTY: Slot = Slot {
    page: u64::MAX,
    at: Dma(0),
    writable: false,
};

/// Memory as one context sees it from one engine.
pub struct Memory<'g> {
    gpu: &'g Gpu,
    engine: EngineId,
    vm: Ppgtt,
    slots: [Slot; SLOTS],
    written: bool,
}

impl<'g> Memory<'g> {
    pub fn new(gpu: &'g Gpu, engine: EngineId, vm: Ppgtt) -> Self {
        Self {
            gpu,
            engine,
            vm,
            slots: [EMPTY; SLOTS],
            written: false,
        }
    }

    /// Forgets what was translated, since page tables may have changed.
    pub fn invalidate(&mut self) {
        self.slots = [EMPTY; SLOTS];
    }

    /// Whether anything was written since the last call.
    pub fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.written)
    }

    /// Where the `len` bytes at `at` lie, which must not leave a page. The witness hears of the
    /// access. `None` for an invalid entry, and for a write to a read-only page, which the
    /// hardware drops.
    fn locate(&mut self, at: Gma, access: Access, len: u32) -> Option<Dma> {
        let found = match at.space {
            // CAST: GGTT addresses have 32 bits; the hardware ignores the others.
            Space::Global => self.gpu.ggtt.translate(u64::from(at.addr as u32)),
            Space::PerProcess => {
                let addr = self.vm.address(at.addr);
                let slot = self.slot(addr);
                match slot {
                    Some(slot) if access == Access::Write && !slot.writable => {
                        self.gpu.witness.note("write to a read-only page dropped");
                        return None;
                    }
                    slot => slot.map(|s| s.at.offset(addr % PAGE_SIZE)),
                }
            }
        };
        match found {
            Some(dma) => self.gpu.witness.access(self.engine, at, dma, access, len),
            None => self.gpu.witness.invalid(self.engine, at, access),
        }
        found
    }

    fn slot(&mut self, addr: u64) -> Option<Slot> {
        let page = addr / PAGE_SIZE;
        let index = page as usize % SLOTS;
        if self.slots[index].page != page {
            let place = self.vm.walk(&self.gpu.ram, page * PAGE_SIZE)?;
            self.slots[index] = Slot {
                page,
                at: place.at,
                writable: place.writable,
            };
        }
        Some(self.slots[index])
    }

    fn bus_error(&self, at: Gma, access: Access) {
        self.gpu.witness.invalid(self.engine, at, access);
    }

    fn load<T: AtomicAccess + Default>(&mut self, at: Gma) -> T {
        let len = size_of::<T>() as u32;
        let Some(dma) = self.locate(at, Access::Read, len) else {
            return T::default();
        };
        self.gpu.ram.load(dma).unwrap_or_else(|_| {
            self.bus_error(at, Access::Read);
            T::default()
        })
    }

    fn store<T: AtomicAccess>(&mut self, at: Gma, value: T) {
        let len = size_of::<T>() as u32;
        if let Some(dma) = self.locate(at, Access::Write, len) {
            self.written = true;
            if self.gpu.ram.store(dma, value).is_err() {
                self.bus_error(at, Access::Write);
            }
        }
    }

    /// The dword at `at`, of which bits 1:0 are ignored. Zero when it cannot be read.
    pub fn load_dword(&mut self, at: Gma) -> u32 {
        self.load(align(at))
    }

    /// Stores a dword at `at`, of which bits 1:0 are ignored.
    pub fn store_dword(&mut self, at: Gma, value: u32) {
        self.store(align(at), value);
    }

    /// The qword at `at`; in one access when it is aligned.
    pub fn load_qword(&mut self, at: Gma) -> u64 {
        let at = align(at);
        if at.addr % 8 == 0 {
            return self.load(at);
        }
        u64::from(self.load_dword(at)) | u64::from(self.load_dword(at.offset(4))) << 32
    }

    /// Stores a qword at `at`; in one access when it is aligned.
    pub fn store_qword(&mut self, at: Gma, value: u64) {
        let at = align(at);
        if at.addr % 8 == 0 {
            self.store(at, value);
        } else {
            self.store_dword(at, value as u32);
            self.store_dword(at.offset(4), (value >> 32) as u32);
        }
    }

    /// Replaces a dword by what `f` makes of it, as one step for everyone; returns the old one.
    pub fn update_dword(&mut self, at: Gma, f: impl FnMut(u32) -> u32) -> u32 {
        let at = align(at);
        let Some(dma) = self.locate(at, Access::Write, 4) else {
            return 0;
        };
        self.written = true;
        self.gpu.ram.update32(dma, f).unwrap_or_else(|_| {
            self.bus_error(at, Access::Write);
            0
        })
    }

    /// Like [`Self::update_dword`] for an aligned qword.
    pub fn update_qword(&mut self, at: Gma, f: impl FnMut(u64) -> u64) -> u64 {
        let at = Gma {
            addr: at.addr & !7,
            ..at
        };
        let Some(dma) = self.locate(at, Access::Write, 8) else {
            return 0;
        };
        self.written = true;
        self.gpu.ram.update64(dma, f).unwrap_or_else(|_| {
            self.bus_error(at, Access::Write);
            0
        })
    }

    /// The 64 bytes at `at`, which is a multiple of 64, as dwords; `None` when they cannot be read.
    pub fn line(&mut self, at: Gma) -> Option<[u32; 16]> {
        let dma = self.locate(at, Access::Read, 64)?;
        let mut bytes = [0; 64];
        if self.gpu.ram.read(dma, &mut bytes).is_err() {
            self.bus_error(at, Access::Read);
            return None;
        }
        let mut dwords = [0; 16];
        for (dword, bytes) in dwords.iter_mut().zip(bytes.chunks_exact(4)) {
            *dword = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        Some(dwords)
    }

    /// Copies memory into `buf`, page after page. What cannot be read is zero.
    pub fn read(&mut self, at: Gma, buf: &mut [u8]) {
        let mut done = 0;
        while done < buf.len() {
            let here = at.offset(done as u64);
            let part = &mut buf[done..];
            let len = part.len().min(left_of_page(here));
            let part = &mut part[..len];
            match self.locate(here, Access::Read, len as u32) {
                Some(dma) if self.gpu.ram.read(dma, part).is_ok() => {}
                found => {
                    part.fill(0);
                    if found.is_some() {
                        self.bus_error(here, Access::Read);
                    }
                }
            }
            done += len;
        }
    }

    /// Copies `buf` to memory, page after page.
    pub fn write(&mut self, at: Gma, buf: &[u8]) {
        self.written = true;
        let mut done = 0;
        while done < buf.len() {
            let here = at.offset(done as u64);
            let len = (buf.len() - done).min(left_of_page(here));
            if let Some(dma) = self.locate(here, Access::Write, len as u32) {
                if self.gpu.ram.write(dma, &buf[done..done + len]).is_err() {
                    self.bus_error(here, Access::Write);
                }
            }
            done += len;
        }
    }
}

fn align(at: Gma) -> Gma {
    Gma {
        addr: at.addr & !3,
        ..at
    }
}

fn left_of_page(at: Gma) -> usize {
    (PAGE_SIZE - at.addr % PAGE_SIZE) as usize
}
