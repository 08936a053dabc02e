// SPDX-License-Identifier: GPL-2.0

//! The display as a driver meets it: by its registers.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use proptest::prelude::*;

use super::*;
use crate::gpu::{Gpu, Options};
use crate::platform::Device;
use crate::regs::Map;

fn gpu(device: Device, monitor: Monitor) -> Arc<Gpu> {
    let options = Options {
        platform: device.platform(),
        monitor,
        clock_mhz: 0,
    };
    Gpu::new(&options).unwrap()
}

fn wait_for(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if condition() {
            return true;
        }
        sleep(Duration::from_millis(2));
    }
    false
}

/// Sends an AUX message on `control` and returns status and data.
fn aux(gpu: &Gpu, control: u32, message: &[u8]) -> (u32, Vec<u8>) {
    for (i, bytes) in message.chunks(4).enumerate() {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        gpu.mmio_write(control + 4 + 4 * i as u32, u32::from_be_bytes(word));
    }
    gpu.mmio_write(control, 0xf << 28 | 1 << 25 | (message.len() as u32) << 20);
    let status = gpu.mmio_read(control);
    let size = (status >> 20 & 0x1f) as usize;
    let data = (0..5)
        .flat_map(|i| gpu.mmio_read(control + 4 + 4 * i).to_be_bytes())
        .take(size)
        .collect();
    (status, data)
}

#[test]
fn no_register_has_two_owners() {
    for device in Device::value_variants() {
        for monitor in Monitor::value_variants() {
            let spans = blocks(*monitor)
                .iter()
                .flat_map(|block| block.spans(device.platform()))
                .map(|span| (span, 0))
                .collect();
            assert!(Map::new(spans).is_ok(), "{device:?}");
        }
    }
}

#[test]
fn registers_of_others_are_left_alone() {
    for device in Device::value_variants() {
        for block in blocks(Monitor::Dp) {
            for span in block.spans(device.platform()) {
                let last = span.first + 4 * (span.count - 1);
                let meets = |first, end| last >= first && span.first <= end;
                assert!(!meets(0x4_4200, 0x4_44ff), "{span:x?}");
                assert!(!meets(0xc_4000, 0xc_400c), "{span:x?}");
                assert!(!meets(0x5_1000, 0x5_1000), "{span:x?}");
            }
        }
    }
}

#[test]
fn a_power_well_is_on_while_anybody_asks() {
    let gpu = gpu(Device::Skl, Monitor::None);
    gpu.mmio_write(0x4_5404, 2 << 28);
    assert_eq!(gpu.mmio_read(0x4_5404), 3 << 28);
    gpu.mmio_write(0x4_5400, 2 << 28);
    gpu.mmio_write(0x4_5404, 0);
    assert_eq!(gpu.mmio_read(0x4_5404), 1 << 28);
    gpu.mmio_write(0x4_5400, 0);
    assert_eq!(gpu.mmio_read(0x4_5404), 0);
}

#[test]
fn plls_lock() {
    let gpu = gpu(Device::Kbl, Monitor::None);
    gpu.mmio_write(0x4_6010, 1 << 31);
    gpu.mmio_write(0x4_6060, 1 << 31);
    assert_eq!(gpu.mmio_read(0x4_6010), 3 << 30);
    assert_eq!(gpu.mmio_read(0x6_c060), 1 << 24 | 1);
}

#[test]
fn the_monitor_is_on_port_b_of_each_device() {
    for (device, control) in [
        (Device::Skl, 0x6_4110),
        (Device::Kbl, 0x6_4110),
        (Device::Cfl, 0x6_4110),
        (Device::Bdw, 0xe_4110),
    ] {
        let read_revision = [0x90, 0, 0, 0];
        let there = gpu(device, Monitor::Dp);
        assert_ne!(there.mmio_read(0xc_4000) & 1 << 21, 0);
        let (status, data) = aux(&there, control, &read_revision);
        assert_eq!((status >> 28, data), (0b0110, vec![0, 0x12]));
        there.mmio_write(control, 0b0101 << 28);
        assert_eq!(there.mmio_read(control) >> 28 & 0b1101, 0);

        let (status, _) = aux(&there, control + 0x100, &read_revision);
        assert_eq!(status >> 28, 0b0111);
        let absent = gpu(device, Monitor::None);
        assert_eq!(absent.mmio_read(0xc_4000) & 1 << 21, 0);
        assert_eq!(aux(&absent, control, &read_revision).0 >> 28, 0b0111);
    }
}

#[test]
fn nobody_answers_on_gmbus() {
    let gpu = gpu(Device::Skl, Monitor::Dp);
    gpu.mmio_write(0xc_5104, 1 << 30 | 1 << 25 | 1 << 16 | 0xa1);
    assert_eq!(gpu.mmio_read(0xc_5108), 1 << 10);
    gpu.mmio_write(0xc_5104, 1 << 31);
    assert_eq!(gpu.mmio_read(0xc_5108), 0);
}

#[test]
fn buffers_and_idle_patterns() {
    let gpu = gpu(Device::Skl, Monitor::Dp);
    assert_eq!(gpu.mmio_read(0x6_4100), 1 << 7);
    gpu.mmio_write(0x6_4100, 1 << 31);
    assert_eq!(gpu.mmio_read(0x6_4100), 1 << 31);
    gpu.mmio_write(0x6_4140, 1 << 31 | 2 << 8);
    assert_eq!(gpu.mmio_read(0x6_4144), 1 << 25);
}

#[test]
fn a_palette_is_read_back_by_its_index() {
    let gpu = gpu(Device::Bdw, Monitor::Dp);
    let (index, data) = (0x4_ac00, 0x4_ac04);
    gpu.mmio_write(index, 1 << 15 | 1022);
    for value in 0..4 {
        gpu.mmio_write(data, 100 + value);
    }
    gpu.mmio_write(index, 1 << 15 | 1022);
    let read: Vec<u32> = (0..4).map(|_| gpu.mmio_read(data)).collect();
    assert_eq!(read, [100, 101, 102, 103]);
}

#[test]
fn a_running_pipe_counts_and_latches() {
    let gpu = gpu(Device::Skl, Monitor::Dp);
    let pipe = 0x7_1000;
    gpu.mmio_write(0x6_1000, 99 << 16);
    gpu.mmio_write(0x6_100c, 99 << 16);
    gpu.mmio_write(0x6_1010, 89);
    gpu.mmio_write(pipe + 8, 1 << 31);
    assert_eq!(gpu.mmio_read(pipe + 8), 3 << 30);
    gpu.mmio_write(pipe + 0x19c, 0x1234_5000);
    // No access while it waits: the thread takes the vblank.
    assert!(wait_for(|| gpu.regs.get(pipe + 0x1ac) == 0x1234_5000));
    assert_eq!(gpu.mmio_read(pipe + 0x44), 1);
    assert!(gpu.mmio_read(pipe + 0x40) >= 1);
    let line = gpu.mmio_read(pipe);
    assert!(wait_for(|| gpu.mmio_read(pipe) != line));

    gpu.mmio_write(pipe + 8, 0);
    assert_eq!(gpu.mmio_read(pipe + 8), 0);
    let (line, frames) = (gpu.mmio_read(pipe), gpu.mmio_read(pipe + 0x40));
    sleep(Duration::from_millis(40));
    assert_eq!(
        (gpu.mmio_read(pipe), gpu.mmio_read(pipe + 0x40)),
        (line, frames)
    );
    gpu.mmio_write(pipe + 0x19c, 0x6000);
    assert_eq!(gpu.mmio_read(pipe + 0x1ac), 0x6000);
}

#[test]
fn an_asynchronous_flip_does_not_wait() {
    let gpu = gpu(Device::Bdw, Monitor::Dp);
    gpu.mmio_write(0x7_0008, 1 << 31);
    gpu.mmio_write(0x7_0180, 1 << 31 | 1 << 9);
    gpu.mmio_write(0x7_019c, 0x7000);
    assert_eq!(gpu.mmio_read(0x7_01ac), 0x7000);
}

#[test]
fn the_thread_ends_with_the_device() {
    let device = gpu(Device::Skl, Monitor::Dp);
    device.mmio_write(0x7_0008, 1 << 31);
    let weak = Arc::downgrade(&device);
    drop(device);
    assert!(wait_for(|| weak.strong_count() == 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_access_is_survived(
        device in prop::sample::select(Device::value_variants()),
        accesses in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u32>()), 0..400)
    ) {
        let gpu = gpu(device, Monitor::Dp);
        let registers: Vec<u32> = blocks(Monitor::Dp)
            .iter()
            .flat_map(|block| block.spans(gpu.platform))
            .flat_map(|span| (0..span.count.min(128)).map(move |i| span.first + 4 * i))
            .collect();
        for (write, index, value) in accesses {
            let register = *index.get(&registers);
            if write {
                gpu.mmio_write(register, value);
            } else {
                gpu.mmio_read(register);
            }
        }
    }
}
