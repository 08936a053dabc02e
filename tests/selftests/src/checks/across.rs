// SPDX-License-Identifier: GPL-2.0
//! A virtual GPU that is in use while the host sleeps.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};

use super::{fence, submit::recovers};
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

/// What no target ever has.
const NEVER: u32 = MARK - 1;

/// Runs a command that puts the host to sleep while engines work for a virtual GPU. Nothing of what its user can
/// see may be different afterwards, and all of it has to work on, but for the engine that has work without an
/// end: the host ends that, and the engine recovers when it is reset.
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
    let [.., last] = ENGINES;
    let waiter = Context::new(&client, last, 1 + contexts.len() as u64)?;
    let before = Snapshot::of(device)?;
    let works = |value: u32, contexts: &[Context]| -> Result<()> {
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
    works(1, &contexts).context("before")?;
    waiter.wait(&client, NEVER);
    waiter.store(&client, MARK);
    waiter.submit(&client)?;

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

    works(2, &contexts[..contexts.len() - 1]).context("afterwards")?;
    Snapshot::of(device)?.is(&before)?;
    ensure!(
        !waiter.has_run(&client, MARK),
        "what waits for what never comes has run to its end"
    );
    recovers(&client, last).context("the engine that waited")?;
    device.reset()?;
    Ok(Outcome::Pass)
}

fn submit(client: &Client, context: &Context, value: u32) -> Result<()> {
    context.store(client, value);
    context.submit(client)?;
    context.wait_for(client, value)
}
