// SPDX-License-Identifier: GPL-2.0
//! Runs one guest in L1 to its end: starts its QEMU, watches for signs of life, and keeps what tells
//! why it stopped. A guest that the emulated CPU has spoiled is started again.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;

use super::camera;
use super::evidence::{self, text};
use super::operator;
use super::outcome::{GuestEnding, GuestOutcome, Restart};
use super::trace::Trace;
use crate::host::l0::{self, Bus, Share};
use crate::host::process::{self, Supervised, Terminal};

#[derive(Args)]
pub struct Supervise {
    /// The guest's name; its files in --out begin with it.
    #[arg(long)]
    name: String,
    /// Where logs go.
    #[arg(long)]
    out: PathBuf,
    /// The vGPU's folder in sysfs.
    #[arg(long)]
    vgpu: PathBuf,
    #[arg(long)]
    kernel: PathBuf,
    #[arg(long)]
    initrd: PathBuf,
    /// The kernel's command line.
    #[arg(long)]
    append: String,
    /// Seconds that one boot may take.
    #[arg(long)]
    limit: u64,
    /// Seconds of silence after which the guest counts as stalled.
    #[arg(long)]
    stall: u64,
    /// How often it is started again at most.
    #[arg(long)]
    restarts: usize,
    /// Start it again whatever stopped it; what it wrote to its share stays, so that it can go on.
    #[arg(long)]
    resume: bool,
    /// Its QEMU shows what is on the vGPU's monitor.
    #[arg(long)]
    screen: bool,
    /// A read-only disk for it.
    #[arg(long)]
    disk: Option<PathBuf>,
    /// A TCP port of L1's loopback that leads to a shell in it.
    #[arg(long)]
    shell_port: Option<u16>,
    /// How often its QEMU is killed (SIGKILL) while the guest is at work, and started again.
    #[arg(long, default_value_t = 0)]
    kills: u32,
}

/// A guest that is to be killed makes this file in its share when it is at work.
const AT_WORK: &str = "at-work";
/// A guest at work ends when this file is in its share.
const LAST: &str = "last";
/// A guest that powers off and left this file in its share, with the reason, is to be started again.
const AGAIN: &str = "again";

/// After so many times the seconds of silence a guest counts as stalled though its console goes on, as
/// it does when the kernel complains again and again.
const DEAF: u64 = 3;

/// How one boot ended, before anybody has judged it.
enum Boot {
    PoweredOff,
    /// It powered off to be started again.
    Asked(String),
    Crashed(String),
    Killed,
    Silent,
    TimeLimit,
}

/// Says whether the guest powered off by itself.
pub fn main(options: Supervise) -> Result<bool> {
    process::become_supervisor()?;
    let trace = Trace::of_kvm(&options.name)?;
    let mut restarts = Vec::new();
    let mut kills = 0;
    let share = options.share();
    if share.exists() && !options.resume {
        fs::remove_dir_all(&share).with_context(|| format!("emptying {}", share.display()))?;
    }
    fs::create_dir_all(&share).with_context(|| format!("making {}", share.display()))?;
    let (ending, seconds) = loop {
        let started = Instant::now();
        let attempt = restarts.len() + kills as usize;
        let moment = options.moment(kills)?;
        let mut qemu = Supervised::start(
            "the guest's QEMU",
            options.qemu(),
            &options.file("qemu.log"),
            Terminal::None,
        )?;
        let boot = options.wait(&mut qemu, started, moment)?;
        if matches!(boot, Boot::Killed) {
            qemu.kill();
            options.set_aside(attempt)?;
            kills += 1;
            continue;
        }
        let (ending, emulated_cpu) = options.judge(boot, &qemu, attempt, &trace)?;
        qemu.kill();
        let again = options.starts_again(emulated_cpu, restarts.len());
        match GuestOutcome::problem_of(&ending) {
            Some(reason) if again => {
                options.set_aside(attempt)?;
                restarts.push(Restart {
                    emulated_cpu,
                    reason,
                });
            }
            _ => break (ending, started.elapsed().as_secs()),
        }
    };
    let good = ending == GuestEnding::PoweredOff;
    let outcome = GuestOutcome {
        ending,
        seconds,
        restarts,
        kills,
    };
    outcome.store(&options.file("json"))?;
    Ok(good)
}

impl Supervise {
    fn file(&self, end: &str) -> PathBuf {
        self.out.join(format!("{}.{end}", self.name))
    }

    /// The folder that the guest can write.
    fn share(&self) -> PathBuf {
        self.file("out")
    }

    /// Whether it is started again when it has not powered off, after so many restarts.
    fn starts_again(&self, emulated_cpu: bool, restarts: usize) -> bool {
        (emulated_cpu || self.resume) && restarts < self.restarts
    }

    /// Whether a boot has taken too long: in all, since its last sign of life, or since its last one but on the
    /// console. All are in seconds.
    fn overdue(&self, age: u64, silence: u64, idleness: u64) -> Option<Boot> {
        if silence > self.stall || idleness > DEAF * self.stall {
            Some(Boot::Silent)
        } else {
            (age > self.limit).then_some(Boot::TimeLimit)
        }
    }

    /// What a boot's end means, and whether it was the emulated CPU's fault.
    fn judge(
        &self,
        boot: Boot,
        qemu: &Supervised,
        attempt: usize,
        trace: &Trace,
    ) -> Result<(GuestEnding, bool)> {
        let silent = matches!(boot, Boot::Silent);
        match boot {
            Boot::PoweredOff => return Ok((GuestEnding::PoweredOff, false)),
            Boot::Crashed(how) | Boot::Asked(how) => {
                return Ok((GuestEnding::Crashed(how), false));
            }
            Boot::Killed => return Ok((GuestEnding::Crashed("it was killed".to_string()), false)),
            Boot::Silent | Boot::TimeLimit => {}
        }
        let verdict = evidence::collect(&self.scene(qemu, attempt), trace)?;
        let ending = if silent {
            GuestEnding::Stalled(verdict.reasons.join("; "))
        } else {
            GuestEnding::TimeLimit(self.limit)
        };
        Ok((ending, verdict.emulated_cpu))
    }

    fn monitor(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/{}.monitor", self.name))
    }

    fn scene(&self, qemu: &Supervised, attempt: usize) -> evidence::Scene {
        evidence::Scene {
            qemu: qemu.id(),
            monitor: self.monitor(),
            share: self.share(),
            messages: self.file("qemu.log"),
            record: self.file(&format!("stall-{}.txt", attempt + 1)),
        }
    }

    fn qemu(&self) -> Command {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-name", &format!("{},debug-threads=on", self.name)])
            .args(["-machine", "q35", "-accel", "kvm", "-cpu", "host"])
            .args(["-smp", "1", "-m", "1G"])
            .args(["-nodefaults", "-vga", "none", "-display", "none"])
            .arg("-no-reboot")
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(&self.initrd)
            .args(["-append", &self.append])
            .arg("-serial")
            .arg(format!("file:{}", self.file("console.log").display()))
            .arg("-serial")
            .arg(format!("file:{}", self.file("tap").display()))
            .arg("-monitor")
            .arg(format!(
                "unix:{},server=on,wait=off",
                self.monitor().display()
            ))
            .arg("-device")
            .arg(self.device());
        let share = Share {
            tag: "out",
            path: &self.share(),
            slot: 5,
            readonly: false,
        };
        share.add(&mut qemu, Bus::Ports);
        if let Some(port) = self.shell_port {
            qemu.arg("-serial")
                .arg(format!("telnet:127.0.0.1:{port},server=on,wait=off"));
        }
        if let Some(image) = &self.disk {
            l0::disk(&mut qemu, image, Bus::Ports);
        }
        qemu
    }

    /// The vGPU, for QEMU. With a screen, what the firmware shows until a driver is loaded is on it, too.
    fn device(&self) -> String {
        let (model, screen) = if self.screen {
            ("vfio-pci-nohotplug", ",display=on,ramfb=on")
        } else {
            ("vfio-pci", "")
        };
        format!("{model},sysfsdev={},addr=2{screen}", self.vgpu.display())
    }

    /// How long the guest may be at work before it is killed, if it is to be killed once more: up to
    /// three seconds, a few rounds of work. Otherwise it is told to end when it has done its work.
    fn moment(&self, kills: u32) -> Result<Option<Duration>> {
        let _ = fs::remove_file(self.share().join(AT_WORK));
        if kills < self.kills {
            let random = RandomState::new().build_hasher().finish();
            return Ok(Some(Duration::from_millis(random % 3000)));
        }
        if self.kills > 0 {
            fs::write(self.share().join(LAST), "")?;
        }
        Ok(None)
    }

    fn wait(
        &self,
        qemu: &mut Supervised,
        started: Instant,
        moment: Option<Duration>,
    ) -> Result<Boot> {
        let signs = [
            self.file("console.log"),
            self.file("tap"),
            self.share().join("alive"),
        ];
        let look = || signs.each_ref().map(|path| size(path));
        let mut sizes = look();
        let mut last_change = Instant::now();
        let mut last_work = Instant::now();
        loop {
            if let Some(status) = qemu.wait(Duration::from_millis(500))? {
                if !status.success() {
                    return Ok(Boot::Crashed(format!("its QEMU ended: {status}")));
                }
                let again = self.share().join(AGAIN);
                let Ok(reason) = fs::read_to_string(&again) else {
                    return Ok(Boot::PoweredOff);
                };
                fs::remove_file(&again)?;
                return Ok(Boot::Asked(reason.trim().to_string()));
            }
            if let Some(moment) = moment {
                if self.share().join(AT_WORK).exists() {
                    thread::sleep(moment);
                    return Ok(Boot::Killed);
                }
            }
            if self.screen {
                camera::serve(&self.share(), &self.monitor());
                operator::serve(&self.share(), &self.vgpu);
            }
            // QEMU has stopped the guest: no need to wait for its silence.
            if text(&self.file("qemu.log")).contains("KVM internal error") {
                return Ok(Boot::Silent);
            }
            let now = look();
            if now != sizes {
                last_change = Instant::now();
            }
            if now[1..] != sizes[1..] {
                last_work = Instant::now();
            }
            sizes = now;
            if self.shell_port.is_some() {
                continue;
            }
            let [age, silence, idleness] =
                [started, last_change, last_work].map(|since| since.elapsed().as_secs());
            if let Some(boot) = self.overdue(age, silence, idleness) {
                return Ok(boot);
            }
        }
    }

    /// Keeps the logs of a boot that is given up.
    fn set_aside(&self, attempt: usize) -> Result<()> {
        let mut logs: Vec<PathBuf> = ["console.log", "tap", "qemu.log"]
            .map(|end| self.file(end))
            .to_vec();
        logs.push(self.share().join("kmsg"));
        for log in logs.iter().filter(|log| log.exists()) {
            let name = log.file_name().unwrap_or_default().to_string_lossy();
            let kept = self.file(&format!("boot-{}.{name}", attempt + 1));
            fs::rename(log, &kept).with_context(|| format!("moving {}", log.display()))?;
        }
        Ok(())
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        supervise: Supervise,
    }

    fn supervise(more: &str) -> Supervise {
        let line = "lab --name l2-1 --out /out --vgpu /v --kernel /k --initrd /i --append a \
            --limit 300 --stall 120 --restarts 2";
        Line::parse_from(line.split_whitespace().chain(more.split_whitespace())).supervise
    }

    #[test]
    fn a_guest_is_started_again_a_few_times() {
        for (options, emulated_cpu, restarts, again) in [
            ("", true, 0, true),
            ("", true, 1, true),
            ("", true, 2, false),
            ("", false, 0, false),
            ("--resume", false, 0, true),
            ("--resume", false, 2, false),
        ] {
            let found = supervise(options).starts_again(emulated_cpu, restarts);
            assert_eq!(found, again, "{options} {emulated_cpu} {restarts}");
        }
    }

    #[test]
    fn silence_is_noticed_before_the_time_is_up() {
        let name = |boot: Option<Boot>| match boot {
            None => "alive",
            Some(Boot::Silent) => "silent",
            Some(Boot::TimeLimit) => "time limit",
            Some(_) => "other",
        };
        for (age, silence, idleness, expected) in [
            (300, 120, 120, "alive"),
            (121, 121, 121, "silent"),
            // The console goes on, but nothing else.
            (300, 0, 360, "alive"),
            (300, 0, 361, "silent"),
            (301, 0, 0, "time limit"),
            (301, 121, 121, "silent"),
        ] {
            let found = supervise("").overdue(age, silence, idleness);
            assert_eq!(name(found), expected, "{age} {silence} {idleness}");
        }
    }

    #[test]
    fn the_logs_of_each_boot_that_is_given_up_are_kept() {
        let out = std::env::temp_dir().join(format!("lab-supervise-{}", std::process::id()));
        let mut options = supervise("");
        options.out = out.clone();
        fs::create_dir_all(options.share()).unwrap();
        for attempt in [0, 1] {
            fs::write(options.file("tap"), attempt.to_string()).unwrap();
            fs::write(options.share().join("kmsg"), "log").unwrap();
            options.set_aside(attempt).unwrap();
            assert!(!options.file("tap").exists());
        }
        for (kept, text) in [
            ("boot-1.l2-1.tap", "0"),
            ("boot-2.l2-1.tap", "1"),
            ("boot-2.kmsg", "log"),
        ] {
            assert_eq!(
                text,
                fs::read_to_string(options.file(kept)).unwrap(),
                "{kept}"
            );
        }
        fs::remove_dir_all(out).unwrap();
    }
}
