// SPDX-License-Identifier: GPL-2.0

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use super::*;
use crate::display::Monitor;
use crate::engine::EngineId;
use crate::gpu::{Gpu, Options};
use crate::regs::Map;
use crate::witness::Injection;

const DEVICES: [Device; 4] = [Device::Bdw, Device::Skl, Device::Kbl, Device::Cfl];

/// A device without memory, for which work is free.
pub fn gpu(device: Device) -> Arc<Gpu> {
    let options = Options {
        platform: device.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    };
    Gpu::new(&options).unwrap()
}

fn enable(bits: u32) -> u32 {
    bits << 16 | bits
}

fn disable(bits: u32) -> u32 {
    bits << 16
}

#[test]
fn no_register_is_declared_twice() {
    for device in DEVICES {
        let mut blocks = blocks();
        blocks.push(Arc::new(Interrupts::new()));
        let spans: Vec<_> = blocks
            .iter()
            .enumerate()
            .flat_map(|(owner, b)| {
                b.spans(device.platform())
                    .into_iter()
                    .map(move |s| (s, owner))
            })
            .collect();
        for (span, _) in &spans {
            for engine in EngineId::ALL {
                let ring = engine.base()..engine.base() + 0x800;
                assert!(
                    !ring.contains(&span.first),
                    "{:#x} is the engines'",
                    span.first
                );
            }
        }
        Map::new(spans).unwrap();
    }
}

/// Pages that the driver polls or that are switched with each vGPU do not trap.
#[test]
fn polled_pages_are_mapped() {
    for device in DEVICES {
        let spans = blocks()
            .iter()
            .flat_map(|b| b.spans(device.platform()))
            .map(|span| (span, 0))
            .collect();
        let pages = Map::new(spans).unwrap().plain_pages();
        for offset in [0xd84, 0x13_0044, 0xb118, 0xc000, 0xc800, 0x14_5998] {
            assert!(pages.iter().any(|run| run.contains(&offset)), "{offset:#x}");
        }
    }
}

#[test]
fn forcewake_is_acknowledged() {
    for device in [Device::Skl, Device::Kbl, Device::Cfl] {
        let gpu = gpu(device);
        for (request, ack) in [(0xa278, 0xd84), (0xa188, 0x13_0044), (0xa270, 0xd88)] {
            gpu.mmio_write(request, enable(1));
            assert_eq!(gpu.mmio_read(ack), 1);
            // FORCEWAKE_KERNEL_FALLBACK
            gpu.mmio_write(request, enable(1 << 15));
            assert_eq!(gpu.mmio_read(ack), 1 << 15 | 1);
            gpu.mmio_write(request, disable(0xffff));
            assert_eq!(gpu.mmio_read(ack), 0);
        }
    }
}

/// One acknowledge is lost; i915's fallback, a toggle of another bit, brings it.
#[test]
fn a_lost_acknowledge_comes_with_the_next_request() {
    let gpu = gpu(Device::Skl);
    let fault = Injection::Forcewake {
        register: 0xd84,
        times: 1,
    };
    gpu.witness.inject(&fault).unwrap();
    gpu.mmio_write(0xa278, enable(1));
    assert_eq!(gpu.mmio_read(0xd84), 0);
    gpu.mmio_write(0xa278, enable(1 << 15));
    assert_eq!(gpu.mmio_read(0xd84), 1 << 15 | 1);
}

#[test]
fn broadwell_has_one_domain() {
    let gpu = gpu(Device::Bdw);
    gpu.mmio_write(0xa188, enable(1));
    assert_eq!(gpu.mmio_read(0x13_0044), 1);
    gpu.mmio_write(0xa278, enable(1));
    assert_eq!(gpu.mmio_read(0xd84), 0);
    // GEN6_GT_THREAD_STATUS_REG
    assert_eq!(gpu.mmio_read(0x13_805c), 0);
}

#[test]
fn the_mailbox_answers_and_refuses() {
    let gpu = gpu(Device::Skl);
    let send = |command: u32, data| {
        gpu.mmio_write(0x13_8128, data);
        gpu.mmio_write(0x13_812c, 0);
        gpu.mmio_write(0x13_8124, 1 << 31 | command);
        (gpu.mmio_read(0x13_8124), gpu.mmio_read(0x13_8128))
    };
    assert_eq!(send(0x21, 0), (0, 1));
    assert_eq!(send(0x07, 3), (0, 1));
    assert_eq!(send(0x06, 0), (0, 0x201c_1302));
    assert_eq!(send(0x7c, 0).0, 1);
    assert_eq!(send(0x08, 0x0808), (0x0, 0x0808));
    assert_eq!(send(0x09, 0xff).0, 0x10);
}

#[test]
fn a_reset_ends_and_loses_what_hardware_loses() {
    let gpu = gpu(Device::Skl);
    gpu.mmio_write(0xb118, 1 << 21);
    gpu.mmio_write(0xc800, 5);
    gpu.mmio_write(0x7004, enable(1 << 6));
    gpu.mmio_write(0x941c, 1 << 1);
    assert_eq!(gpu.mmio_read(0x941c), 0);
    assert_eq!(gpu.mmio_read(0xb118), 1 << 21);
    gpu.mmio_write(0x941c, 1);
    assert_eq!(gpu.mmio_read(0x941c), 0);
    assert_eq!(gpu.mmio_read(0xb118), 1 << 22);
    assert_eq!(gpu.mmio_read(0xc800), 0);
    assert_eq!(gpu.mmio_read(0x7004), 1 << 6);
    assert_eq!(gpu.mmio_read(0xc000) & 1, 1);
}

#[test]
fn tlb_invalidation_is_over_at_once() {
    let gpu = gpu(Device::Cfl);
    for offset in (0x4260..=0x4270).step_by(4) {
        gpu.mmio_write(offset, 1);
        assert_eq!(gpu.mmio_read(offset), 0);
    }
}

#[test]
fn residency_counts_while_the_driver_parks() {
    let gpu = gpu(Device::Skl);
    let counter = || gpu.mmio_read(0x13_8108);
    sleep(Duration::from_millis(2));
    assert_eq!(counter(), 0);
    gpu.mmio_write(0xa090, 1 << 18);
    gpu.mmio_write(0xa094, 4 << 16);
    sleep(Duration::from_millis(2));
    assert_eq!(gpu.mmio_read(0x13_8060), 3);
    gpu.mmio_write(0xa278, enable(1));
    let parked = counter();
    assert!(parked >= 1500, "{parked} ticks of 1.28 us");
    sleep(Duration::from_millis(2));
    assert_eq!(counter(), parked);
    assert_eq!(gpu.mmio_read(0x13_8060), 0);
}

#[test]
fn the_frequency_follows_the_request() {
    // In units of 16.67 MHz in bits 31:23, shown there.
    let skl = gpu(Device::Skl);
    skl.mmio_write(0xa008, 69 << 23);
    assert_eq!(skl.mmio_read(0xa01c) >> 23, 69);
    // In units of 50 MHz in bits 31:24, shown in bits 13:7.
    let bdw = gpu(Device::Bdw);
    bdw.mmio_write(0xa008, 19 << 24);
    assert_eq!(bdw.mmio_read(0xa01c) >> 7 & 0x7f, 19);
}
