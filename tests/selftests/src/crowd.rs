// SPDX-License-Identifier: GPL-2.0
//! Users that have virtual GPUs open and want nothing of them.

use std::convert::Infallible;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::bench::Bench;
use crate::client::Client;
use crate::context::ENGINES;
use crate::mdev::Mdev;
use crate::shares::stream::{Manners, Stream};

/// What each has done once, so that the driver has all that it keeps for a user's work.
const WORK: Duration = Duration::from_micros(100);
/// How long that may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Opens these virtual GPUs, has each work once on each engine, and keeps them open.
pub fn run(bench: &Bench, uuids: &[String]) -> Result<Infallible> {
    let open = |uuid: &String| -> Result<Client> {
        let client = Client::new(Mdev::known(uuid), bench.kvm)?;
        for (place, engine) in (0..).zip(ENGINES) {
            let mut stream = Stream::new(&client, engine, place, Manners::Polite)?;
            stream.submit(&client, WORK)?;
            ensure!(stream.wait(&client, LIMIT), "its work is not done");
        }
        Ok(client)
    };
    let _clients = uuids
        .iter()
        .map(|uuid| open(uuid).with_context(|| uuid.clone()))
        .collect::<Result<Vec<_>>>()?;
    println!("open");
    loop {
        thread::park();
    }
}
