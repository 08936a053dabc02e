// SPDX-License-Identifier: GPL-2.0
//! Lets users work for a while, and sees what each got: by the witness, and by what the driver counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::engines::Account;

use super::mixes::{Gets, Mix};
use super::stream::{Manners, Stream};
use crate::bench::{Bench, Outcome};
use crate::client::Client;
use crate::context::{ENGINES, Engine};
use crate::mdev::Mdev;
use crate::witness::Witness;

/// By how many percent a share may be off, a cap be exceeded, a reservation be missed.
const TOLERANCE: f64 = 2.0;
/// By how many percent what is counted may be off.
const COUNTED: f64 = 1.0;

/// Batches that a user has submitted at once.
const DEPTH: u32 = 2;

/// What a user does alone, so that its context is known.
const HELLO: Duration = Duration::from_millis(5);
/// How long all are given to begin.
const START: Duration = Duration::from_millis(300);

/// An engine, in order of [`ENGINES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineName {
    Rcs,
    Bcs,
    Vcs0,
    Vecs,
}

impl EngineName {
    pub fn engine(self) -> Engine {
        ENGINES[self as usize]
    }

    /// As the witness calls it.
    pub fn witness(self) -> &'static str {
        ["rcs", "bcs", "vcs0", "vecs"][self as usize]
    }

    /// As rgvt's statistics call it.
    fn counted(self) -> &'static str {
        ["rcs0", "bcs0", "vcs0", "vecs0"][self as usize]
    }
}

/// A user of engines: a virtual GPU with a stream for each of them.
pub struct User {
    pub client: Client,
    pub streams: Vec<Stream>,
    /// Where the host's contexts are, that its work runs in.
    lrca: Vec<u32>,
}

impl User {
    /// A new virtual GPU.
    pub fn new(bench: &Bench, engines: &[EngineName]) -> Result<Self> {
        let mut user = Self {
            client: bench.client()?,
            streams: Vec::new(),
            lrca: Vec::new(),
        };
        user.restart(engines)?;
        Ok(user)
    }

    /// Begins anew, as a guest does whose GPU was reset.
    pub fn restart(&mut self, engines: &[EngineName]) -> Result<()> {
        self.streams = (0..)
            .zip(engines)
            .map(|(place, name)| Stream::new(&self.client, name.engine(), place, Manners::Polite))
            .collect::<Result<_>>()?;
        Ok(())
    }

    /// Finds out which contexts are its own, while nobody else works.
    pub fn introduce(&mut self, witness: &Witness, engines: &[EngineName]) -> Result<()> {
        let before = witness.engines()?;
        for stream in &mut self.streams {
            stream.submit(&self.client, HELLO)?;
            ensure!(
                stream.wait(&self.client, Duration::from_secs(5)),
                "the first batch is not done"
            );
        }
        let after = witness.engines()?;
        self.lrca = engines
            .iter()
            .map(|name| {
                let name = name.witness();
                after[name].since(&before[name]).most().context("no work")
            })
            .collect::<Result<_>>()?;
        Ok(())
    }
}

/// A number of a virtual GPU's statistics.
pub fn statistic(mdev: &Mdev, name: &str) -> Result<u64> {
    let text = mdev.attribute("rgvt/statistics")?;
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    let (_, value) = lines
        .find(|(line, _)| *line == name)
        .with_context(|| format!("no statistic {name}"))?;
    Ok(value.parse()?)
}

/// How long its work had an engine, as the driver counts it.
fn counted(mdev: &Mdev, engine: EngineName) -> Result<u64> {
    statistic(mdev, &format!("{} busy_ns", engine.counted()))
}

/// Has all users work while `meanwhile` runs.
pub fn together<T>(
    users: &mut [User],
    lengths: &[Duration],
    meanwhile: impl FnOnce(&[&Client]) -> Result<T>,
) -> Result<T> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut clients = Vec::new();
        let mut workers = Vec::new();
        for (user, &length) in users.iter_mut().zip(lengths) {
            let client = &user.client;
            clients.push(client);
            for stream in &mut user.streams {
                let stop = &stop;
                workers.push(scope.spawn(move || stream.run(client, length, DEPTH, stop)));
            }
        }
        thread::sleep(START);
        let result = meanwhile(&clients);
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            let worker = worker.join().ok().context("a worker has panicked")?;
            worker?;
        }
        result
    })
}

/// What each user had of an engine in some time, in percent.
pub struct Got {
    /// Of what all of them had.
    pub shares: Vec<f64>,
    /// Of the time.
    pub times: Vec<f64>,
    /// What nobody had.
    pub idle: f64,
}

impl Got {
    fn new(users: &[Vec<u32>], index: usize, account: &Account) -> Self {
        let had: Vec<f64> = users
            .iter()
            .map(|lrca| account.of(lrca[index]) as f64)
            .collect();
        let all: f64 = had.iter().sum();
        let elapsed = account.elapsed as f64;
        Self {
            shares: had.iter().map(|had| 100.0 * had / all.max(1.0)).collect(),
            times: had.iter().map(|had| 100.0 * had / elapsed).collect(),
            idle: 100.0 * account.idle as f64 / elapsed,
        }
    }
}

/// Where the contexts of all users are.
pub fn contexts(users: &[User]) -> Vec<Vec<u32>> {
    users.iter().map(|user| user.lrca.clone()).collect()
}

/// What each of those whose contexts these are had of each engine while the time goes by.
pub fn watch(
    witness: &Witness,
    contexts: &[Vec<u32>],
    engines: &[EngineName],
    window: Duration,
) -> Result<Vec<Got>> {
    let before = witness.engines()?;
    thread::sleep(window);
    let after = witness.engines()?;
    let got = |(index, name): (usize, &EngineName)| {
        let name = name.witness();
        Got::new(contexts, index, &after[name].since(&before[name]))
    };
    Ok(engines.iter().enumerate().map(got).collect())
}

/// By how much a user got something else than what it is to get, in percent; less than 0 if that is good.
pub fn off(gets: Gets, share: f64, time: f64) -> f64 {
    match gets {
        Gets::Share(wanted) => (share - wanted).abs(),
        Gets::AtMost(most) => time - most,
        Gets::AtLeast(least) => least - time,
    }
}

fn list(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|n| format!("{n:.2}")).collect();
    numbers.join(",")
}

/// Runs a mix; if it is judged, fails if somebody gets too much or too little.
pub fn run(
    bench: &Bench,
    witness: &Witness,
    mix: &Mix,
    window: Duration,
    judged: bool,
) -> Result<Outcome> {
    let rgvt = bench.module == "rgvt";
    if !rgvt && !mix.is_plain() {
        return Outcome::skip("only rgvt can be asked for that");
    }
    let mut users = mix
        .users
        .iter()
        .map(|_| User::new(bench, mix.engines))
        .collect::<Result<Vec<_>>>()?;
    witness.reset()?;
    for user in &mut users {
        user.introduce(witness, mix.engines)?;
    }
    for (user, asked) in users.iter().zip(mix.users) {
        for (name, value) in asked.asks {
            let name = format!("rgvt/{name}");
            let set = user.client.mdev.set_attribute(&name, value);
            set.with_context(|| format!("{name} = {value}"))?;
        }
    }

    let contexts = contexts(&users);
    let lengths: Vec<Duration> = mix
        .users
        .iter()
        .map(|user| Duration::from_micros(user.batch_us.into()))
        .collect();
    let count = |users: &[User]| -> Result<BTreeMap<(usize, usize), u64>> {
        let mut counts = BTreeMap::new();
        for (number, user) in users.iter().enumerate().filter(|_| rgvt) {
            for (index, &name) in mix.engines.iter().enumerate() {
                counts.insert((number, index), counted(&user.client.mdev, name)?);
            }
        }
        Ok(counts)
    };
    let (before, counts_before) = (witness.engines()?, count(&users)?);
    let got = together(&mut users, &lengths, |_| {
        watch(witness, &contexts, mix.engines, window)
    })?;
    // It is counted when the guest was told.
    thread::sleep(Duration::from_millis(50));
    let (after, counts_after) = (witness.engines()?, count(&users)?);

    let mut counted_off = 0.0_f64;
    for (&(number, index), &now) in &counts_after {
        let name = mix.engines[index].witness();
        let seen = after[name].since(&before[name]).of(contexts[number][index]) as f64;
        let counted = (now - counts_before[&(number, index)]) as f64;
        counted_off = counted_off.max(100.0 * (counted - seen).abs() / seen.max(1.0));
    }
    let mut worst = f64::MIN;
    for (name, got) in mix.engines.iter().zip(&got) {
        for ((user, &share), &time) in mix.users.iter().zip(&got.shares).zip(&got.times) {
            worst = worst.max(off(user.gets, share, time));
        }
        println!(
            "# share {} {}={} idle={:.2}",
            mix.name,
            name.witness(),
            list(&got.times),
            got.idle
        );
    }
    // What is better than asked for is not off.
    println!("# figure share-off/{} {:.2}", mix.name, worst.max(0.0));
    if rgvt {
        println!("# figure counted-off/{} {counted_off:.2}", mix.name);
    }
    if !judged {
        return Ok(Outcome::Pass);
    }
    ensure!(worst <= TOLERANCE, "off by {worst:.2} percent");
    ensure!(
        counted_off <= COUNTED,
        "what rgvt counts is off by {counted_off:.2} percent"
    );
    Ok(Outcome::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_of_what_they_say() {
        let account = Account {
            elapsed: 1000,
            idle: 200,
            busy: BTreeMap::from([(1, 600), (2, 150), (9, 50)]),
        };
        let got = Got::new(&[vec![1], vec![2]], 0, &account);
        assert_eq!((got.shares.as_slice(), got.idle), (&[80.0, 20.0][..], 20.0));
        assert_eq!(got.times, [60.0, 15.0]);
        assert_eq!(off(Gets::Share(75.0), 80.0, 60.0), 5.0);
        assert_eq!(off(Gets::AtMost(50.0), 80.0, 60.0), 10.0);
        assert_eq!(off(Gets::AtLeast(70.0), 80.0, 60.0), 10.0);
    }
}
