// SPDX-License-Identifier: GPL-2.0
//! A virtual GPU that is in use while its GPU loses the driver.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::irq::set_eventfd;
use crate::bench::{Bench, Outcome};
use crate::client::Client;
use crate::context::{Context, ENGINES, MARK};
use crate::eventfd::EventFd;
use crate::regs::GDRST;
use crate::uapi::REQ;

/// How long the driver may take to ask for the virtual GPU, in milliseconds: it gives work a while to end.
const PATIENCE: i32 = 15_000;

/// Takes the driver off the GPU while a guest resets its engine and submits anew all the time, as if it took each failure
/// for a hang. Its user must be asked to close it, and the driver be gone when he has.
pub fn run(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let event = EventFd::new()?;
    set_eventfd(&client.device, REQ, Some(&event))?;
    submit(&client)?;

    let (unbind, name) = bench.parent.unbinder()?;
    let unbinder = std::thread::spawn(move || fs::write(unbind, name));
    let done = AtomicBool::new(false);
    let asked = std::thread::scope(|scope| -> Result<()> {
        let worker = scope.spawn(|| -> Result<()> {
            while !done.load(Ordering::Relaxed) {
                client.device.set_reg(GDRST, ENGINES[0].reset)?;
                submit(&client)?;
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        });
        let asked = event.arrives_within(PATIENCE, "the request to close it");
        done.store(true, Ordering::Relaxed);
        match worker.join() {
            Ok(worked) => worked.and(asked),
            Err(_) => bail!("the worker has panicked"),
        }
    });
    ensure!(
        !unbinder.is_finished(),
        "did not wait until the device was closed"
    );
    client.close().forget();
    let unbound = unbinder
        .join()
        .map_err(|_| anyhow::anyhow!("the unbinder has panicked"))?;
    asked?;
    unbound.context("taking the driver off")?;
    Ok(Outcome::Pass)
}

/// Submits a store, whatever becomes of it.
fn submit(client: &Client) -> Result<()> {
    let context = Context::new(client, ENGINES[0], 0)?;
    context.store(client, MARK);
    context.submit(client)?;
    Ok(())
}
