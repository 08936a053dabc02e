// SPDX-License-Identifier: GPL-2.0

//! Messages of a client, well framed and not, with and without descriptors.
//!
//! The input is a list of records: command, flags, length of the body, body. The size that the
//! header tells is right, as a wrong one ends the conversation before anything happens, except
//! where bit 7 of the flags asks for the body as it is, without a header.

#![no_main]

use std::fs::File;
use std::sync::{LazyLock, Mutex};

use gen9::display::Monitor;
use gen9::gpu::{Gpu, Options};
use gen9::platform::Device as Model;
use gen9::vfio::{Answer, Device, Session, Setup};
use libfuzzer_sys::fuzz_target;
use vmm_sys_util::tempfile::TempFile;

/// The client wants no reply; the protocol's own bit.
const NO_REPLY: u8 = 1 << 4;
/// Send the body without a header.
const RAW: u8 = 1 << 7;
/// How many descriptors to send.
const FILES: u8 = 3;

static DEVICE: LazyLock<Mutex<Device>> = LazyLock::new(|| {
    let gpu = Gpu::new(&Options {
        platform: Model::Skl.platform(),
        monitor: Monitor::None,
        clock_mhz: 0,
    });
    Mutex::new(Device::new(gpu.expect("no device"), Setup::default()))
});

static MEMORY: LazyLock<File> = LazyLock::new(|| {
    let file = TempFile::new().expect("no file").into_file();
    file.set_len(16 << 12).expect("no space");
    file
});

fn message(command: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 0, command, 0];
    for field in [16 + body.len() as u32, u32::from(flags & NO_REPLY), 0] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend_from_slice(body);
    bytes
}

fuzz_target!(|data: &[u8]| {
    let mut device = DEVICE.lock().expect("an earlier run failed");
    let mut session = Session::new(&mut device);
    let mut rest = data;
    // Most inputs should get past the greeting.
    if data.first().is_none_or(|first| first & RAW == 0) {
        let greeting = message(1, 0, &[0; 4]);
        assert!(matches!(
            session.handle(&greeting, vec![]),
            Ok(Answer::Reply(_))
        ));
    }
    while let [command, flags, length, tail @ ..] = rest {
        let (body, tail) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = tail;
        let files = (0..flags & FILES)
            .filter_map(|_| MEMORY.try_clone().ok())
            .collect();
        let message = match flags & RAW {
            0 => message(*command, *flags, body),
            _ => body.to_vec(),
        };
        match session.handle(&message, files) {
            Ok(Answer::Reply(reply)) => assert_eq!(reply.bytes()[..4], message[..4]),
            Ok(Answer::Silence) => {}
            Ok(Answer::Goodbye(_)) | Err(_) => break,
        }
    }
    device.release();
});
