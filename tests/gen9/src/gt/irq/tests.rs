// SPDX-License-Identifier: GPL-2.0

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::gt::tests::gpu;
use crate::platform::Device;
use crate::witness::Injection;

/// GT_RENDER_USER_INTERRUPT.
const USER: u32 = 1 << 0;
/// GT_CONTEXT_SWITCH_INTERRUPT.
const SWITCH: u32 = 1 << 8;

/// Levels that the line took.
type Levels = Arc<Mutex<Vec<bool>>>;

fn device() -> (Arc<Gpu>, Levels) {
    let gpu = gpu(Device::Skl);
    let levels = Levels::default();
    let seen = levels.clone();
    gpu.irq
        .set_line(Box::new(move |level| seen.lock().unwrap().push(level)));
    (gpu, levels)
}

/// Lets everything through, up to the master.
fn open(gpu: &Gpu) {
    for engine in EngineId::ALL {
        gpu.mmio_write(engine.base() + RING_IMR, 0);
    }
    for source in &SOURCES {
        gpu.mmio_write(source.first + IMR, 0);
        gpu.mmio_write(source.first + IER, !0);
    }
    gpu.mmio_write(MASTER, MASTER_ENABLE);
}

#[test]
fn engines_and_their_master_bits() {
    for (engine, iir, bits, master) in [
        (EngineId::Rcs, 0x4_4308, SWITCH, 1 << 0),
        (EngineId::Bcs, 0x4_4308, SWITCH << 16, 1 << 1),
        (EngineId::Vcs0, 0x4_4318, SWITCH, 1 << 2),
        (EngineId::Vecs, 0x4_4338, SWITCH, 1 << 6),
    ] {
        let (gpu, levels) = device();
        open(&gpu);
        gpu.irq.engine(&gpu, engine, SWITCH);
        assert_eq!(gpu.mmio_read(iir), bits);
        assert_eq!(gpu.mmio_read(MASTER), MASTER_ENABLE | master);
        gpu.mmio_write(iir, bits);
        assert_eq!(gpu.mmio_read(MASTER), MASTER_ENABLE);
        assert_eq!(*levels.lock().unwrap(), [true, false]);
    }
}

#[test]
fn display_sources_and_their_master_bits() {
    for (source, iir, master) in [
        (DisplayIrq::Pipe(0), 0x4_4408, 1 << 16),
        (DisplayIrq::Pipe(1), 0x4_4418, 1 << 17),
        (DisplayIrq::Pipe(2), 0x4_4428, 1 << 18),
        (DisplayIrq::Port, 0x4_4448, 1 << 20),
        (DisplayIrq::Misc, 0x4_4468, 1 << 22),
        (DisplayIrq::Pcu, 0x4_44e8, 1 << 30),
        (DisplayIrq::Pch, 0xc_4008, 1 << 23),
    ] {
        let (gpu, _) = device();
        open(&gpu);
        gpu.irq.display(&gpu, source, 1 << 3);
        assert_eq!(gpu.mmio_read(iir), 1 << 3, "{source:?}");
        assert_eq!(gpu.mmio_read(MASTER), MASTER_ENABLE | master, "{source:?}");
    }
    let (gpu, levels) = device();
    open(&gpu);
    gpu.irq.display(&gpu, DisplayIrq::Pipe(3), 1);
    assert!(levels.lock().unwrap().is_empty());
}

#[test]
fn ring_mask_uses_the_shifted_bits() {
    let (gpu, levels) = device();
    open(&gpu);
    let imr = EngineId::Bcs.base() + RING_IMR;
    gpu.mmio_write(imr, !(SWITCH << 16));
    gpu.irq.engine(&gpu, EngineId::Bcs, USER | SWITCH);
    assert_eq!(gpu.mmio_read(0x4_4308), SWITCH << 16);
    assert_eq!(*levels.lock().unwrap(), [true]);
}

#[test]
fn what_is_pending_gives_a_new_edge_when_the_master_is_enabled() {
    let (gpu, levels) = device();
    open(&gpu);
    gpu.irq.engine(&gpu, EngineId::Rcs, USER);
    gpu.mmio_write(MASTER, 0);
    assert_eq!(gpu.mmio_read(MASTER), 1);
    gpu.irq.engine(&gpu, EngineId::Vcs0, USER);
    gpu.mmio_write(0x4_4308, USER);
    gpu.mmio_write(MASTER, MASTER_ENABLE);
    assert_eq!(*levels.lock().unwrap(), [true, false, true]);
}

#[test]
fn a_late_line_learns_the_level_and_a_reset_drops_it() {
    let (gpu, first) = device();
    open(&gpu);
    gpu.irq.engine(&gpu, EngineId::Rcs, USER);
    let levels = Levels::default();
    let seen = levels.clone();
    gpu.irq
        .set_line(Box::new(move |level| seen.lock().unwrap().push(level)));
    gpu.reset();
    assert_eq!(*first.lock().unwrap(), [true]);
    assert_eq!(*levels.lock().unwrap(), [true, false]);
    assert_eq!(gpu.mmio_read(0x4_4304), !0);
}

/// Only an interrupt that would have arrived uses up the planted fault.
#[test]
fn a_planted_loss_takes_one_interrupt() {
    let (gpu, levels) = device();
    open(&gpu);
    let fault = Injection::LostInterrupt {
        engine: EngineId::Rcs,
        times: 1,
    };
    gpu.witness.inject(&fault).unwrap();
    gpu.mmio_write(EngineId::Rcs.base() + RING_IMR, !USER);
    gpu.irq.engine(&gpu, EngineId::Rcs, SWITCH);
    gpu.irq.engine(&gpu, EngineId::Rcs, USER);
    assert_eq!(gpu.mmio_read(0x4_4308), 0);
    gpu.irq.engine(&gpu, EngineId::Rcs, USER);
    assert_eq!(gpu.mmio_read(0x4_4308), USER);
    assert_eq!(*levels.lock().unwrap(), [true]);
}

/// One step of a random run: which of the sets, what is done to it, and with which value.
#[derive(Clone, Copy, Debug)]
enum Op {
    Write(usize, u32, u32),
    Master(u32),
    Ring(usize, u32),
    Engine(usize, u32),
    Display(usize, u32),
}

fn op() -> impl Strategy<Value = Op> {
    let bits = prop_oneof![
        any::<u32>(),
        (0u32..32).prop_map(|bit| 1 << bit),
        Just(0),
        Just(!0)
    ];
    let register = prop_oneof![Just(IMR), Just(IIR), Just(IER)];
    prop_oneof![
        3 => (0..SOURCES.len(), register, bits.clone()).prop_map(|(s, r, v)| Op::Write(s, r, v)),
        2 => bits.clone().prop_map(Op::Master),
        1 => (0usize..4, bits.clone()).prop_map(|(e, v)| Op::Ring(e, v)),
        3 => (0usize..4, 0u32..0x1_0000).prop_map(|(e, v)| Op::Engine(e, v)),
        2 => (0usize..7, bits).prop_map(|(d, v)| Op::Display(d, v)),
    ]
}

const DISPLAY: [DisplayIrq; 7] = [
    DisplayIrq::Pipe(0),
    DisplayIrq::Pipe(1),
    DisplayIrq::Pipe(2),
    DisplayIrq::Port,
    DisplayIrq::Misc,
    DisplayIrq::Pcu,
    DisplayIrq::Pch,
];

/// The hierarchy bit by bit, with none of the tables that the device uses.
#[derive(Default)]
struct Reference {
    imr: [u32; 11],
    iir: [u32; 11],
    ier: [u32; 11],
    ring: [u32; 4],
    enabled: bool,
    level: bool,
    changes: Vec<bool>,
}

impl Reference {
    fn raise(&mut self, set: usize, bit: u32) {
        if self.imr[set] >> bit & 1 == 0 {
            self.iir[set] |= 1 << bit;
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Write(s, IMR, v) => self.imr[s] = v,
            Op::Write(s, IIR, v) => self.iir[s] &= !v,
            Op::Write(s, _, v) => self.ier[s] = v,
            Op::Master(v) => self.enabled = v >> 31 == 1,
            Op::Ring(e, v) => self.ring[e] = v,
            Op::Engine(e, v) => {
                let (set, shift) = [(0, 0), (0, 16), (1, 0), (3, 0)][e];
                for bit in (0..16).filter(|bit| v >> bit & 1 == 1) {
                    if self.ring[e] >> (bit + shift) & 1 == 0 {
                        self.raise(set, bit + shift);
                    }
                }
            }
            Op::Display(d, v) => {
                for bit in (0..32).filter(|bit| v >> bit & 1 == 1) {
                    self.raise(4 + d, bit);
                }
            }
        }
        let level = self.enabled && self.master() != 0;
        if level != self.level {
            self.level = level;
            self.changes.push(level);
        }
    }

    fn master(&self) -> u32 {
        let mut master = 0;
        for set in 0..11 {
            for bit in (0..32).filter(|bit| self.iir[set] & self.ier[set] & 1 << bit != 0) {
                master |= 1
                    << match (set, bit) {
                        (0..=2, 0..16) => 2 * set as u32,
                        (0..=2, _) => 2 * set as u32 + 1,
                        (3, _) => 6,
                        (4..=6, _) => 12 + set as u32,
                        (7, _) => 20,
                        (8, _) => 22,
                        (9, _) => 30,
                        _ => 23,
                    };
            }
        }
        master
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_naive_reference(ops in prop::collection::vec(op(), 1..120)) {
        let (gpu, levels) = device();
        open(&gpu);
        let mut reference = Reference { ier: [!0; 11], enabled: true, ..Reference::default() };
        for op in ops {
            match op {
                Op::Write(s, r, v) => gpu.mmio_write(SOURCES[s].first + r, v),
                Op::Master(v) => gpu.mmio_write(MASTER, v),
                Op::Ring(e, v) => gpu.mmio_write(EngineId::ALL[e].base() + RING_IMR, v),
                Op::Engine(e, v) => gpu.irq.engine(&gpu, EngineId::ALL[e], v),
                Op::Display(d, v) => gpu.irq.display(&gpu, DISPLAY[d], v),
            }
            reference.apply(op);
            let enable = if reference.enabled { MASTER_ENABLE } else { 0 };
            prop_assert_eq!(gpu.mmio_read(MASTER), enable | reference.master());
            for (s, source) in SOURCES.iter().enumerate() {
                prop_assert_eq!(gpu.mmio_read(source.first + IIR), reference.iir[s]);
            }
        }
        prop_assert_eq!(&*levels.lock().unwrap(), &reference.changes);
    }
}
