// SPDX-License-Identifier: GPL-2.0

//! Power and clock management of the GT: forcewake, RC6 and the frequency request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::forcewake::{self, Domain};
use super::rc6::Residency;
use crate::engine::EngineId;
use crate::gpu::Gpu;
use crate::platform::Platform;
use crate::regs::{Block, Policy, Span};

/// GEN6_RPNSWREQ: the frequency that the driver asks for.
const RPNSWREQ: u32 = 0xa008;
/// GEN6_RPSTAT1: the frequency that runs.
const RPSTAT1: u32 = 0xa01c;
/// GEN6_RC_CONTROL.
const RC_CONTROL: u32 = 0xa090;
/// GEN6_RC_CTL_RC6_ENABLE.
const RC6_ENABLE: u32 = 1 << 18;
/// GEN6_RC_CTL_HW_ENABLE: the hardware's timers decide when to enter RC6.
const HW_ENABLE: u32 = 1 << 31;
/// GEN6_RC_STATE.
const RC_STATE: u32 = 0xa094;
/// RC_SW_TARGET_STATE, value 4 in bits 18:16: enter RC6 now.
const TARGET_RC6: u32 = 4 << 16;
/// GEN6_GT_CORE_STATUS.
const CORE_STATUS: u32 = 0x13_8060;
/// GEN6_RC6, as CORE_STATUS shows it.
const CORE_IN_RC6: u32 = 3;
/// GEN6_GT_GFX_RC6: the residency counter.
const RC6_RESIDENCY: u32 = 0x13_8108;

/// The unit.
#[derive(Default)]
pub struct Power {
    /// Serialises requests, so that an acknowledge never falls behind its request.
    rc6: Mutex<Residency>,
}

impl Power {
    fn lock(&self) -> MutexGuard<'_, Residency> {
        self.rc6.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the GT is in RC6.
///
/// While the hardware's timers are in charge the GT counts as awake: i915 uses them only between
/// unparking and parking, and then there is work. Engines are idle when the driver parks; if one
/// is not, RC6 begins with the next request that finds it idle.
fn in_rc6(gpu: &Gpu) -> bool {
    gpu.regs.get(RC_CONTROL) & (RC6_ENABLE | HW_ENABLE) == RC6_ENABLE
        && gpu.regs.get(RC_STATE) & TARGET_RC6 != 0
        && !forcewake::held(gpu)
        && !EngineId::ALL
            .iter()
            .any(|&engine| gpu.engines.is_busy(engine))
}

/// The frequency, in the hardware's units, moved from where it is asked for to where it is shown
/// (i915: `GEN9_FREQUENCY`, `GEN9_CAGF_MASK`, `HSW_FREQUENCY`, `HSW_CAGF_MASK`).
fn frequency_status(platform: &Platform, request: u32) -> u32 {
    if platform.graphics >= 9 {
        request & 0xff80_0000
    } else {
        (request >> 24 & 0x7f) << 7
    }
}

fn domain(gpu: &Gpu, offset: u32) -> Option<&'static Domain> {
    forcewake::domains(gpu.platform)
        .iter()
        .find(|domain| domain.request == offset)
}

impl Block for Power {
    fn spans(&self, platform: &Platform) -> Vec<Span> {
        let mut spans = vec![
            Span::one(RPNSWREQ, Policy::Handled, 0),
            Span::one(RPSTAT1, Policy::Const, 0),
            Span::one(RC_CONTROL, Policy::Handled, 0),
            Span::one(RC_STATE, Policy::Handled, 0),
            Span::one(CORE_STATUS, Policy::Handled, 0),
            Span::one(RC6_RESIDENCY, Policy::Handled, 0),
        ];
        for domain in forcewake::domains(platform) {
            spans.push(Span::one(domain.request, Policy::Handled, 0));
            spans.push(Span::one(domain.ack, Policy::Plain, 0));
        }
        spans
    }

    fn read(&self, gpu: &Gpu, offset: u32) -> u32 {
        match offset {
            CORE_STATUS if self.lock().is_resident() => CORE_IN_RC6,
            CORE_STATUS => 0,
            RC6_RESIDENCY => self.lock().ticks(Instant::now()),
            _ => gpu.regs.get(offset),
        }
    }

    fn write(&self, gpu: &Gpu, offset: u32, value: u32) {
        let mut rc6 = self.lock();
        match offset {
            RPNSWREQ => {
                gpu.regs.set(RPNSWREQ, value);
                gpu.regs.set(RPSTAT1, frequency_status(gpu.platform, value));
                return;
            }
            RC_CONTROL | RC_STATE => gpu.regs.set(offset, value),
            // What hardware reports cannot be written.
            CORE_STATUS | RC6_RESIDENCY => return,
            _ => match domain(gpu, offset) {
                Some(domain) => forcewake::request(gpu, domain, value),
                None => return,
            },
        }
        rc6.update(in_rc6(gpu), Instant::now());
    }

    fn reset(&self, _gpu: &Gpu) {
        *self.lock() = Residency::default();
    }
}
