// SPDX-License-Identifier: GPL-2.0
//! Attributes that are changed while the virtual GPUs are at work.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libc::EINVAL;

use super::measure::{EngineName, User, contexts, together, watch};
use super::witness::Witness;
use crate::bench::{Bench, Outcome, refused, same};
use crate::client::Client;

const ENGINES: &[EngineName] = &[EngineName::Rcs];
const LENGTHS: &[Duration] = &[Duration::from_millis(8); 2];

/// Within which a change must have its effect.
const EFFECT: Duration = Duration::from_secs(1);
/// By how many percent a share may be off.
const TOLERANCE: f64 = 2.0;

/// An attribute of the first of two users, what it is set to, what the user gets then, in percent of the time,
/// what it is set to afterwards, and what it must refuse.
const CHANGES: &[(&str, &str, f64, &str, &str)] = &[
    ("rgvt/weight", "3", 75.0, "1", "0"),
    ("rgvt/cap", "20", 20.0, "100", "101"),
    ("rgvt/reservation", "70", 70.0, "0", "101"),
    ("rgvt/priority", "1", 100.0, "0", "101"),
    ("rgvt/stop", "1", 0.0, "0", "2"),
];

fn two(bench: &Bench, witness: &Witness) -> Result<Vec<User>> {
    let mut users = vec![User::new(bench, ENGINES)?, User::new(bench, ENGINES)?];
    witness.reset()?;
    for user in &mut users {
        user.introduce(witness, ENGINES)?;
        user.client.mdev.set_attribute("rgvt/weight", "1")?;
    }
    Ok(users)
}

/// What the first user gets while the time goes by, in percent of the time.
fn first(witness: &Witness, contexts: &[Vec<u32>], window: Duration) -> Result<f64> {
    let got = watch(witness, contexts, ENGINES, window)?;
    Ok(got[0].times[0])
}

/// Each attribute has its effect on a guest that works, within a second. What is refused has none.
pub fn run(bench: &Bench, witness: &Witness, window: Duration) -> Result<Outcome> {
    let mut users = two(bench, witness)?;
    let contexts = contexts(&users);
    together(&mut users, LENGTHS, |clients: &[&Client]| {
        let mdev = &clients[0].mdev;
        for (name, value, wanted, back, bad) in CHANGES {
            refused(name, mdev.set_attribute(name, bad), &[EINVAL])?;
            mdev.set_attribute(name, value).context(*name)?;
            refused(name, mdev.set_attribute(name, bad), &[EINVAL])?;
            thread::sleep(EFFECT);
            let got = first(witness, &contexts, window)?;
            println!("# share live {name}={value} gets {got:.2}");
            let off = (got - wanted).abs();
            ensure!(off <= TOLERANCE, "{name}: {got:.2} percent, not {wanted}");
            same(name, mdev.attribute(name)?.as_str(), *value)?;
            mdev.set_attribute(name, back).context(*name)?;
        }
        Ok(())
    })?;
    Ok(Outcome::Pass)
}

/// What was asked for holds for a guest that has reset its GPU, and for the device's next user.
pub fn reset(bench: &Bench, witness: &Witness, window: Duration) -> Result<Outcome> {
    let mut users = two(bench, witness)?;
    users[0].client.mdev.set_attribute("rgvt/weight", "3")?;
    users[0].client.device.reset()?;
    users[0].restart(ENGINES)?;
    users[0].introduce(witness, ENGINES)?;
    let contexts = contexts(&users);
    let got = together(&mut users, LENGTHS, |_| first(witness, &contexts, window))?;
    println!("# share live after a reset gets {got:.2}");
    ensure!((got - 75.0).abs() <= TOLERANCE, "{got:.2} percent, not 75");
    Ok(Outcome::Pass)
}
