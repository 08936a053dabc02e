// SPDX-License-Identifier: GPL-2.0

//! What an image says of the batches that run while a context is restored.

use unit::hw::addr::{Bytes, HostGma};
use unit::hw::context::{INDIRECT_CONTEXT, INDIRECT_CONTEXT_OFFSET, PER_CONTEXT_BATCH};
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;
use unit::model::image::Restore;

/// As i915 fills it in for the render engine of Gen9: 4 cache lines, at line 0x26 of the image.
const INDIRECT: u32 = 0xfee0_0004;
const OFFSET: u32 = 0x26 << 6;

fn read(platform: Platform, engine: Engine, values: [u32; 3]) -> Option<Restore> {
    let [per_context, indirect, offset] = values;
    let read = Restore::read(platform, engine, |dword| match dword {
        PER_CONTEXT_BATCH => Ok(per_context),
        INDIRECT_CONTEXT => Ok(indirect),
        INDIRECT_CONTEXT_OFFSET => Ok(offset),
        dword => Err(dword),
    });
    read.expect("no other dword")
}

fn host() -> Restore {
    let values = [0, INDIRECT, OFFSET];
    read(Platform::Skylake, Engine::Rcs, values).expect("it runs them")
}

fn values(restore: Restore) -> [u32; 3] {
    restore.registers().map(|(_, value)| value)
}

#[test]
fn nothing_changes_what_the_host_has() {
    assert_eq!(
        host().registers(),
        [
            (PER_CONTEXT_BATCH, 0),
            (INDIRECT_CONTEXT, INDIRECT),
            (INDIRECT_CONTEXT_OFFSET, OFFSET)
        ]
    );
}

#[test]
fn engines_that_run_none_have_none() {
    for engine in [Engine::Bcs, Engine::Vcs0, Engine::Vcs1, Engine::Vecs] {
        assert_eq!(read(Platform::Broadwell, engine, [0; 3]), None);
        assert!(read(Platform::Skylake, engine, [0; 3]).is_some());
    }
    assert!(read(Platform::Broadwell, Engine::Rcs, [0; 3]).is_some());
}

#[test]
fn another_batch_in_the_middle() {
    let start = HostGma::new(0x1234_5000);
    let changed = host().with_indirect(start, Bytes::new(63 * 64));
    assert_eq!(changed.map(values), Some([0, 0x1234_503f, OFFSET]));
}

#[test]
fn a_batch_in_the_middle_that_cannot_be_named() {
    let start = HostGma::new(0x1234_5000);
    for size in [0, 4, 64 * 64, 65 * 64, 64 << 32] {
        assert_eq!(host().with_indirect(start, Bytes::new(size)), None);
    }
    for start in [0x1234_5020, 0x1_0000_0000] {
        let start = HostGma::new(start);
        assert_eq!(host().with_indirect(start, Bytes::new(64)), None);
    }
}

#[test]
fn when_a_batch_in_the_middle_runs_is_for_the_host_to_say() {
    let none = read(Platform::Skylake, Engine::Bcs, [0; 3]).expect("it runs them");
    let start = HostGma::new(0x1234_5000);
    assert_eq!(none.with_indirect(start, Bytes::new(64)), None);
    let changed = none.with_per_context(start);
    assert_eq!(changed.map(values), Some([0x1234_5001, 0, 0]));
}

#[test]
fn another_batch_at_the_end() {
    let changed = host().with_per_context(HostGma::new(0xffff_f000));
    assert_eq!(changed.map(values), Some([0xffff_f001, INDIRECT, OFFSET]));
    for start in [0x1234_5040, 0x1_0000_0000] {
        assert_eq!(host().with_per_context(HostGma::new(start)), None);
    }
}
