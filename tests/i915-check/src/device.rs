// SPDX-License-Identifier: GPL-2.0
//! An open i915 device, its contexts and its buffers.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use crate::batch::Batch;
use crate::engine::{Engine, Generation};
use crate::mapping::Mapping;
use crate::uapi::{self, ContextParam, Domain, ExecObject, MapMode, PAGE, Param};

/// Where buffers start unless a check places them: above 4 GiB, so that 48-bit paths are used.
const FIRST_ADDRESS: u64 = 1 << 32;
/// Buffers lie this far apart at least, so that a large one can use 2 MiB entries.
const STRIDE: u64 = 2 << 20;
/// `I915_SCHEDULER_CAP_PREEMPTION`: absent on a virtual GPU.
const CAP_PREEMPTION: i32 = 1 << 2;

/// One open file of an i915 device: a client with a default context.
pub struct Device {
    file: Rc<File>,
    generation: Generation,
    next_address: Cell<u64>,
}

impl Device {
    /// Opens `path`, or the first node under /dev/dri that i915 answers on.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        match path {
            Some(path) => Self::open_node(path),
            None => nodes()
                .iter()
                .find_map(|path| Self::open_node(path).ok())
                .ok_or_else(|| anyhow!("no i915 device under /dev/dri")),
        }
    }

    fn open_node(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let chipset = uapi::getparam(file.as_fd(), Param::ChipsetId)
            .with_context(|| format!("{} is not an i915 device", path.display()))?;
        let chipset = u16::try_from(chipset).context("PCI device ID out of range")?;
        Ok(Self {
            file: Rc::new(file),
            generation: Generation::of_chipset(chipset),
            next_address: Cell::new(FIRST_ADDRESS),
        })
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Opens the first node of i915's that has a display.
    pub fn open_card() -> Result<Self> {
        let mut cards = (0..8).map(|n| PathBuf::from(format!("/dev/dri/card{n}")));
        cards
            .find_map(|path| Self::open_node(&path).ok())
            .ok_or_else(|| anyhow!("no i915 card under /dev/dri"))
    }

    /// The file, for calls that are not about submission.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd()
    }

    /// Hardware generation.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// A device parameter.
    pub fn param(&self, param: Param) -> io::Result<i32> {
        uapi::getparam(self.fd(), param)
    }

    /// Whether the driver preempts a running batch for another context.
    pub fn has_preemption(&self) -> bool {
        self.param(Param::Scheduler)
            .is_ok_and(|caps| caps & CAP_PREEMPTION != 0)
    }

    /// Frequency of the engines' timestamps in Hz.
    pub fn timestamp_hz(&self) -> io::Result<f64> {
        self.param(Param::TimestampFrequency).map(f64::from)
    }

    /// The default context, whose address space all its users share.
    pub fn default_context(&self) -> Context {
        Context {
            file: Rc::clone(&self.file),
            id: 0,
        }
    }

    /// A new context with an address space of its own.
    pub fn context(&self) -> Result<Context> {
        let id = uapi::context_create(self.fd()).context("cannot create a context")?;
        Ok(Context {
            file: Rc::clone(&self.file),
            id,
        })
    }

    /// A zeroed buffer at an address of its own.
    pub fn buffer(&self, size: usize) -> Result<Buffer> {
        let address = self.next_address.get();
        let taken = (size as u64).next_multiple_of(STRIDE);
        self.next_address.set(address + taken);
        self.buffer_at(size, address)
    }

    /// A zeroed buffer that is bound at `address` in every context that uses it.
    pub fn buffer_at(&self, size: usize, address: u64) -> Result<Buffer> {
        let size = size.next_multiple_of(PAGE);
        let handle = uapi::gem_create(self.fd(), size as u64)
            .with_context(|| format!("cannot create an object of {size} bytes"))?;
        let object = Object {
            file: Rc::clone(&self.file),
            handle,
        };
        let map = Mapping::of_object(self.fd(), handle, size, MapMode::Cached)
            .context("cannot map an object")?;
        Ok(Buffer {
            object,
            map,
            address,
        })
    }

    /// A buffer made of ordinary pages of this process.
    pub fn user_buffer(&self, size: usize) -> Result<Buffer> {
        let address = self.next_address.get();
        self.next_address
            .set(address + (size as u64).next_multiple_of(STRIDE));
        let map = Mapping::of_pages(size).context("cannot map pages")?;
        let handle =
            uapi::gem_userptr(self.fd(), &map).context("cannot make an object of user pages")?;
        let object = Object {
            file: Rc::clone(&self.file),
            handle,
        };
        Ok(Buffer {
            object,
            map,
            address,
        })
    }

    /// A buffer that holds a finished batch.
    pub fn batch_buffer(&self, batch: &Batch) -> Result<Buffer> {
        let buffer = self.buffer(size_of_val(batch.words()))?;
        buffer.upload(batch);
        Ok(buffer)
    }
}

/// The nodes to try: render nodes first, which need no rights.
fn nodes() -> Vec<PathBuf> {
    let render = (128..136).map(|n| format!("/dev/dri/renderD{n}"));
    let card = (0..8).map(|n| format!("/dev/dri/card{n}"));
    render.chain(card).map(PathBuf::from).collect()
}

/// A context; destroyed when dropped, unless it is the default one.
pub struct Context {
    file: Rc<File>,
    id: u32,
}

impl Context {
    /// Sets the priority, -1023 to 1023; above 0 needs privilege.
    pub fn set_priority(&self, priority: i32) -> Result<()> {
        let value = i64::from(priority) as u64;
        uapi::context_setparam(self.file.as_fd(), self.id, ContextParam::Priority, value)
            .with_context(|| format!("cannot set priority {priority}"))
    }

    /// Size of the address space in bytes.
    pub fn address_space(&self) -> Result<u64> {
        uapi::context_getparam(self.file.as_fd(), self.id, ContextParam::GttSize)
            .context("cannot read the size of the address space")
    }

    /// How often resets hit the context.
    pub fn reset_stats(&self) -> Result<uapi::ResetStats> {
        uapi::reset_stats(self.file.as_fd(), self.id).context("cannot read reset statistics")
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.id != 0 {
            // Nothing to do about an error: the file's end destroys it too.
            let _ = uapi::context_destroy(self.file.as_fd(), self.id);
        }
    }
}

/// A GEM handle; closed when dropped.
struct Object {
    file: Rc<File>,
    handle: u32,
}

impl Drop for Object {
    fn drop(&mut self) {
        // Nothing to do about an error: the file's end closes it too.
        let _ = uapi::gem_close(self.file.as_fd(), self.handle);
    }
}

/// A GEM object with an address for the GPU and a mapping for the CPU.
pub struct Buffer {
    object: Object,
    map: Mapping,
    address: u64,
}

impl Buffer {
    fn fd(&self) -> BorrowedFd<'_> {
        self.object.file.as_fd()
    }

    /// Its handle in the device's file.
    pub fn handle(&self) -> u32 {
        self.object.handle
    }

    /// Where the GPU sees it.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Where the GPU sees the dword at `index`.
    pub fn address_of(&self, index: usize) -> u64 {
        self.address + (index * size_of::<u32>()) as u64
    }

    /// Size in dwords.
    pub fn words(&self) -> usize {
        self.map.len() / size_of::<u32>()
    }

    /// Reads the dword at `index`.
    pub fn read(&self, index: usize) -> u32 {
        self.map.read(index)
    }

    /// Reads the 64 bits whose low half is the dword at `index`.
    pub fn read64(&self, index: usize) -> u64 {
        u64::from(self.map.read(index)) | (u64::from(self.map.read(index + 1)) << 32)
    }

    /// Writes the dword at `index`.
    pub fn write(&self, index: usize, value: u32) {
        self.map.write(index, value);
    }

    /// Writes the 64 bits whose low half is the dword at `index`.
    pub fn write64(&self, index: usize, value: u64) {
        self.map.write(index, crate::batch::lo(value));
        self.map.write(index + 1, crate::batch::hi(value));
    }

    /// Sets every dword to what `value` gives for its index.
    pub fn fill(&self, value: impl Fn(usize) -> u32) {
        (0..self.words()).for_each(|index| self.write(index, value(index)));
    }

    /// Copies a batch to the buffer's start.
    pub fn upload(&self, batch: &Batch) {
        for (index, &word) in batch.words().iter().enumerate() {
            self.write(index, word);
        }
    }

    /// Waits until the GPU has finished with it.
    pub fn wait(&self, limit: Duration) -> Result<()> {
        let limit_ns = i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX);
        uapi::gem_wait(self.fd(), self.object.handle, limit_ns)
            .with_context(|| format!("the GPU did not finish within {} s", limit.as_secs()))
    }

    /// Makes the object coherent for one way of looking at it.
    pub fn set_domain(&self, domain: Domain) -> Result<()> {
        uapi::set_domain(self.fd(), self.object.handle, domain).context("cannot move an object")
    }

    /// Gives the object a fence's tiling; fails where the kernel swizzles or refuses.
    pub fn set_tiling(&self, tiling: uapi::FenceTiling, stride: u32) -> Result<()> {
        let (mode, swizzle) = uapi::set_tiling(self.fd(), self.object.handle, tiling, stride)
            .context("cannot set the tiling")?;
        if mode != tiling as u32 || swizzle != 0 {
            return Err(anyhow!(
                "the kernel gave tiling {mode} with swizzle mode {swizzle}"
            ));
        }
        Ok(())
    }

    /// Maps the object through the aperture.
    pub fn map_aperture(&self) -> Result<Mapping> {
        Mapping::of_object(
            self.fd(),
            self.object.handle,
            self.map.len(),
            MapMode::Aperture,
        )
        .context("cannot map through the aperture")
    }
}

/// A submission: engine, context, the buffers that a batch uses.
pub struct Submission<'a> {
    context: &'a Context,
    engine: Engine,
    objects: Vec<ExecObject>,
}

impl<'a> Submission<'a> {
    /// On `engine`, in `context`, with no buffers yet.
    pub fn new(context: &'a Context, engine: Engine) -> Self {
        Self {
            context,
            engine,
            objects: Vec::new(),
        }
    }

    fn with(mut self, buffer: &Buffer, flags: u64) -> Self {
        self.objects.push(ExecObject::pinned(
            buffer.object.handle,
            buffer.address,
            flags,
        ));
        self
    }

    /// The batch reads it.
    pub fn reads(self, buffer: &Buffer) -> Self {
        self.with(buffer, 0)
    }

    /// The batch writes it, after all that was submitted for it before.
    pub fn writes(self, buffer: &Buffer) -> Self {
        self.with(buffer, uapi::object_flags::WRITE)
    }

    /// The batch uses it without being ordered after others that do.
    pub fn shares(self, buffer: &Buffer) -> Self {
        self.with(buffer, uapi::object_flags::ASYNC)
    }

    /// Submits `batch`.
    pub fn submit(self, batch: &Buffer) -> Result<()> {
        let (context, engine) = (self.context, self.engine);
        let mut objects = self.with(batch, 0).objects;
        let fd = context.file.as_fd();
        uapi::execbuffer(fd, context.id, engine.selector(), &mut objects)
            .with_context(|| format!("execbuffer on {engine}"))
    }

    /// Submits `batch` and waits for its end.
    pub fn run(self, batch: &Buffer, limit: Duration) -> Result<()> {
        self.submit(batch)?;
        batch.wait(limit)
    }
}
