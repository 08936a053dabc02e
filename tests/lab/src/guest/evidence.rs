// SPDX-License-Identifier: GPL-2.0
//! Collects what tells why a guest shows no sign of life, keeps it in a file, and has it judged.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::monitor::Monitor;
use super::trace::Trace;
use crate::judge::stall::{self, Evidence, Verdict};
use crate::judge::symbols::Symbols;

/// Where to look.
pub struct Scene {
    /// The process id of the guest's QEMU.
    pub qemu: u32,
    pub monitor: PathBuf,
    /// The guest's share: there it leaves its symbols, if it had the time.
    pub share: PathBuf,
    /// What QEMU wrote to its error output.
    pub messages: PathBuf,
    /// Where to keep it all.
    pub record: PathBuf,
}

const SAMPLES: usize = 3;
const STACK: &str = "x /400gx $rsp";

pub fn collect(scene: &Scene, trace: &Trace) -> Result<Verdict> {
    let mut evidence = Evidence {
        trace: trace.take()?,
        messages: text(&scene.messages),
        ..Evidence::default()
    };
    let mut threads = String::new();
    for thread in tasks(scene.qemu) {
        let folder = PathBuf::from(format!("/proc/{}/task/{thread}", scene.qemu));
        let _ = writeln!(
            threads,
            "--- {thread} {}{}",
            text(&folder.join("comm")),
            text(&folder.join("stack"))
        );
        evidence.threads.push(thread);
    }
    let mut further = String::new();
    // A monitor that does not answer is itself worth recording, and no reason to give up.
    if let Err(error) = ask(scene, &mut evidence, &mut further) {
        let _ = writeln!(further, "the monitor: {error:#}");
    }
    let symbols = symbols(&scene.share);
    let verdict = stall::judge(&evidence, &symbols);
    let record = record(&evidence, &symbols, &verdict, &threads, &further);
    fs::write(&scene.record, record)
        .with_context(|| format!("writing {}", scene.record.display()))?;
    Ok(verdict)
}

fn ask(scene: &Scene, evidence: &mut Evidence, further: &mut String) -> Result<()> {
    let mut monitor = Monitor::connect(&scene.monitor)?;
    for _ in 0..SAMPLES {
        evidence.registers.push(monitor.run("info registers -a")?);
        thread::sleep(Duration::from_millis(300));
    }
    evidence.stack = words(&monitor.run(STACK)?);
    for command in ["info status", "info lapic", "info pic", "info irq"] {
        let answer = monitor.run(command)?;
        let _ = writeln!(further, "== {command}\n{answer}");
    }
    Ok(())
}

/// The words in lines such as "ffffc90000003f48: 0xffffffff81000000 0x0000000000000001".
fn words(dump: &str) -> Vec<u64> {
    dump.split_whitespace()
        .filter_map(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok())
        .collect()
}

/// The guest's own symbols if it left them, else L1's, which serve when both run the same kernel.
fn symbols(share: &Path) -> Symbols {
    let own = text(&share.join("kallsyms"));
    let modules = text(&share.join("modules"));
    if own.is_empty() {
        let here = text(Path::new("/proc/modules"));
        Symbols::parse(&text(Path::new("/proc/kallsyms")), &here, &modules)
    } else {
        Symbols::parse(&own, &modules, &modules)
    }
}

fn record(
    evidence: &Evidence,
    symbols: &Symbols,
    verdict: &Verdict,
    threads: &str,
    further: &str,
) -> String {
    let mut text = String::new();
    let fault = if verdict.emulated_cpu {
        "the emulated CPU's"
    } else {
        "not the emulated CPU's"
    };
    let _ = writeln!(text, "verdict: {fault}");
    for reason in &verdict.reasons {
        let _ = writeln!(text, "  {reason}");
    }
    for sample in &evidence.registers {
        let _ = writeln!(text, "\n== registers\n{sample}");
        for line in sample.split("RIP=").skip(1) {
            if let Some(address) = line.get(..16).and_then(|a| u64::from_str_radix(a, 16).ok()) {
                let _ = writeln!(text, "RIP is in {}", symbols.describe(address));
            }
        }
    }
    let _ = writeln!(text, "\n== stack");
    for (index, &word) in evidence.stack.iter().enumerate() {
        let name = symbols.describe(word);
        if !name.is_empty() {
            let _ = writeln!(text, "+{:04x} {word:016x} {name}", index * 8);
        }
    }
    let _ = writeln!(text, "\n== threads of QEMU\n{threads}");
    let _ = writeln!(text, "{further}");
    let _ = writeln!(text, "== messages of QEMU\n{}", evidence.messages);
    let _ = writeln!(text, "== KVM's trace\n{}", evidence.trace);
    text
}

fn tasks(process: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{process}/task"));
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

/// A file's text, or nothing: what cannot be read is missing from the record, and that is all.
pub fn text(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_dump() {
        let dump = "ffffc90000003f48: 0xffffffff81000000 0x01\nffffc90000003f58: 0x02\n";
        assert_eq!(words(dump), [0xffff_ffff_8100_0000, 1, 2]);
    }
}
