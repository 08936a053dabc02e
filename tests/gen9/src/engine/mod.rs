// SPDX-License-Identifier: GPL-2.0

//! The command streamers: submission through the execution list (ELSP), contexts that come and go,
//! and the context status buffer (CSB) that tells of it.
//!
//! One submission, function by function: [`registers`] collects four writes of ELSP and calls
//! [`Engine::submit`]; the engine's thread in [`run`] takes it, [`context`] loads the image,
//! `cs::Streamer` executes command after command, and [`csb`] reports the end.

mod context;
mod csb;
mod descriptor;
mod id;
mod pace;
mod registers;
mod run;
mod unit_state;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

pub use descriptor::Descriptor;
pub use id::EngineId;

use crate::gpu::Gpu;

/// The two contexts of one submission; the second runs when the first is done.
pub type Ports = [Descriptor; 2];

/// What the machine asks of an engine's thread.
#[derive(Default)]
struct Control {
    /// Writes of ELSP so far: port 1 high and low, port 0 high and low.
    elsp: Vec<u32>,
    /// Submitted and not yet taken.
    pending: Option<Ports>,
    /// A reset waits for the thread to park.
    abort: bool,
    /// The thread runs no context.
    parked: bool,
    /// The device goes away.
    quit: bool,
}

/// One command streamer.
pub struct Engine {
    id: EngineId,
    /// Protects what passes between the machine and the engine's thread. Taken alone.
    control: Mutex<Control>,
    changed: Condvar,
    /// Set with every change that a running thread has not looked at; polled between commands.
    attention: AtomicBool,
    busy: AtomicBool,
}

impl Engine {
    fn new(id: EngineId) -> Self {
        let control = Mutex::new(Control {
            parked: true,
            ..Control::default()
        });
        Self {
            id,
            control,
            changed: Condvar::new(),
            attention: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Tells the thread of a change. Takes the lock, so that the thread cannot miss it between its
    /// last look and its sleep.
    fn notify(&self, _control: &MutexGuard<'_, Control>) {
        self.attention.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    /// One of the four writes that make a submission.
    fn elsp_write(&self, value: u32) {
        let mut control = self.lock();
        control.elsp.push(value);
        if let [high1, low1, high0, low0] = control.elsp[..] {
            control.elsp.clear();
            let ports = [Descriptor::new(high0, low0), Descriptor::new(high1, low1)];
            if control.pending.replace(ports).is_some() {
                tracing::warn!(engine = ?self.id, "submission replaced before it was taken");
            }
            self.busy.store(true, Ordering::SeqCst);
            self.notify(&control);
        }
    }

    /// Sleeps for `time`, or until the machine asks for something that was not looked at.
    fn nap(&self, time: Duration) {
        let control = self.lock();
        if !self.attention.load(Ordering::SeqCst) {
            // The result is only why it woke; the caller looks again anyway.
            let _ = self.changed.wait_timeout(control, time);
        }
    }

    /// Stops what runs and waits until it has stopped. What was submitted is lost.
    fn stop(&self) {
        let mut control = self.lock();
        control.elsp.clear();
        control.pending = None;
        if !control.parked {
            control.abort = true;
            self.notify(&control);
            while !control.parked {
                control = self
                    .changed
                    .wait(control)
                    .unwrap_or_else(|e| e.into_inner());
            }
        }
        control.abort = false;
        self.attention.store(false, Ordering::SeqCst);
        self.busy.store(false, Ordering::SeqCst);
    }
}

/// All command streamers.
pub struct Engines {
    engines: [Engine; 4],
}

impl Default for Engines {
    fn default() -> Self {
        Self::new()
    }
}

impl Engines {
    /// Engines without threads; see [`Self::start`].
    pub fn new() -> Self {
        Self {
            engines: EngineId::ALL.map(Engine::new),
        }
    }

    fn get(&self, id: EngineId) -> &Engine {
        &self.engines[id.index()]
    }

    /// Starts a thread for each engine. They end when the device is dropped.
    ///
    /// # Errors
    /// When the host has no thread left.
    pub fn start(gpu: &Arc<Gpu>) -> io::Result<()> {
        for id in EngineId::ALL {
            let engines = gpu.engines.clone();
            let gpu = Arc::downgrade(gpu);
            std::thread::Builder::new()
                .name(format!("{id:?}").to_lowercase())
                .spawn(move || run::thread(engines.get(id), &gpu))?;
        }
        Ok(())
    }

    /// Whether the engine has work or holds a submission.
    pub fn is_busy(&self, id: EngineId) -> bool {
        self.get(id).busy.load(Ordering::SeqCst)
    }

    /// Resets one engine: what runs is lost, its registers are as after power-on except those that
    /// survive an engine reset on hardware.
    pub fn reset(&self, gpu: &Gpu, id: EngineId) {
        self.get(id).stop();
        registers::reset(gpu, id);
    }

    /// Stops all engines, for a device reset.
    pub fn stop_all(&self, _gpu: &Gpu) {
        for engine in &self.engines {
            engine.stop();
        }
    }

    /// Ends the engines' threads.
    pub fn quit(&self) {
        for engine in &self.engines {
            let mut control = engine.lock();
            control.quit = true;
            control.abort = true;
            engine.notify(&control);
        }
    }
}
