// SPDX-License-Identifier: GPL-2.0
//! Child processes that never outlive the run.
//!
//! Every child is killed by the kernel when this program dies, and what children leave behind becomes
//! a child of this program (it is the subreaper), where it is found, reported and killed.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::prctl;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, setpgid};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn note_signal(_: nix::libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether somebody asked the run to end (Ctrl-C or SIGTERM).
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Makes this process the one that orphans fall to, and lets signals end it in order.
pub fn become_supervisor() -> Result<()> {
    prctl::set_child_subreaper(true).context("becoming a subreaper")?;
    let action = SigAction::new(
        SigHandler::Handler(note_signal),
        SaFlags::empty(),
        SigSet::empty(),
    );
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler only stores to an atomic, which is async-signal-safe.
        unsafe { sigaction(signal, &action) }.context("setting a signal handler")?;
    }
    Ok(())
}

/// Which terminal a child has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// None; the child is a process group of its own, so that Ctrl-C reaches only this program.
    None,
    /// This program's own, for interactive use.
    Shared,
}

/// How long a child may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A child that is killed when dropped.
pub struct Supervised {
    name: String,
    child: Child,
}

impl Supervised {
    /// Starts `command` with its messages going to the file `log`.
    pub fn start(name: &str, mut command: Command, log: &Path, terminal: Terminal) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("making {}", log.display()))?;
        command.stderr(file.try_clone()?);
        if terminal == Terminal::None {
            command.stdin(Stdio::null()).stdout(file);
        }
        // SAFETY: between fork and exec only system calls are made: prctl and setpgid.
        unsafe {
            command.pre_exec(move || {
                prctl::set_pdeathsig(Signal::SIGKILL)?;
                if terminal == Terminal::None {
                    setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
                }
                Ok(())
            });
        }
        let child = command.spawn().with_context(|| {
            format!(
                "starting {name} ({})",
                command.get_program().to_string_lossy()
            )
        })?;
        Ok(Supervised {
            name: name.to_string(),
            child,
        })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, once it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .with_context(|| format!("waiting for {}", self.name))
    }

    /// Waits for the end for at most `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks it to end, then makes it end; says whether asking was enough.
    pub fn stop(&mut self) -> Result<bool> {
        if self.ended()?.is_some() {
            return Ok(true);
        }
        self.signal(Signal::SIGTERM);
        if self.wait(STOP_LIMIT)?.is_some() {
            return Ok(true);
        }
        self.kill();
        Ok(false)
    }

    pub fn kill(&mut self) {
        // Already gone is what is wanted; there is nothing else to do about a failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            // The child has not been waited for, so its id is still its own.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            self.kill();
        }
    }
}

/// Kills whatever still descends from this process and names it. All own children must have been
/// waited for.
pub fn leftovers() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for _ in 0..10 {
        let children = children()?;
        if children.is_empty() {
            break;
        }
        for child in children {
            let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            let _ = kill(child, Signal::SIGKILL);
            if is_left_over(waitpid(child, None)) {
                names.push(format!("{} ({child})", name.trim()));
            }
        }
    }
    // Reap what ended meanwhile.
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
    Ok(names)
}

/// What was killed, unless it had ended by itself before.
fn is_left_over(end: nix::Result<WaitStatus>) -> bool {
    !matches!(end, Ok(WaitStatus::Exited(..)))
}

fn children() -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task")? {
        let list = fs::read_to_string(task?.path().join("children"))?;
        found.extend(
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .map(Pid::from_raw),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    fn start(name: &str, script: &str) -> Supervised {
        let log = std::env::temp_dir().join(format!("lab-process-{}-{name}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let child = Supervised::start(name, command, &log, Terminal::None).unwrap();
        fs::remove_file(log).unwrap();
        child
    }

    #[test]
    fn what_had_to_be_killed_is_left_over() {
        let id = Pid::from_raw(1);
        for (end, left) in [
            (Ok(WaitStatus::Exited(id, 0)), false),
            (Ok(WaitStatus::Exited(id, 1)), false),
            (Ok(WaitStatus::Signaled(id, Signal::SIGKILL, false)), true),
            (Ok(WaitStatus::StillAlive), true),
            (Err(Errno::ECHILD), true),
        ] {
            assert_eq!(is_left_over(end), left, "{end:?}");
        }
    }

    #[test]
    fn an_end_is_waited_for_with_its_status() {
        let mut child = start("ends", "exit 3");
        let status = child.wait(Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(child.stop().unwrap(), "it had ended");
        let mut child = start("stays", "exec sleep 600");
        assert!(child.wait(Duration::ZERO).unwrap().is_none());
        assert!(child.stop().unwrap(), "asking is enough");
    }

    #[test]
    fn a_dropped_child_is_gone() {
        let child = start("dropped", "exec sleep 600");
        let id = Pid::from_raw(child.id().try_into().unwrap());
        assert_eq!(kill(id, None), Ok(()));
        drop(child);
        assert_eq!(kill(id, None), Err(Errno::ESRCH));
    }
}
