// SPDX-License-Identifier: GPL-2.0
//! What checks get and give.

use std::fmt::Debug;
use std::io;

use anyhow::{Context, Result, bail, ensure};
pub use harness::Outcome;

use crate::client::Client;
use crate::mdev::{Mdev, Parent, Type};
use crate::witness::Witness;

/// A check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name: a group, a slash and what holds.
    pub name: &'static str,
    /// Fails if that does not hold.
    pub body: fn(&Bench) -> Result<Outcome>,
}

impl Check {
    /// A check of this name.
    pub const fn new(name: &'static str, body: fn(&Bench) -> Result<Outcome>) -> Self {
        Self { name, body }
    }
}

/// What checks run on.
pub struct Bench {
    /// The GPU.
    pub parent: Parent,
    /// The module's name.
    pub module: String,
    /// Whether devices are opened with a KVM.
    pub kvm: bool,
    /// End of the name of the type that virtual GPUs are of.
    pub kind: String,
    /// Of the lab's GPU.
    pub witness: Witness,
}

impl Bench {
    /// The type that is used.
    pub fn kind(&self) -> Result<Type> {
        let mut types = self.parent.types()?.into_iter();
        let kind = types.find(|kind| kind.name().ends_with(&self.kind));
        kind.with_context(|| format!("there is no type *{}", self.kind))
    }

    /// A new virtual GPU.
    pub fn vgpu(&self) -> Result<Mdev> {
        self.kind()?.create().context("making a virtual GPU")
    }

    /// A new virtual GPU, opened.
    pub fn client(&self) -> Result<Client> {
        Client::new(self.vgpu()?, self.kvm)
    }
}

/// Fails unless both are the same.
pub fn same<T: PartialEq + Debug>(what: &str, got: T, wanted: T) -> Result<()> {
    ensure!(got == wanted, "{what}: {got:x?}, not {wanted:x?}");
    Ok(())
}

/// Fails unless the result is one of these errors.
pub fn refused<T>(what: &str, result: io::Result<T>, errors: &[i32]) -> Result<()> {
    match result {
        Ok(_) => bail!("{what}: is not refused"),
        Err(error) => {
            let known = error.raw_os_error().is_some_and(|n| errors.contains(&n));
            ensure!(known, "{what}: refused with {error}");
            Ok(())
        }
    }
}
