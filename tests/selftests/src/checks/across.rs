// SPDX-License-Identifier: GPL-2.0
//! A virtual GPU that is in use while something happens to the host: it sleeps, for one.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};

use super::fence;
use crate::bench::{Bench, Outcome, same};
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use crate::device::Device;
use crate::mapping::SHARED;
use crate::memory::Memory;
use crate::regs::{PRESENT, SCRATCH, Share, Snapshot, flush, set_entry};
use crate::uapi::BAR2;

/// A page of the share that no fence and no context uses, and of memory.
const PLAIN: u64 = 900;

/// Runs a command while engines work for a virtual GPU. Nothing of what its user can see may be different
/// afterwards, and all of it has to work on.
pub fn run(bench: &Bench, command: &[String]) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let share = Share::of(device)?;
    let begin = Device::start(BAR2) + share.page(PLAIN);

    fence::map(&client)?;
    fence::fence(&client, 0, share.page(0), fence::PAGES)?;
    set_entry(device, share.page(PLAIN), Memory::page(PLAIN) | PRESENT)?;
    flush(device)?;
    let view = device.map(begin, 4096, SHARED)?;
    device.set_reg(SCRATCH, 0x1357)?;
    let contexts: Vec<Context> = (1..)
        .zip(ENGINES)
        .map(|(place, engine)| Context::new(&client, engine, place))
        .collect::<Result<_>>()?;
    let before = Snapshot::of(device)?;
    let works = |value: u32| -> Result<()> {
        view.write(0, value);
        same(
            "through the mapping",
            client.memory.read(PLAIN * 4096),
            value,
        )?;
        let place = fence::probe(&client, share)?;
        same("where the fence leads", place, fence::TILED)?;
        contexts
            .iter()
            .try_for_each(|context| submit(&client, context, MARK + value))
    };
    works(1).context("before")?;

    let done = AtomicBool::new(false);
    let rounds = AtomicU32::new(0);
    let result = std::thread::scope(|scope| -> Result<()> {
        let worker = scope.spawn(|| -> Result<()> {
            while !done.load(Ordering::Relaxed) {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                submit(&client, &contexts[0], MARK + 0x100 + round)?;
            }
            Ok(())
        });
        let status = command
            .split_first()
            .map(|(program, arguments)| Command::new(program).args(arguments).status());
        done.store(true, Ordering::Relaxed);
        let worked = worker.join();
        let status = status.context("no command")?.context("starting it")?;
        ensure!(status.success(), "the command failed: {status}");
        worked
            .map_err(|_| anyhow::anyhow!("the worker has panicked"))?
            .context("meanwhile")
    });
    println!("# {} submissions meanwhile", rounds.into_inner());
    result?;

    works(2).context("afterwards")?;
    Snapshot::of(device)?.is(&before)?;
    device.reset()?;
    Ok(Outcome::Pass)
}

fn submit(client: &Client, context: &Context, value: u32) -> Result<()> {
    context.store(client, value);
    context.submit(client)?;
    context.wait_for(client, value)
}
