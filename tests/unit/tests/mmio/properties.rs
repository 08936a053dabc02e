// SPDX-License-Identifier: GPL-2.0

//! Whatever is written in whatever order.

use proptest::prelude::*;

use super::support::*;

proptest! {
    /// Registers that are memory or masks, against the obvious.
    #[test]
    fn plain_and_masked(writes in prop::collection::vec(any::<u32>(), 1..8), pick in any::<prop::sample::Index>()) {
        let map = map(Platform::Skylake);
        let simple: Vec<_> = map
            .spans()
            .filter(|span| matches!(span.policy, Policy::Plain | Policy::Masked))
            .collect();
        let span = simple[pick.index(simple.len())];
        let mut machine = skylake();
        let mut expected = match span.initial {
            Initial::Value(value) => value,
            Initial::Host => snapshot(MmioOffset::new(span.first)),
        };
        for value in writes {
            machine.set(span.first, value);
            for bit in (0..32).filter(|bit| span.read_only >> bit & 1 == 0) {
                let (changes, to) = match span.policy {
                    Policy::Masked if bit < 16 => (value >> (bit + 16) & 1 != 0, value >> bit & 1),
                    Policy::Masked => (true, 0),
                    _ => (true, value >> bit & 1),
                };
                if changes {
                    expected = expected & !(1 << bit) | to << bit;
                }
            }
        }
        prop_assert_eq!(machine.read(span.first), expected, "{:#x}", span.first);
    }
}

proptest! {
    // Each case makes a machine and looks at all of its registers.
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// No access harms, none writes to the host, and a reset makes the registers as new.
    #[test]
    fn any_sequence(
        accesses in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 0..4), 0..2000),
        platform in 0..PLATFORMS.len(),
    ) {
        let mut machine = Machine::new(PLATFORMS[platform]);
        let known: Vec<_> = machine.registers.map().spans().collect();
        for (pick, value, kind) in accesses {
            let at = match kind {
                0 => value % SPACE & !3,
                _ => known[pick.index(known.len())].first,
            };
            if kind == 1 {
                let _ = machine.registers.read(MmioOffset::new(at), &machine.host, now);
            } else if let Effect::Reset(scope) = machine.write(at, value) {
                machine.registers.finish_reset(scope);
            }
        }
        machine.registers.reset();
        let fresh = Machine::new(PLATFORMS[platform]);
        for at in (0..SPACE).step_by(4).map(MmioOffset::new) {
            prop_assert_eq!(machine.registers.get(at), fresh.registers.get(at), "{:?}", at);
        }
    }
}
