// SPDX-License-Identifier: GPL-2.0
//! What the kernel holds, to see whether it holds more than before.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// How many pages user space has pinned for devices, counted since the kernel booted.
pub fn pinned() -> Result<i64> {
    // Each CPU has a part of the count, which this adds up.
    fs::write("/proc/sys/vm/stat_refresh", "1").context("refreshing the counters")?;
    let text = fs::read_to_string("/proc/vmstat").context("reading /proc/vmstat")?;
    let number = |name: &str| -> Result<i64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.with_context(|| format!("no {name} in /proc/vmstat"))?;
        Ok(number.trim().parse()?)
    };
    Ok(number("nr_foll_pin_acquired ")? - number("nr_foll_pin_released ")?)
}

/// Fails unless so many more pages than `before` are pinned, now or soon: other programs have pages
/// pinned for a moment, too.
pub fn more_pinned(before: i64, wanted: i64) -> Result<()> {
    let mut more = pinned()? - before;
    for _ in 0..20 {
        if more == wanted {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        more = pinned()? - before;
    }
    ensure!(more == wanted, "{more} more pages are pinned, not {wanted}");
    Ok(())
}

/// Kilobytes of free pages that each CPU keeps for itself, which are not counted as free. They can be some
/// MiB, and nothing takes them back.
fn in_stock() -> Result<i64> {
    let text = fs::read_to_string("/proc/zoneinfo").context("reading /proc/zoneinfo")?;
    let counts = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("count:"));
    let pages = counts
        .map(|count| Ok(count.trim().parse::<i64>()?))
        .sum::<Result<i64>>()?;
    Ok(4 * pages)
}

/// What the kernel holds at one time.
pub struct Holdings {
    /// Objects in use, by slab cache.
    slabs: BTreeMap<String, i64>,
    /// Areas of the kernel's virtual memory.
    areas: i64,
    /// Kilobytes that are locked or cannot be evicted.
    locked: i64,
    /// Kilobytes that are in nobody's hands.
    free: i64,
    pinned: i64,
}

impl Holdings {
    /// Takes stock, after all that can be given up was.
    pub fn now() -> Result<Self> {
        fs::write("/proc/sys/vm/drop_caches", "3").context("dropping caches")?;
        for entry in fs::read_dir("/sys/kernel/slab").context("looking for slab caches")? {
            // Some caches cannot be shrunk.
            let _ = fs::write(entry?.path().join("shrink"), "1");
        }
        let memory = fs::read_to_string("/proc/meminfo")?;
        let kilobytes = |name: &str| -> Result<i64> {
            let line = memory.lines().find_map(|line| line.strip_prefix(name));
            let line = line.with_context(|| format!("no {name} in /proc/meminfo"))?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        let mut slabs = BTreeMap::new();
        for line in fs::read_to_string("/proc/slabinfo")?.lines().skip(2) {
            let mut words = line.split_whitespace();
            if let (Some(name), Some(count)) = (words.next(), words.next()) {
                slabs.insert(name.to_string(), count.parse()?);
            }
        }
        Ok(Self {
            slabs,
            areas: fs::read_to_string("/proc/vmallocinfo")?.lines().count() as i64,
            locked: kilobytes("Mlocked:")? + kilobytes("Unevictable:")?,
            free: kilobytes("MemFree:")? + in_stock()?,
            pinned: pinned()?,
        })
    }

    /// Fails if since an earlier time something has grown by one for most of so many rounds. Less than
    /// that comes from elsewhere: the kernel keeps objects in stock for each CPU, and other programs run.
    pub fn no_more_than(&self, earlier: &Self, rounds: u32) -> Result<()> {
        let limit = i64::from(rounds) * 3 / 4;
        for (name, &count) in &self.slabs {
            let before = earlier.slabs.get(name).copied().unwrap_or(0);
            let more = count - before;
            ensure!(
                more < limit,
                "{more} more objects in {name}, {count} in all"
            );
        }
        let areas = self.areas - earlier.areas;
        ensure!(areas < limit, "{areas} more areas of virtual memory");
        let pinned = self.pinned - earlier.pinned;
        ensure!(pinned == 0, "{pinned} more pages are pinned");
        let locked = self.locked - earlier.locked;
        ensure!(locked < 4 * limit, "{locked} KiB more are locked");
        let free = earlier.free - self.free;
        ensure!(
            free < i64::from(rounds).max(128) * 4,
            "{free} KiB less are free"
        );
        Ok(())
    }

    /// What has grown, for people.
    pub fn growth(&self, earlier: &Self) -> String {
        let slabs = self.slabs.iter().filter_map(|(name, &count)| {
            let more = count - earlier.slabs.get(name).copied().unwrap_or(0);
            (more > 0).then(|| format!("{name} {more}"))
        });
        let mut words: Vec<String> = slabs.collect();
        words.push(format!("areas {}", self.areas - earlier.areas));
        words.push(format!("free {} KiB", self.free - earlier.free));
        words.join(", ")
    }
}
