// SPDX-License-Identifier: GPL-2.0
//! Attributes that are changed while the virtual GPUs are at work.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libc::EINVAL;

use super::measure::{EngineName, Got, User, contexts, off, together, watch};
use super::mixes::Gets;
use crate::bench::{Bench, Outcome, refused, same};
use crate::client::Client;
use crate::witness::Witness;

const ENGINES: &[EngineName] = &[EngineName::Rcs];
const LENGTHS: &[Duration] = &[Duration::from_millis(16); 2];

/// Within which a change must have its effect.
const EFFECT: Duration = Duration::from_secs(1);
/// By how many percent a share may be off.
const TOLERANCE: f64 = 2.0;

/// An attribute of the first of two users, what it is set to, what the user gets then, what it is set to
/// afterwards, and what it must refuse. Without any of it, the user gets a half.
const CHANGES: &[(&str, &str, Gets, &str, &str)] = &[
    ("rgvt/weight", "3", THREE_TO_ONE, "1", "0"),
    ("rgvt/cap", "20", Gets::AtMost(20.0), "100", "101"),
    ("rgvt/reservation", "70", Gets::AtLeast(70.0), "0", "101"),
    ("rgvt/priority", "1", Gets::Share(100.0), "0", "101"),
    ("rgvt/stop", "1", Gets::Share(0.0), "0", "2"),
];

/// What the first gets by a weight of 3, if the second has 1.
const THREE_TO_ONE: Gets = Gets::Share(75.0);

fn two(bench: &Bench, witness: &Witness) -> Result<Vec<User>> {
    let mut users = vec![User::new(bench, ENGINES)?, User::new(bench, ENGINES)?];
    witness.reset()?;
    for user in &mut users {
        user.introduce(witness, ENGINES)?;
        user.client.mdev.set_attribute("rgvt/weight", "1")?;
    }
    Ok(users)
}

/// Fails if the first user does not get what was wanted while `window` goes by.
fn first(
    what: &str,
    wanted: Gets,
    witness: &Witness,
    contexts: &[Vec<u32>],
    window: Duration,
) -> Result<()> {
    let Got { shares, times, .. } = &watch(witness, contexts, ENGINES, window)?[0];
    let (share, time) = (shares[0], times[0]);
    println!("# share live {what} gets {share:.2}, of the time {time:.2}");
    ensure!(
        off(wanted, share, time) <= TOLERANCE,
        "{what}: {share:.2} percent, {time:.2} of the time, not {wanted:?}"
    );
    Ok(())
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
            let what = format!("{name}={value}");
            first(&what, *wanted, witness, &contexts, window)?;
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
    together(&mut users, LENGTHS, |_| {
        first("after a reset", THREE_TO_ONE, witness, &contexts, window)
    })?;
    Ok(Outcome::Pass)
}
