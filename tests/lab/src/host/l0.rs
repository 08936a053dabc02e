// SPDX-License-Identifier: GPL-2.0
//! L0's QEMU: its command line and its life.
//!
//! The accelerator is always TCG, so that results do not depend on the machine.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::paths::RunFolder;

/// What differs from one L1 to the next.
pub struct Machine<'a> {
    pub folder: &'a RunFolder,
    pub kernel: &'a Path,
    pub initrd: &'a Path,
    pub arguments: Vec<String>,
    /// Emulated CPUs. One when guests run inside: see `Documentation/lab.rst`.
    pub cpus: u32,
    pub gpu_socket: &'a Path,
    /// IGT's squashfs image, when there is one.
    pub disk: Option<PathBuf>,
    /// What `-plugin` is given, when there is something to count.
    pub plugin: Option<String>,
    /// A third serial line on this program's own terminal.
    pub shell: bool,
}

/// L1's memory in mebibytes: room for three guests of 1 GiB.
const MEMORY_MIB: u32 = 4096;

impl Machine<'_> {
    pub fn command(&self) -> Command {
        let file = |name: &str| self.folder.file(name).display().to_string();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-name", "l1,debug-threads=on"])
            .args(["-machine", "q35,memory-backend=mem"])
            .args(["-accel", "tcg,thread=multi"])
            // What CPUID says of a hypervisor has i915 not use MOVNTDQA to copy what it reports of a hang: byte by byte
            // through the aperture instead, and each byte leaves the machine.
            .args(["-cpu", "EPYC-v4,+svm,+npt,-hypervisor"])
            .args(["-smp", &self.cpus.to_string()])
            .args(["-m", &format!("{MEMORY_MIB}M")])
            .arg("-object")
            .arg(format!(
                "memory-backend-memfd,id=mem,size={MEMORY_MIB}M,share=on"
            ))
            .args(["-nodefaults", "-display", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(self.kernel)
            .arg("-initrd")
            .arg(self.initrd)
            .arg("-append")
            .arg(self.arguments.join(" "));
        qemu.arg("-serial")
            .arg(format!("file:{}", file("l1.console.log")))
            .arg("-serial")
            .arg(format!("file:{}", file("l1.tap")));
        if self.shell {
            qemu.args(["-chardev", "stdio,id=shell,signal=off"])
                .args(["-serial", "chardev:shell"]);
        }
        qemu.arg("-monitor")
            .arg(format!("unix:{},server=on,wait=off", file("l0.monitor")));
        if let Some(plugin) = &self.plugin {
            qemu.args(["-plugin", plugin]);
        }
        qemu.arg("-device").arg(
            serde_json::json!({
                "driver": "vfio-user-pci",
                "socket": { "type": "unix", "path": self.gpu_socket },
                "addr": "2",
            })
            .to_string(),
        );
        Share {
            tag: "root",
            path: Path::new("/"),
            slot: 4,
            readonly: true,
        }
        .add(&mut qemu, Bus::Modern);
        Share {
            tag: "out",
            path: &self.folder.out(),
            slot: 5,
            readonly: false,
        }
        .add(&mut qemu, Bus::Modern);
        if let Some(image) = &self.disk {
            disk(&mut qemu, image, Bus::Modern);
        }
        qemu
    }
}

/// How a virtio device is driven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    /// By memory-mapped registers.
    Modern,
    /// By I/O ports, as before virtio 1.0. For guests: each memory-mapped register is one more chance
    /// for the emulated CPU's fault that `judge::stall` calls a stale event.
    Ports,
}

impl Bus {
    fn options(self) -> &'static str {
        match self {
            Bus::Modern => "",
            Bus::Ports => ",disable-modern=on,disable-legacy=off",
        }
    }
}

/// A folder offered as a 9p share. It gets a place of its own on the bus because QEMU would give it
/// the GPU's.
pub struct Share<'a> {
    pub tag: &'a str,
    pub path: &'a Path,
    pub slot: u8,
    pub readonly: bool,
}

impl Share<'_> {
    pub fn add(&self, qemu: &mut Command, bus: Bus) {
        let Share { tag, slot, .. } = self;
        let readonly = if self.readonly { ",readonly=on" } else { "" };
        qemu.arg("-fsdev")
            .arg(format!(
                "local,id={tag},path={},security_model=none,multidevs=remap{readonly}",
                self.path.display()
            ))
            .arg("-device")
            .arg(format!(
                "virtio-9p-pci,fsdev={tag},mount_tag={tag},addr={slot}{}",
                bus.options()
            ));
    }
}

/// Adds an image of programs as a disk that cannot be written.
pub fn disk(qemu: &mut Command, image: &Path, bus: Bus) {
    qemu.arg("-drive")
        .arg(format!(
            "if=none,id=image,format=raw,readonly=on,file={}",
            image.display()
        ))
        .arg("-device")
        .arg(format!(
            "virtio-blk-pci,drive=image,addr=6{}",
            bus.options()
        ));
}

/// What QEMU's monitor says about the CPUs, for the record of a run that is about to be ended.
pub fn registers(folder: &RunFolder) -> Result<String> {
    let mut monitor = UnixStream::connect(folder.file("l0.monitor"))?;
    monitor.set_read_timeout(Some(Duration::from_secs(3)))?;
    monitor.write_all(b"info registers -a\ninfo status\n")?;
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    // The monitor never closes; the silence after its answer ends the reading.
    while let Ok(size @ 1..) = monitor.read(&mut chunk) {
        text.extend_from_slice(&chunk[..size]);
    }
    Ok(String::from_utf8_lossy(&text).replace('\r', ""))
}
