// SPDX-License-Identifier: GPL-2.0
//! Accesses of the GPU's registers and of its global page table, by a program that maps BAR0. The kernel must
//! be told to let it (`iomem=relaxed`), as a driver is bound.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};

use super::{number, say};
use crate::bench::{Bench, Check, Outcome};
use crate::mapping::Mapping;
use crate::uapi::PAGE;
use crate::window::{around, settle};

const BAR: &str = "/sys/bus/pci/devices/0000:00:02.0/resource0";
const REGISTERS_SIZE: usize = 2 << 20;
/// The global page table in BAR0, one entry of 8 bytes for each page.
const GGTT: u64 = 8 << 20;
const GGTT_SIZE: usize = 8 << 20;
/// Repetitions for each round.
const STEPS: u32 = 500;

/// Render engine's `RING_MI_MODE`: a plain register, in no virtual GPU the hardware's. Its upper half says
/// which bits of the lower one a write changes.
const MI_MODE: usize = 0x209c;
/// Render engine's `RING_TIMESTAMP`, which runs.
const TIMESTAMP: usize = 0x2358;
/// PVINFO (i915: `i915_pvinfo.h`): "vGTvGTvG", and what the virtual GPU has of the GGTT beyond the aperture.
const PVINFO_MAGIC: usize = 0x7_8000;
const MAGIC: u64 = 0x4776_5447_7654_4776;
const PVINFO_HIGH_BASE: usize = 0x7_8048;
const PVINFO_HIGH_SIZE: usize = 0x7_804c;
/// Without PVINFO: an address that i915 comes to late, whether it allocates from below or from above.
const MIDDLE: u64 = 3 << 30;
/// Entries that are written in turn.
const ENTRIES: usize = 64;
const PTE_PRESENT: u64 = 1;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("read", |bench| {
            read::<{ number::READ }>(bench, "read", MI_MODE)
        }),
        Check::new("read-live", |bench| {
            read::<{ number::READ_LIVE }>(bench, "read-live", TIMESTAMP)
        }),
        Check::new("write", write),
        Check::new("ggtt", ggtt),
    ]
}

/// Part of BAR0. i915 has the GGTT mapped with another kind of caching, so that the kernel does not map it
/// together with the registers.
fn open(offset: u64, size: usize) -> Result<Mapping> {
    let file = OpenOptions::new().read(true).write(true).open(BAR)?;
    Mapping::of_bar(&file, offset, size).context("the kernel does not let a program map BAR0")
}

fn open_registers() -> Result<Mapping> {
    open(0, REGISTERS_SIZE)
}

/// Repeats an access, which is given its number, in a window.
fn repeat<const WINDOW: u8>(bench: &Bench, what: &str, access: impl Fn(usize)) {
    let steps = bench.rounds * STEPS;
    let all = |steps: u32, careful: bool| {
        for step in 0..steps {
            if careful {
                settle();
            }
            access(step as usize);
        }
    };
    // Afterwards no page of it is missing.
    all(2, true);
    let (_, time) = around::<WINDOW, _>(|| {
        settle();
        all(steps, false);
    });
    say(bench, what, WINDOW, steps, time);
}

fn read<const WINDOW: u8>(bench: &Bench, what: &str, register: usize) -> Result<Outcome> {
    let bar = open_registers()?;
    repeat::<WINDOW>(bench, what, |_| {
        bar.read(register / 4);
    });
    Ok(Outcome::Pass)
}

/// Changes no bit.
fn write(bench: &Bench) -> Result<Outcome> {
    let bar = open_registers()?;
    repeat::<{ number::WRITE }>(bench, "write", |_| bar.write(MI_MODE / 4, 0));
    Ok(Outcome::Pass)
}

/// Maps a page of this process in unused entries, and takes it away again.
fn ggtt(bench: &Bench) -> Result<Outcome> {
    let table = open(GGTT, GGTT_SIZE)?;
    let page = Mapping::of_pages(PAGE)?;
    page.write(0, 1);
    let address = physical(page.address())?;
    let first = unused(&table, middle()?).context("no entries of the GGTT are unused")?;
    let at = |step: usize| first + step % ENTRIES;
    settle();
    let old = table.read64(first);
    repeat::<{ number::GGTT_MAP }>(bench, "ggtt-map", |step| {
        table.write64(at(step), address | PTE_PRESENT);
    });
    repeat::<{ number::GGTT_UNMAP }>(bench, "ggtt-unmap", |step| table.write64(at(step), old));
    Ok(Outcome::Pass)
}

/// An entry in the middle of what this machine has of the GGTT.
fn middle() -> Result<usize> {
    let registers = open_registers()?;
    let word = |offset: usize| {
        settle();
        u64::from(registers.read(offset / 4))
    };
    let address = if word(PVINFO_MAGIC) | word(PVINFO_MAGIC + 4) << 32 == MAGIC {
        word(PVINFO_HIGH_BASE) + word(PVINFO_HIGH_SIZE) / 2
    } else {
        MIDDLE
    };
    Ok(usize::try_from(address / PAGE as u64)?)
}

/// The first of `ENTRIES` entries that are all the same, as those are that map the scratch page.
fn unused(table: &Mapping, start: usize) -> Option<usize> {
    let entry = |index: usize| {
        settle();
        table.read64(index)
    };
    (start..start + 16 * ENTRIES)
        .step_by(ENTRIES)
        .find(|&first| (1..ENTRIES).all(|index| entry(first + index) == entry(first)))
}

/// Where the machine has a page of this process (`Documentation/admin-guide/mm/pagemap.rst`).
fn physical(address: u64) -> Result<u64> {
    const FRAME: u64 = (1 << 55) - 1;
    let mut entry = [0; 8];
    let index = address / PAGE as u64;
    File::open("/proc/self/pagemap")?.read_exact_at(&mut entry, index * 8)?;
    let frame = u64::from_ne_bytes(entry) & FRAME;
    ensure!(frame != 0, "the kernel does not say where pages are");
    Ok(frame * PAGE as u64)
}
