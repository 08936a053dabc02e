// SPDX-License-Identifier: GPL-2.0

//! Faults that a test plants.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use serde::Deserialize;
use thiserror::Error;

use super::lock;
use super::ranges::number;
use super::report::{FaultCount, FaultReport, RegisterFault};
use crate::engine::EngineId;
use crate::regs::MMIO_SIZE;

/// Registers that can be faulty at once, for each kind of fault.
const REGISTERS: usize = 256;

/// A request to plant a fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Injection {
    /// The next `times` contexts that the engine starts hang it until it is reset.
    Hang {
        /// The engine.
        #[serde(deserialize_with = "EngineName::deserialize")]
        engine: EngineId,
        /// How often; 0 takes the fault away.
        #[serde(default = "once")]
        times: u32,
    },
    /// The next `times` batches that the engine runs while it loads a context hang it until it is reset.
    HangRestore {
        /// The engine.
        #[serde(deserialize_with = "EngineName::deserialize")]
        engine: EngineId,
        /// How often; 0 takes the fault away.
        #[serde(default = "once")]
        times: u32,
    },
    /// The next `times` interrupts of the engine do not arrive.
    LostInterrupt {
        /// The engine.
        #[serde(deserialize_with = "EngineName::deserialize")]
        engine: EngineId,
        /// How often; 0 takes the fault away.
        #[serde(default = "once")]
        times: u32,
    },
    /// The next `times` forcewake requests of a domain are not acknowledged.
    Forcewake {
        /// Offset of the acknowledge register.
        #[serde(deserialize_with = "number")]
        register: u32,
        /// How often; 0 takes the fault away.
        #[serde(default = "once")]
        times: u32,
    },
    /// A register reads as `value` until all faults are cleared.
    StuckRegister {
        /// Offset of the register.
        #[serde(deserialize_with = "number")]
        register: u32,
        /// What it reads as.
        #[serde(deserialize_with = "number")]
        value: u32,
    },
}

/// Names of engines in requests: those that answers use.
#[derive(Deserialize)]
#[serde(remote = "EngineId", rename_all = "lowercase")]
enum EngineName {
    Rcs,
    Bcs,
    Vcs0,
    Vecs,
}

fn once() -> u32 {
    1
}

/// A fault that cannot be planted.
#[derive(Debug, Error)]
pub enum InjectionError {
    /// There is no such register.
    #[error("there is no register {0:#x}: give a multiple of 4 below {MMIO_SIZE:#x}")]
    Register(u32),
    /// The list is full.
    #[error("{REGISTERS} registers are faulty already: send clear_injections first")]
    Full,
}

/// How often a fault is still to strike, and struck.
#[derive(Default)]
struct Charge {
    armed: AtomicU32,
    fired: AtomicU64,
}

impl Charge {
    /// Uses up one, if there is one.
    fn fire(&self) -> bool {
        if self.armed.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let fired = self
            .armed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |armed| {
                armed.checked_sub(1)
            })
            .is_ok();
        self.fired.fetch_add(fired.into(), Ordering::Relaxed);
        fired
    }

    fn count(&self) -> FaultCount {
        FaultCount {
            armed: self.armed.load(Ordering::Relaxed),
            fired: self.fired.load(Ordering::Relaxed),
        }
    }
}

/// Values by register, which most of the time is an empty map.
#[derive(Default)]
struct ByRegister {
    any: AtomicBool,
    map: Mutex<BTreeMap<u32, u32>>,
}

impl ByRegister {
    /// Lets `f` look at the map, unless it is empty.
    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<u32, u32>) -> Option<T>) -> Option<T> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut map = lock(&self.map);
        let value = f(&mut map);
        self.any.store(!map.is_empty(), Ordering::Relaxed);
        value
    }

    fn set(&self, register: u32, value: u32) -> Result<(), InjectionError> {
        if register % 4 != 0 || register >= MMIO_SIZE {
            return Err(InjectionError::Register(register));
        }
        let mut map = lock(&self.map);
        if map.len() >= REGISTERS && !map.contains_key(&register) {
            return Err(InjectionError::Full);
        }
        map.insert(register, value);
        self.any.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn report(&self, value_of: impl Fn(u32, u32) -> RegisterFault) -> Vec<RegisterFault> {
        lock(&self.map)
            .iter()
            .map(|(&register, &value)| value_of(register, value))
            .collect()
    }
}

/// All planted faults. Asking for one that is not there costs one relaxed load.
#[derive(Default)]
pub struct Faults {
    hangs: [Charge; EngineId::ALL.len()],
    restores: [Charge; EngineId::ALL.len()],
    interrupts: [Charge; EngineId::ALL.len()],
    forcewake: ByRegister,
    forcewake_fired: AtomicU64,
    stuck: ByRegister,
}

impl Faults {
    /// Plants a fault, in place of an equal one.
    ///
    /// # Errors
    /// When the register does not exist or the list is full.
    pub fn arm(&self, injection: &Injection) -> Result<(), InjectionError> {
        match *injection {
            Injection::Hang { engine, times } => {
                self.hangs[engine.index()]
                    .armed
                    .store(times, Ordering::Relaxed);
            }
            Injection::HangRestore { engine, times } => {
                self.restores[engine.index()]
                    .armed
                    .store(times, Ordering::Relaxed);
            }
            Injection::LostInterrupt { engine, times } => {
                self.interrupts[engine.index()]
                    .armed
                    .store(times, Ordering::Relaxed);
            }
            Injection::Forcewake { register, times } => self.forcewake.set(register, times)?,
            Injection::StuckRegister { register, value } => self.stuck.set(register, value)?,
        }
        Ok(())
    }

    /// Takes all faults away. What an engine that hangs needs is a reset.
    pub fn clear(&self) {
        for charge in [&self.hangs, &self.restores, &self.interrupts]
            .into_iter()
            .flatten()
        {
            charge.armed.store(0, Ordering::Relaxed);
        }
        for registers in [&self.forcewake, &self.stuck] {
            lock(&registers.map).clear();
            registers.any.store(false, Ordering::Relaxed);
        }
    }

    /// Whether the engine is to hang.
    pub fn hang(&self, engine: EngineId) -> bool {
        self.hangs[engine.index()].fire()
    }

    /// Whether the engine is to hang in a batch of a context's restore.
    pub fn hang_restore(&self, engine: EngineId) -> bool {
        self.restores[engine.index()].fire()
    }

    /// Whether an interrupt of the engine is to be lost.
    pub fn interrupt(&self, engine: EngineId) -> bool {
        self.interrupts[engine.index()].fire()
    }

    /// Whether the acknowledge register is to keep its value at this request.
    pub fn forcewake(&self, register: u32) -> bool {
        let fired = self.forcewake.with(|map| {
            let times = map.get_mut(&register)?;
            let armed = *times != 0;
            *times = times.saturating_sub(1);
            if *times == 0 {
                map.remove(&register);
            }
            Some(armed)
        });
        let fired = fired.unwrap_or(false);
        if fired {
            self.forcewake_fired.fetch_add(1, Ordering::Relaxed);
        }
        fired
    }

    /// What the register reads as.
    pub fn stuck_register(&self, register: u32) -> Option<u32> {
        self.stuck.with(|map| map.get(&register).copied())
    }

    /// What is armed and what struck.
    pub fn report(&self) -> FaultReport {
        let by_engine = |charges: &[Charge]| {
            EngineId::ALL
                .iter()
                .zip(charges)
                .map(|(&engine, c)| (engine, c.count()))
                .collect()
        };
        FaultReport {
            hangs: by_engine(&self.hangs),
            restore_hangs: by_engine(&self.restores),
            lost_interrupts: by_engine(&self.interrupts),
            forcewake: self
                .forcewake
                .report(|register, value| RegisterFault { register, value }),
            forcewake_fired: self.forcewake_fired.load(Ordering::Relaxed),
            stuck_registers: self
                .stuck
                .report(|register, value| RegisterFault { register, value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(faults: &Faults, json: &str) -> Result<(), String> {
        let injection: Injection = serde_json::from_str(json).map_err(|e| e.to_string())?;
        faults.arm(&injection).map_err(|e| e.to_string())
    }

    #[test]
    fn a_hang_strikes_as_often_as_asked_on_its_engine_only() {
        let faults = Faults::default();
        arm(&faults, r#"{"fault":"hang","engine":"vcs0","times":2}"#).unwrap();
        assert!(!faults.hang(EngineId::Rcs));
        assert!(!faults.interrupt(EngineId::Vcs0));
        let struck: Vec<_> = (0..4).map(|_| faults.hang(EngineId::Vcs0)).collect();
        assert_eq!(struck, [true, true, false, false]);
        let report = faults.report();
        assert_eq!(
            report.hangs[&EngineId::Vcs0],
            FaultCount { armed: 0, fired: 2 }
        );
        arm(&faults, r#"{"fault":"hang_restore","engine":"bcs"}"#).unwrap();
        assert!(!faults.hang(EngineId::Bcs) && faults.hang_restore(EngineId::Bcs));
        assert!(!faults.hang_restore(EngineId::Bcs));
        arm(&faults, r#"{"fault":"lost_interrupt","engine":"bcs"}"#).unwrap();
        assert!(faults.interrupt(EngineId::Bcs));
        assert!(!faults.interrupt(EngineId::Bcs));
    }

    #[test]
    fn threads_share_the_charges() {
        let faults = Faults::default();
        arm(&faults, r#"{"fault":"hang","engine":"rcs","times":1000}"#).unwrap();
        let struck = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        struck.fetch_add(faults.hang(EngineId::Rcs).into(), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(struck.into_inner(), 1000);
    }

    #[test]
    fn forcewake_is_stuck_for_some_requests() {
        let faults = Faults::default();
        arm(
            &faults,
            r#"{"fault":"forcewake","register":"0xd84","times":2}"#,
        )
        .unwrap();
        let struck: Vec<_> = (0..3).map(|_| faults.forcewake(0xd84)).collect();
        assert_eq!(struck, [true, true, false]);
        assert!(!faults.forcewake.any.load(Ordering::Relaxed));
        arm(
            &faults,
            r#"{"fault":"forcewake","register":3460,"times":0}"#,
        )
        .unwrap();
        assert!(!faults.forcewake(0xd84));
        assert_eq!(faults.report().forcewake_fired, 2);
    }

    #[test]
    fn a_register_is_stuck_until_cleared() {
        let faults = Faults::default();
        arm(
            &faults,
            r#"{"fault":"stuck_register","register":"0x2000","value":7}"#,
        )
        .unwrap();
        assert_eq!(faults.stuck_register(0x2000), Some(7));
        assert_eq!(faults.stuck_register(0x2004), None);
        faults.clear();
        assert_eq!(faults.stuck_register(0x2000), None);
        assert!(faults.report().stuck_registers.is_empty());
    }

    #[test]
    fn bad_requests_are_refused() {
        let faults = Faults::default();
        for (json, part) in [
            (
                r#"{"fault":"stuck_register","register":2,"value":7}"#,
                "multiple of 4",
            ),
            (
                r#"{"fault":"stuck_register","register":"0x200000","value":7}"#,
                "no register",
            ),
            (
                r#"{"fault":"stuck_register","register":0,"value":4294967296}"#,
                "too large",
            ),
            (
                r#"{"fault":"forcewake","times":1}"#,
                "missing field `register`",
            ),
            (
                r#"{"fault":"hang","engine":"xcs"}"#,
                "expected one of `rcs`",
            ),
            (
                r#"{"fault":"hang","engine":"rcs","time":1}"#,
                "unknown field `time`",
            ),
            (r#"{"fault":"flood"}"#, "expected one of `hang`"),
        ] {
            let error = arm(&faults, json).expect_err(json);
            assert!(error.contains(part), "{json}: {error}");
        }
        for i in 0..REGISTERS as u32 {
            faults.stuck.set(4 * i, 0).unwrap();
        }
        faults.stuck.set(0, 1).unwrap();
        assert!(matches!(
            faults.stuck.set(0x10_0000, 0),
            Err(InjectionError::Full)
        ));
    }
}
