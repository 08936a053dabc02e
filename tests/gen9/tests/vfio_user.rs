// SPDX-License-Identifier: GPL-2.0

//! The device over a real socket, spoken to by a client that others wrote (the crate vfio_user),
//! and by hand where that client is too polite.

mod machine;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gen9::addr::Dma;
use gen9::display::Monitor;
use gen9::engine::EngineId;
use gen9::gpu::{Gpu, Options};
use gen9::platform::Device as Model;
use gen9::vfio::{Answer, ApertureSize, Device, Server, Session, Setup, Stop};
use gen9::witness::{Injection, Kind};
use machine::{MEMORY, Machine};
use proptest::prelude::*;
use vfio_bindings::bindings::vfio::*;
use vfio_user::Client;
use vmm_sys_util::eventfd::EventFd;
use vmm_sys_util::tempdir::TempDir;
use vmm_sys_util::tempfile::TempFile;

const CONFIG: u32 = VFIO_PCI_CONFIG_REGION_INDEX;
const PAGE: u64 = 4096;
const GGTT: u64 = 8 << 20;

fn gpu() -> Arc<Gpu> {
    let platform = Model::Skl.platform();
    Gpu::new(&Options {
        platform,
        monitor: Monitor::None,
        clock_mhz: 0,
    })
    .unwrap()
}

/// A server on a thread of its own.
struct Served {
    gpu: Arc<Gpu>,
    socket: PathBuf,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
    _dir: TempDir,
}

impl Served {
    fn new(setup: Setup) -> Self {
        let dir = TempDir::new().unwrap();
        let socket = dir.as_path().join("gpu.sock");
        let (gpu, stop) = (gpu(), Arc::new(Stop::new().unwrap()));
        let server = Server::bind(&socket).unwrap();
        let mut device = Device::new(Arc::clone(&gpu), setup);
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || server.run(&mut device, &until).unwrap());
        Self {
            gpu,
            socket,
            stop,
            thread: Some(thread),
            _dir: dir,
        }
    }

    fn client(&self) -> Client {
        Client::new(&self.socket).unwrap()
    }

    fn raw(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.request();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))) || std::thread::panicking());
        assert!(!self.socket.exists());
    }
}

fn memory(pages: u64) -> File {
    let file = TempFile::new().unwrap().into_file();
    file.set_len(pages * PAGE).unwrap();
    file
}

fn read32(client: &mut Client, region: u32, offset: u64) -> u32 {
    let mut bytes = [0; 4];
    client.region_read(region, offset, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

fn write32(client: &mut Client, region: u32, offset: u64, value: u32) {
    client
        .region_write(region, offset, &value.to_le_bytes())
        .unwrap();
}

fn message(id: u16, command: u16, flags: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&id.to_le_bytes());
    bytes.extend_from_slice(&command.to_le_bytes());
    for field in [16 + body.len() as u32, flags, 0] {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    bytes.extend_from_slice(body);
    bytes
}

/// Version 0.1 without capabilities.
fn version() -> Vec<u8> {
    message(0, 1, 0, &[0, 0, 1, 0])
}

fn access(offset: u64, region: u32, count: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = offset.to_le_bytes().to_vec();
    bytes.extend_from_slice(&region.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// The next reply: its id, its flags, its error and its payload.
fn reply(stream: &mut UnixStream) -> std::io::Result<(u16, u32, u32, Vec<u8>)> {
    let mut head = [0; 16];
    stream.read_exact(&mut head)?;
    let field = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
    let mut body = vec![0; field(4) as usize - 16];
    stream.read_exact(&mut body)?;
    Ok((
        u16::from_le_bytes([head[0], head[1]]),
        field(8),
        field(12),
        body,
    ))
}

#[test]
fn the_client_finds_a_graphics_device() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    assert_eq!(read32(&mut client, CONFIG, 0), 0x1912_8086);
    assert_eq!(read32(&mut client, CONFIG, 8) >> 8, 0x03_0000);
    let sizes: Vec<u64> = (0..9).map(|i| client.region(i).unwrap().size).collect();
    assert_eq!(sizes, [16 << 20, 0, 256 << 20, 0, 64, 0, 0, 4096, 0]);
    let counts: Vec<u32> = (0..5)
        .map(|i| client.get_irq_info(i).unwrap().count)
        .collect();
    assert_eq!(counts, [1, 1, 0, 0, 0]);
}

#[test]
fn the_aperture_is_as_large_as_was_asked_for() {
    for mib in [0, 128, 384, 8192] {
        assert!(ApertureSize::mib(mib).is_none(), "{mib}");
    }
    for mib in [512, 4096] {
        let served = Served::new(Setup {
            aperture: ApertureSize::mib(mib).unwrap(),
            ..Setup::default()
        });
        let mut client = served.client();
        let size = u64::from(mib) << 20;
        assert_eq!(client.region(2).unwrap().size, size);
        for offset in [0x18, 0x1c] {
            write32(&mut client, CONFIG, offset, !0);
        }
        let halves = [0x18, 0x1c].map(|offset| u64::from(read32(&mut client, CONFIG, offset)));
        assert_eq!((halves[1] << 32 | halves[0]) & !0xf, !(size - 1));
        assert!(client.region_read(2, size - 4, &mut [0; 4]).is_ok());
    }
}

#[test]
fn plain_pages_and_the_ggtt_are_mapped() {
    let served = Served::new(Setup::default());
    let client = served.client();
    let bar0 = client.region(0).unwrap();
    let ggtt = bar0.sparse_areas.last().unwrap();
    assert_eq!((ggtt.offset, ggtt.size), (GGTT, GGTT));
    assert!(bar0.sparse_areas.len() > 1);
    let file = bar0.file_offset.as_ref().unwrap().file();
    file.write_all_at(&0x1234_5001u64.to_le_bytes(), GGTT + 8)
        .unwrap();
    assert_eq!(served.gpu.ggtt.entry(1), 0x1234_5001);
}

#[test]
fn nothing_is_mapped_when_all_is_to_trap() {
    let served = Served::new(Setup {
        trap_all: true,
        ..Setup::default()
    });
    let mut client = served.client();
    assert!(client.region(0).unwrap().file_offset.is_none());
    client
        .region_write(0, GGTT + 8, &0x1234_5001u64.to_le_bytes())
        .unwrap();
    assert_eq!(served.gpu.ggtt.entry(1), 0x1234_5001);
}

/// One register that only keeps its value, a constant and one that does something.
#[test]
fn a_stuck_register_sticks_for_the_machine() {
    let served = Served::new(Setup {
        trap_all: true,
        ..Setup::default()
    });
    let mut client = served.client();
    for register in [0x4_f100, 0x2_2358, 0x2_20d0] {
        let value = 0x5a5a_0000 | register & 0xfff;
        let fault = Injection::StuckRegister { register, value };
        served.gpu.witness.inject(&fault).unwrap();
        for write in [0, 5, 5] {
            assert_eq!(read32(&mut client, 0, register.into()), value);
            write32(&mut client, 0, register.into(), write);
        }
        assert_ne!(read32(&mut client, 0, u64::from(register) + 4), value);
    }
}

#[test]
fn the_aperture_shows_memory() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    let ram = memory(16);
    client
        .dma_map(0, 0x10_0000, 16 * PAGE, ram.as_raw_fd())
        .unwrap();
    client
        .region_write(0, GGTT + 8 * 7, &0x10_3001u64.to_le_bytes())
        .unwrap();
    client.region_write(2, 7 * PAGE + 5, b"tile").unwrap();
    let mut bytes = [0; 4];
    ram.read_exact_at(&mut bytes, 3 * PAGE + 5).unwrap();
    assert_eq!(&bytes, b"tile");
    client.dma_unmap(0x10_0000, 16 * PAGE).unwrap();
    assert_eq!(read32(&mut client, 2, 7 * PAGE + 4), 0);
}

#[test]
fn interrupts_arrive_as_events() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    let event = EventFd::new(libc::EFD_NONBLOCK).unwrap();
    let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    client
        .set_irqs(VFIO_PCI_MSI_IRQ_INDEX, flags, 0, 1, &[event.as_raw_fd()])
        .unwrap();
    // The blitter's mask, the GT's mask and enable, the master.
    for (register, value) in [
        (0x2_20a8, 0),
        (0x4_4304, 0),
        (0x4_430c, !0),
        (0x4_4200, 1 << 31),
    ] {
        write32(&mut client, 0, register, value);
    }
    served.gpu.irq.engine(&served.gpu, EngineId::Bcs, 1);
    assert_eq!(event.read().unwrap(), 1);
    assert!(event.read().is_err());
    write32(&mut client, 0, 0x4_4308, !0);
    served.gpu.irq.engine(&served.gpu, EngineId::Bcs, 1);
    assert_eq!(event.read().unwrap(), 1);
}

#[test]
fn the_next_client_finds_a_fresh_device() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    let ram = memory(1);
    client.dma_map(0, 0, PAGE, ram.as_raw_fd()).unwrap();
    write32(&mut client, CONFIG, 0x3c, 11);
    write32(&mut client, 0, 0x4_f100, 5);
    drop(client);
    let mut client = served.client();
    assert_eq!(read32(&mut client, CONFIG, 0x3c), 0x100);
    assert_eq!(read32(&mut client, 0, 0x4_f100), 0);
    client.dma_map(0, 0, PAGE, ram.as_raw_fd()).unwrap();
    client.reset().unwrap();
    client.dma_unmap(0, PAGE).unwrap();
}

/// Gives the device memory, and an engine of it a context that stores 1 there for ever. Gives the
/// memory when it has done so.
fn keep_busy(served: &Served, client: &mut Client) -> File {
    const BATCH: u32 = 0x38_0000;
    let ram = memory(MEMORY / PAGE);
    client.dma_map(0, 0, MEMORY, ram.as_raw_fd()).unwrap();
    let mut machine = Machine::around(Arc::clone(&served.gpu), EngineId::Bcs);
    let mut context = machine.context();
    let again = [0x31 << 23 | 1, BATCH, 0];
    let store = [0x20 << 23 | 1 << 22 | 2, STORED, 0, 1];
    machine.store(BATCH, &[&store[..], &again].concat());
    machine.emit(&mut context, &again);
    machine.submit(&[&context]);
    while !is_stored(&ram) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(served.gpu.engines.is_busy(EngineId::Bcs));
    ram
}

const STORED: u32 = 0x30_0000;

/// Whether the context has stored since the last time.
fn is_stored(ram: &File) -> bool {
    let mut bytes = [0; 4];
    ram.read_exact_at(&mut bytes, STORED.into()).unwrap();
    ram.write_all_at(&[0; 4], STORED.into()).unwrap();
    u32::from_le_bytes(bytes) != 0
}

/// Whether somebody goes on to store. The last access may still be under way.
fn goes_on(ram: &File) -> bool {
    std::thread::sleep(Duration::from_millis(50));
    is_stored(ram);
    std::thread::sleep(Duration::from_millis(50));
    is_stored(ram)
}

#[test]
fn memory_goes_while_an_engine_works_in_it() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    let ram = keep_busy(&served, &mut client);
    assert!(goes_on(&ram));
    client.dma_unmap(0, MEMORY).unwrap();
    assert!(!goes_on(&ram));
    // It cannot fetch any more, which hangs it until it is reset.
    let records = served.gpu.witness.report().violations.records;
    assert!(records.iter().any(|record| record.kind == Kind::InvalidPte));
    assert!(served.gpu.engines.is_busy(EngineId::Bcs));
    client.reset().unwrap();
    assert!(!served.gpu.engines.is_busy(EngineId::Bcs));
    keep_busy(&served, &mut client);
}

#[test]
fn a_client_goes_while_an_engine_works_for_it() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    let ram = keep_busy(&served, &mut client);
    drop(client);
    // Is answered when all is cleaned up.
    let mut client = served.client();
    assert!(!served.gpu.engines.is_busy(EngineId::Bcs));
    assert!(!goes_on(&ram));
    assert!(served.gpu.ram.load::<u32>(Dma(0)).is_err());
    keep_busy(&served, &mut client);
}

#[test]
fn function_level_reset_clears_registers() {
    let served = Served::new(Setup::default());
    let mut client = served.client();
    write32(&mut client, 0, 0x4_f100, 5);
    client.region_write(CONFIG, 0xa8, &[1]).unwrap();
    assert_eq!(read32(&mut client, 0, 0x4_f100), 0);
}

#[test]
fn errors_are_told_and_survived() {
    let served = Served::new(Setup::default());
    let mut stream = served.raw();
    stream.write_all(&version()).unwrap();
    assert_eq!(reply(&mut stream).unwrap().1, 1);
    let einval = libc::EINVAL as u32;
    for (command, body, errno) in [
        (1, vec![0, 0, 1, 0], einval),
        (2, vec![0; 31], einval),
        (3, vec![0; 24], einval),
        (4, vec![0; 16], einval),
        (5, vec![0xff; 32], einval),
        (7, vec![0xff; 16], einval),
        (8, vec![0xff; 20], einval),
        (9, access(0, 1, 4, &[]), einval),
        (9, access(0, 9, 4, &[]), einval),
        (9, access(4093, 7, 4, &[]), einval),
        (9, access(u64::MAX, 0, 4, &[]), einval),
        (9, access(0, 0, (1 << 20) + 1, &[]), einval),
        (10, access(0, 0, 5, &[0; 4]), einval),
        (10, access((16 << 20) - 2, 0, 4, &[0; 4]), einval),
        (15, vec![0xff; 8], einval),
        (16, vec![0; 8], libc::ENOTTY as u32),
        (14, vec![], libc::ENOTSUP as u32),
        (0xffff, vec![], libc::ENOTSUP as u32),
    ] {
        stream.write_all(&message(9, command, 0, &body)).unwrap();
        let (id, flags, error, body) = reply(&mut stream).unwrap();
        assert_eq!(
            (id, flags, error, body),
            (9, 0x21, errno, vec![]),
            "{command}"
        );
    }
    // Bytes one at a time, as a slow client sends them.
    for byte in message(3, 9, 0, &access(0, CONFIG, 2, &[])) {
        stream.write_all(&[byte]).unwrap();
    }
    let (id, flags, _, body) = reply(&mut stream).unwrap();
    assert_eq!((id, flags, &body[16..]), (3, 1, &[0x86, 0x80][..]));
}

#[test]
fn writes_without_reply_are_done_in_order() {
    let served = Served::new(Setup {
        trap_all: true,
        ..Setup::default()
    });
    let mut stream = served.raw();
    stream.write_all(&version()).unwrap();
    reply(&mut stream).unwrap();
    let mut burst = Vec::new();
    for value in 1..=100u32 {
        let body = access(0x4_f100, 0, 4, &value.to_le_bytes());
        burst.extend(message(1, 10, 0x10, &body));
    }
    let mut multi = 2u64.to_le_bytes().to_vec();
    multi.extend(access(0x4_f104, 0, 4, &[1, 2, 3, 4, 0, 0, 0, 0]));
    multi.extend(access(0x4_f108, 0, 8, &[5; 8]));
    burst.extend(message(2, 15, 0, &multi));
    burst.extend(message(3, 9, 0, &access(0x4_f100, 0, 16, &[])));
    stream.write_all(&burst).unwrap();
    assert_eq!(
        reply(&mut stream).unwrap(),
        (2, 1, 0, vec![2, 0, 0, 0, 0, 0, 0, 0])
    );
    let (id, _, _, body) = reply(&mut stream).unwrap();
    assert_eq!(id, 3);
    assert_eq!(
        body[16..],
        [100, 0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5]
    );
}

#[test]
fn who_speaks_another_language_is_dropped() {
    let served = Served::new(Setup::default());
    for greeting in [
        vec![0xff; 16],
        vec![0; 16],
        message(0, 9, 0, &access(0, CONFIG, 4, &[])),
        message(0, 1, 0, &[1, 0, 0, 0]),
        message(0, 1, 0, b"\0\0\0\0nonsense"),
        message(0, 1, 0x10, &[0; 4]),
        message(0, 1, 1, &[0; 4]),
    ] {
        let mut stream = served.raw();
        stream.write_all(&greeting).unwrap();
        let mut rest = Vec::new();
        // A reset counts as well: the server did not read what came after the header.
        let end = stream.read_to_end(&mut rest);
        assert!(end.is_ok() || rest.is_empty());
        assert!(rest.is_empty() || rest[8] == 0x21);
    }
    served.client();
}

#[test]
fn the_server_ends_in_the_middle_of_anything() {
    for sent in [0, 5, 16, 20] {
        let served = Served::new(Setup::default());
        let mut stream = served.raw();
        stream.write_all(&version()[..sent]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        drop(served);
    }
}

#[test]
fn a_place_that_is_taken_is_not_stolen() {
    let served = Served::new(Setup::default());
    assert!(Server::bind(&served.socket).is_err());
    let dir = TempDir::new().unwrap();
    let file = dir.as_path().join("file");
    File::create(&file).unwrap();
    assert!(Server::bind(&file).is_err());
    let socket = dir.as_path().join("left");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(Server::bind(&socket).is_ok());
}

#[test]
fn the_program_ends_when_told() {
    let dir = TempDir::new().unwrap();
    let socket = dir.as_path().join("gpu.sock");
    let mut program = Command::new(env!("CARGO_BIN_EXE_gen9"))
        .args(["--device", "bdw", "--trap-all", "--socket"])
        .arg(&socket)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut log = BufReader::new(program.stderr.take().unwrap());
    log.read_line(&mut line).unwrap();
    assert!(line.contains("listening"), "{line}");
    let mut client = Client::new(&socket).unwrap();
    assert_eq!(read32(&mut client, CONFIG, 0), 0x1616_8086);
    // SAFETY: the process is this test's child and has not been waited for.
    assert_eq!(unsafe { libc::kill(program.id() as i32, libc::SIGTERM) }, 0);
    assert!(program.wait().unwrap().success());
    assert!(!socket.exists());
}

/// Messages that are near enough to valid ones to get somewhere.
fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        Just(0u32),
        0..64u32,
        Just(4096),
        0..0x20_0000u32,
        any::<u32>()
    ];
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        proptest::collection::vec(number, 0..12)
            .prop_map(|fields| fields.iter().flat_map(|f| f.to_le_bytes()).collect()),
    ];
    (
        any::<u16>(),
        0..20u16,
        prop_oneof![Just(0u32), Just(0x10)],
        body,
    )
        .prop_map(|(id, command, flags, body)| message(id, command, flags, &body))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_message_breaks_the_device(
        messages in proptest::collection::vec((any_message(), 0..3usize), 0..60),
        noise in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut device = Device::new(gpu(), Setup::default());
        let mut session = Session::new(&mut device);
        session.handle(&version(), vec![]).unwrap();
        for (message, files) in messages {
            let no_reply = message[8] & 0x10 != 0;
            let files = (0..files).map(|_| memory(2)).collect();
            match session.handle(&message, files).unwrap() {
                Answer::Reply(reply) => {
                    let bytes = reply.bytes();
                    let size = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
                    prop_assert_eq!(size as usize, bytes.len());
                    prop_assert_eq!(&bytes[..4], &message[..4]);
                    prop_assert!(!no_reply);
                }
                Answer::Silence => prop_assert!(no_reply),
                Answer::Goodbye(_) => prop_assert!(false),
            }
        }
        // Only the absence of a panic counts.
        let _ = session.handle(&noise, vec![]);
        device.release();
    }
}
