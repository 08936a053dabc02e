// SPDX-License-Identifier: GPL-2.0

//! The thread that delivers vblanks on time. It sleeps for good while no pipe runs.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;

use super::pipe::Shared;
use crate::gpu::Gpu;

/// Starts the thread. It ends when the device does.
pub fn spawn(pipes: Arc<Shared>, gpu: Weak<Gpu>) -> io::Result<()> {
    thread::Builder::new()
        .name("vblank".into())
        .spawn(move || {
            while pipes.wait() {
                let Some(gpu) = gpu.upgrade() else { return };
                pipes.tick(&gpu);
            }
        })?;
    Ok(())
}
