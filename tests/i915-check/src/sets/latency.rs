// SPDX-License-Identifier: GPL-2.0
//! Measurements, printed as diagnostics; they fail only if the GPU does.

use std::fs::OpenOptions;
use std::time::Instant;

use anyhow::Result;

use crate::batch::Batch;
use crate::bench::{Bench, Check, Outcome};
use crate::device::Submission;
use crate::engine::Engine;
use crate::mapping::Mapping;

/// Round trips that are measured for each round.
const TRIPS: u32 = 200;
/// Submissions in flight when throughput is measured.
const DEPTH: usize = 16;

/// Offset in BAR0 (i915: `RING_TIMESTAMP(RENDER_RING_BASE)`).
const RENDER_TIMESTAMP: usize = 0x2358;

pub fn checks() -> Vec<Check> {
    let mut checks = Check::each_engine("round-trip", round_trip);
    checks.extend(Check::each_engine("throughput", throughput));
    checks.push(Check::new("register", register));
    checks
}

/// Reads and writes of a register that traps in every machine: the render engine's timestamp, which
/// is read-only. What is under the driver is the hardware or whoever stands in for it.
fn register(bench: &Bench) -> Result<Outcome> {
    const BAR: &str = "/sys/bus/pci/devices/0000:00:02.0/resource0";
    let Ok(file) = OpenOptions::new().read(true).write(true).open(BAR) else {
        return Outcome::skip(format!("{BAR} cannot be opened"));
    };
    let Ok(bar) = Mapping::of_bar(&file, 0, 16 << 20) else {
        return Outcome::skip("the kernel keeps the registers to the driver that is bound");
    };
    let total = bench.rounds * TRIPS * 5;
    let time = |what: &str, access: &dyn Fn()| {
        let start = Instant::now();
        (0..total).for_each(|_| access());
        let each = start.elapsed().as_secs_f64() * 1e6 / f64::from(total);
        bench.note(format_args!(
            "register {what}: {each:.1} us each of {total}"
        ));
    };
    time("read", &|| {
        bar.read(RENDER_TIMESTAMP / 4);
    });
    time("write", &|| bar.write(RENDER_TIMESTAMP / 4, 0));
    Ok(Outcome::Pass)
}

/// From execbuffer to the end of the wait, nothing else in flight.
fn round_trip(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batch = device.batch_buffer(Batch::new().end())?;
    let mut times = Vec::new();
    for _ in 0..bench.rounds * TRIPS {
        let start = Instant::now();
        Submission::new(&context, engine).run(&batch, bench.limit)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    bench.note(format_args!(
        "latency {engine} us: min {:.0} p50 {:.0} p90 {:.0} p99 {:.0} max {:.0} of {} submissions",
        at(0),
        at(50),
        at(90),
        at(99),
        at(100),
        times.len()
    ));
    Ok(Outcome::Pass)
}

/// Submissions a second with several in flight.
fn throughput(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let device = bench.open()?;
    let context = device.default_context();
    let batches: Vec<_> = (0..DEPTH)
        .map(|_| device.batch_buffer(Batch::new().end()))
        .collect::<Result<_>>()?;
    let total = (bench.rounds * TRIPS) as usize;
    let start = Instant::now();
    for batch in batches.iter().cycle().take(total) {
        // Its last use must be over before it is used again.
        batch.wait(bench.limit)?;
        Submission::new(&context, engine).submit(batch)?;
    }
    for batch in &batches {
        batch.wait(bench.limit)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    bench.note(format_args!(
        "throughput {engine}: {:.0} submissions a second, {DEPTH} in flight, {total} submissions",
        total as f64 / seconds
    ));
    Ok(Outcome::Pass)
}
