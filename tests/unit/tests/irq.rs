// SPDX-License-Identifier: GPL-2.0

//! The interrupt hierarchy.

use proptest::prelude::*;
use unit::hw::addr::MmioOffset;
use unit::hw::engine::Engine;
use unit::hw::irq::{Group, Pipe, Source, MASTER, MASTER_ENABLE};
use unit::model::irq::{Interrupts, Line};

const ISR: u32 = 0x0;
const IMR: u32 = 0x4;
const IIR: u32 = 0x8;
const IER: u32 = 0xc;

fn at(group: Group, register: u32) -> MmioOffset {
    group.base().checked_add(register).unwrap()
}

/// Interrupts with everything unmasked and enabled.
fn open() -> Interrupts {
    let mut irq = Interrupts::new();
    for group in Group::ALL {
        assert_eq!(irq.write(at(group, IMR), 0), Some(Line::Same));
        assert_eq!(irq.write(at(group, IER), u32::MAX), Some(Line::Same));
    }
    assert_eq!(irq.write(MASTER, MASTER_ENABLE), Some(Line::Same));
    irq
}

#[test]
fn sources_reach_their_bits() {
    // Registers and bits as a guest's driver looks for them.
    let table = [
        (Source::user(Engine::Rcs), 0x44308, 0x0000_0001, 0x01),
        (Source::flush(Engine::Rcs), 0x44308, 0x0000_0010, 0x01),
        (
            Source::context_switch(Engine::Rcs),
            0x44308,
            0x0000_0100,
            0x01,
        ),
        (Source::user(Engine::Bcs), 0x44308, 0x0001_0000, 0x02),
        (
            Source::context_switch(Engine::Bcs),
            0x44308,
            0x0100_0000,
            0x02,
        ),
        (Source::user(Engine::Vcs0), 0x44318, 0x0000_0001, 0x04),
        (
            Source::context_switch(Engine::Vcs1),
            0x44318,
            0x0100_0000,
            0x08,
        ),
        (Source::user(Engine::Vecs), 0x44338, 0x0000_0001, 0x40),
        (Source::vblank(Pipe::A), 0x44408, 0x1, 1 << 16),
        (Source::vblank(Pipe::C), 0x44428, 0x1, 1 << 18),
        (Source::primary_flip_gen8(Pipe::B), 0x44418, 1 << 4, 1 << 17),
        (Source::sprite_flip_gen8(Pipe::B), 0x44418, 1 << 5, 1 << 17),
        (
            Source::plane_flip_gen9(Pipe::A, 0).unwrap(),
            0x44408,
            1 << 3,
            1 << 16,
        ),
        (
            Source::plane_flip_gen9(Pipe::A, 3).unwrap(),
            0x44408,
            1 << 6,
            1 << 16,
        ),
        (Source::AUX_A, 0x44448, 0x1, 1 << 20),
        (Source::GSE, 0x44468, 1 << 27, 1 << 22),
        (Source::GMBUS, 0xc4008, 1 << 17, 1 << 23),
    ];
    for (source, iir, bits, master) in table {
        let mut irq = open();
        assert_eq!(irq.fire(source), Line::Rose, "{source:?}");
        assert_eq!(irq.read(MmioOffset::new(iir)), Some(bits), "{source:?}");
        assert_eq!(irq.read(MASTER), Some(master | MASTER_ENABLE), "{source:?}");
    }
    assert_eq!(Source::plane_flip_gen9(Pipe::A, 4), None);
}

#[test]
fn a_handler_misses_nothing() {
    let mut irq = open();
    let render = Source::user(Engine::Rcs);
    assert_eq!(irq.fire(render), Line::Rose);
    assert_eq!(
        irq.fire(Source::user(Engine::Bcs)),
        Line::Same,
        "already up"
    );
    // The handler: off, look, acknowledge, on.
    assert_eq!(irq.write(MASTER, 0), Some(Line::Fell));
    assert_eq!(irq.read(MASTER), Some(0x3));
    let seen = irq.read(at(Group::Gt0, IIR)).unwrap();
    assert_eq!(irq.write(at(Group::Gt0, IIR), seen), Some(Line::Same));
    assert_eq!(irq.fire(render), Line::Same, "the handler runs");
    assert_eq!(
        irq.write(MASTER, MASTER_ENABLE),
        Some(Line::Rose),
        "it came in between"
    );
}

#[test]
fn masks_and_enables() {
    let mut irq = Interrupts::new();
    let source = Source::user(Engine::Vecs);
    assert_eq!(
        irq.read(at(Group::Gt3, IMR)),
        Some(u32::MAX),
        "masked after a reset"
    );
    assert_eq!(irq.write(MASTER, u32::MAX), Some(Line::Same));
    assert_eq!(
        irq.read(MASTER),
        Some(MASTER_ENABLE),
        "the other bits are read-only"
    );
    assert_eq!(irq.fire(source), Line::Same);
    assert_eq!(irq.read(at(Group::Gt3, IIR)), Some(0), "masked: lost");
    assert_eq!(irq.write(at(Group::Gt3, IMR), !1), Some(Line::Same));
    assert_eq!(irq.fire(source), Line::Same, "not enabled: kept");
    assert_eq!(irq.write(at(Group::Gt3, IER), 1), Some(Line::Rose));
    assert_eq!(irq.write(at(Group::Gt3, IMR), u32::MAX), Some(Line::Same));
    assert_eq!(
        irq.read(at(Group::Gt3, IIR)),
        Some(1),
        "a mask clears nothing"
    );
    assert_eq!(irq.reset(), Line::Fell);
    assert_eq!(irq.reset(), Line::Same);
    assert!(!irq.line());
}

#[test]
fn levels_show_and_fire_when_unmasked() {
    let mut irq = open();
    let level = Source {
        group: Group::Pcu,
        bits: 1 << 24,
    };
    assert_eq!(irq.write(at(Group::Pcu, IMR), u32::MAX), Some(Line::Same));
    assert_eq!(irq.set_level(level, true), Line::Same);
    assert_eq!(irq.read(at(Group::Pcu, ISR)), Some(1 << 24));
    assert_eq!(irq.write(at(Group::Pcu, ISR), 0), Some(Line::Same));
    assert_eq!(irq.read(at(Group::Pcu, ISR)), Some(1 << 24), "read-only");
    assert_eq!(irq.write(at(Group::Pcu, IMR), 0), Some(Line::Rose));
    assert_eq!(irq.write(at(Group::Pcu, IIR), 1 << 24), Some(Line::Fell));
    assert_eq!(irq.set_level(level, true), Line::Same, "no edge");
    assert_eq!(irq.set_level(level, false), Line::Same);
    assert_eq!(irq.set_level(level, true), Line::Rose);
}

#[test]
fn other_registers_are_not_ours() {
    let mut irq = open();
    for offset in [
        0,
        0x441fc,
        0x44204,
        0x44340,
        0x44430,
        0x44301,
        0xc4010,
        u32::MAX,
    ] {
        assert_eq!(irq.read(MmioOffset::new(offset)), None, "{offset:#x}");
        assert_eq!(irq.write(MmioOffset::new(offset), 1), None, "{offset:#x}");
    }
}

/// The reference: every bit of every group on its own, as a wire.
#[derive(Clone, Copy, Default)]
struct Wire {
    level: bool,
    unmasked: bool,
    latched: bool,
    enabled: bool,
}

struct Naive {
    wires: [[Wire; 32]; 11],
    master: bool,
}

impl Naive {
    fn master_bit(group: Group, bit: usize) -> Option<u32> {
        let half = bit / 16;
        Some(match group {
            Group::Gt0 => [0, 1][half],
            Group::Gt1 => [2, 3][half],
            Group::Gt2 => [4, 5][half],
            Group::Gt3 => return [Some(6), None][half],
            Group::PipeA => 16,
            Group::PipeB => 17,
            Group::PipeC => 18,
            Group::Port => 20,
            Group::Misc => 22,
            Group::Pch => 23,
            Group::Pcu => 30,
        })
    }

    fn master(&self) -> u32 {
        let mut value = if self.master { MASTER_ENABLE } else { 0 };
        for (group, wires) in Group::ALL.iter().zip(&self.wires) {
            for (bit, wire) in wires.iter().enumerate() {
                if wire.latched && wire.enabled {
                    value |= Self::master_bit(*group, bit).map_or(0, |bit| 1 << bit);
                }
            }
        }
        value
    }

    fn line(&self) -> bool {
        self.master && self.master() != MASTER_ENABLE
    }

    fn register(&self, group: usize, which: u32) -> u32 {
        let mut value = 0;
        for (bit, wire) in self.wires[group].iter().enumerate() {
            let set = match which {
                ISR => wire.level,
                IMR => !wire.unmasked,
                IIR => wire.latched,
                _ => wire.enabled,
            };
            value |= u32::from(set) << bit;
        }
        value
    }

    fn apply(&mut self, step: &Step) {
        let set = |value: u32, bit: usize| value >> bit & 1 != 0;
        match *step {
            Step::Master(value) => self.master = set(value, 31),
            Step::Write(group, which, value) => {
                for (bit, wire) in self.wires[group].iter_mut().enumerate() {
                    match which {
                        IMR => {
                            let hidden = !(wire.level && wire.unmasked);
                            wire.unmasked = !set(value, bit);
                            wire.latched |= hidden && wire.level && wire.unmasked;
                        }
                        IIR if set(value, bit) => wire.latched = false,
                        IER => wire.enabled = set(value, bit),
                        _ => {}
                    }
                }
            }
            Step::Fire(group, bits) => {
                for (bit, wire) in self.wires[group].iter_mut().enumerate() {
                    wire.latched |= set(bits, bit) && wire.unmasked;
                }
            }
            Step::Level(group, bits, up) => {
                for (bit, wire) in self.wires[group].iter_mut().enumerate() {
                    if set(bits, bit) {
                        wire.latched |= up && !wire.level && wire.unmasked;
                        wire.level = up;
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Master(u32),
    Write(usize, u32, u32),
    Fire(usize, u32),
    Level(usize, u32, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let group = 0_usize..11;
    // Few bits, so that steps meet.
    let bits = prop_oneof![
        Just(0),
        Just(u32::MAX),
        any::<u32>(),
        (0_u32..32).prop_map(|bit| 1 << bit)
    ];
    let which = prop_oneof![Just(ISR), Just(IMR), Just(IIR), Just(IER)];
    let step = prop_oneof![
        1 => any::<bool>().prop_map(|on| Step::Master(u32::from(on) << 31 | 0x5555)),
        4 => (group.clone(), which, bits.clone()).prop_map(|(g, w, b)| Step::Write(g, w, b)),
        2 => (group.clone(), bits.clone()).prop_map(|(g, b)| Step::Fire(g, b)),
        2 => (group, bits, any::<bool>()).prop_map(|(g, b, up)| Step::Level(g, b, up)),
    ];
    prop::collection::vec(step, 1..80)
}

proptest! {
    #[test]
    fn agrees_with_a_wire_for_each_bit(steps in steps()) {
        let mut irq = Interrupts::new();
        let mut naive = Naive { wires: [[Wire::default(); 32]; 11], master: false };
        for step in steps {
            let before = naive.line();
            naive.apply(&step);
            let line = match step {
                Step::Master(value) => irq.write(MASTER, value).unwrap(),
                Step::Write(group, which, value) => {
                    irq.write(at(Group::ALL[group], which), value).unwrap()
                }
                Step::Fire(group, bits) => irq.fire(Source { group: Group::ALL[group], bits }),
                Step::Level(group, bits, up) => {
                    irq.set_level(Source { group: Group::ALL[group], bits }, up)
                }
            };
            let expected = match (before, naive.line()) {
                (false, true) => Line::Rose,
                (true, false) => Line::Fell,
                _ => Line::Same,
            };
            prop_assert_eq!(line, expected);
            prop_assert_eq!(irq.line(), naive.line());
            prop_assert_eq!(irq.read(MASTER), Some(naive.master()));
            for (number, &group) in Group::ALL.iter().enumerate() {
                for which in [ISR, IMR, IIR, IER] {
                    prop_assert_eq!(irq.read(at(group, which)), Some(naive.register(number, which)));
                }
            }
        }
    }
}

#[test]
fn the_guest_listens_to_what_is_enabled_and_not_masked() {
    let mut irq = Interrupts::new();
    let source = Source::vblank(Pipe::B);
    assert!(!irq.listens(source));
    let _ = irq.write(at(Group::PipeB, IER), source.bits);
    assert!(!irq.listens(source));
    let _ = irq.write(at(Group::PipeB, IMR), !source.bits);
    assert!(irq.listens(source));
    assert!(!irq.listens(Source::vblank(Pipe::A)));
    let _ = irq.write(at(Group::PipeB, IER), 0);
    assert!(!irq.listens(source));
}
