// SPDX-License-Identifier: GPL-2.0
//! Runs igt_runner on a group, as often as that takes.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::driver::{self, Watch};
use crate::follow::{Follower, Progress};
use crate::group::Group;
use crate::keep::Keep;

const PROGRAMS: &str = "/usr/libexec/igt-gpu-tools";
/// How often a group is taken up again after its runner gave up, as it does when a test cannot be killed.
const ATTEMPTS: u32 = 8;
/// Between looks at what has ended.
const LOOK: Duration = Duration::from_millis(200);
/// Between looks at the GPU.
const LOOK_AT_GPU: Duration = Duration::from_secs(2);
/// Without it, the runner would hold back what tests print.
const NO_SOCKET: &str = "IGT_RUNNER_DISABLE_SOCKET_COMMUNICATION";

/// How a group ended.
pub enum Ending {
    /// All of it has run.
    Finished,
    /// The runner gave up too often.
    GivenUp,
    /// The driver has given the GPU up.
    Lost,
}

/// One group's runner.
pub struct Runner<'a> {
    group: &'a Group,
    /// igt_runner's folder.
    work: PathBuf,
    /// What is to be seen from outside.
    results: PathBuf,
    /// What igt_runner itself says.
    log: PathBuf,
    keep: &'a mut Keep,
}

impl<'a> Runner<'a> {
    /// A runner that works below `work`, which is kept, with results below `results`.
    pub fn new(group: &'a Group, work: &Path, results: &Path, keep: &'a mut Keep) -> Self {
        Self {
            group,
            work: work.join(&group.folder),
            results: results.join(&group.folder),
            log: results.join(format!("{}.log", group.folder)),
            keep,
        }
    }

    /// Runs what of the group has not run yet.
    ///
    /// # Errors
    ///
    /// igt_runner cannot be run, or results not be written.
    pub fn run(&mut self, progress: &mut Progress) -> Result<Ending> {
        // The machine died in a later group.
        if self.results.join("endtime.txt").exists() {
            return Ok(Ending::Finished);
        }
        fs::create_dir_all(&self.results)
            .with_context(|| format!("making {}", self.results.display()))?;
        let mut attempt = 0;
        while !self.finished() && attempt < ATTEMPTS {
            attempt += 1;
            println!(
                "IGT: group {}, at most {} s a subtest, attempt {attempt}",
                self.group.name, self.group.seconds
            );
            if !self.attempt(progress)? {
                return Ok(Ending::Lost);
            }
        }
        self.sum_up()?;
        Ok(if self.finished() {
            Ending::Finished
        } else {
            Ending::GivenUp
        })
    }

    /// One run of igt_runner; whether the GPU is still there.
    fn attempt(&mut self, progress: &mut Progress) -> Result<bool> {
        let mut follower = Follower::new(&self.work)?;
        let mut runner = self.start()?;
        let mut watch = Watch::default();
        let mut lost_in = 0;
        let mut looked_at_gpu = Instant::now();
        loop {
            // Asked first, so that what it wrote last is seen.
            let ended = runner
                .try_wait()
                .context("waiting for igt_runner")?
                .is_some();
            self.look(&mut follower, progress)?;
            if ended {
                return Ok(true);
            }
            if looked_at_gpu.elapsed() >= LOOK_AT_GPU {
                looked_at_gpu = Instant::now();
                let lost = watch.is_lost(driver::wedged());
                if watch.begun() {
                    lost_in = follower.current;
                }
                if lost {
                    runner.kill().context("killing igt_runner")?;
                    runner.wait().context("waiting for igt_runner")?;
                    self.look(&mut follower, progress)?;
                    self.forget_after(lost_in)?;
                    return Ok(false);
                }
            }
            thread::sleep(LOOK);
        }
    }

    /// Starts or resumes the group.
    fn start(&self) -> Result<Child> {
        // What an earlier attempt said of its end does not hold any more.
        for name in ["endtime.txt", "results.json"] {
            let path = self.work.join(name);
            if path.exists() {
                fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            }
        }
        let log = self.open_log()?;
        let mut command;
        if self.work.join("metadata.txt").exists() {
            command = Command::new("igt_resume");
            command.arg(&self.work);
        } else {
            command = Command::new("igt_runner");
            command
                .env(NO_SOCKET, "1")
                .args(["-e", NO_SOCKET])
                .args(["--multiple-mode", "--log-level", "quiet", "--overwrite"])
                .args(["--per-test-timeout", &self.group.seconds.to_string()])
                .args(["--disk-usage-limit", "16M", "--test-list"])
                .arg(&self.group.list)
                .arg(PROGRAMS)
                .arg(&self.work);
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing the log")?)
            .stderr(log)
            .spawn()
            .context("starting igt_runner; is this the chroot of the IGT image?")
    }

    fn look(&mut self, follower: &mut Follower, progress: &mut Progress) -> Result<()> {
        let before = follower.current;
        if !follower.look(progress)? {
            return Ok(());
        }
        let mut folders = vec![self.work.clone()];
        folders.extend((before..=follower.current).map(|job| self.work.join(job.to_string())));
        self.keep.update(&folders)
    }

    /// What ran without a GPU is to run again.
    fn forget_after(&mut self, job: usize) -> Result<()> {
        for later in job + 1.. {
            let folder = self.work.join(later.to_string());
            if !folder.is_dir() {
                break;
            }
            fs::remove_dir_all(&folder)
                .with_context(|| format!("removing {}", folder.display()))?;
            self.keep.forget(&folder)?;
        }
        Ok(())
    }

    fn finished(&self) -> bool {
        finished(&self.work)
    }

    /// Hands over results.json, and what tells what was to run and whether it did. Of an unfinished group
    /// the rest counts as not run.
    fn sum_up(&mut self) -> Result<()> {
        // The runner makes one at its end, unless it gave up before.
        if !self.work.join("results.json").exists() {
            let status = Command::new("igt_results")
                .arg(&self.work)
                .stdout(Stdio::null())
                .stderr(self.open_log()?)
                .status()
                .context("starting igt_results")?;
            if !status.success() {
                println!("IGT: no summary of {}: {status}", self.group.name);
            }
        }
        for name in ["joblist.txt", "results.json"] {
            let from = self.work.join(name);
            if from.exists() {
                let to = self.results.join(name);
                fs::copy(&from, &to).with_context(|| format!("making {}", to.display()))?;
            }
        }
        if self.finished() {
            let mark = self.results.join("endtime.txt");
            fs::write(&mark, "").with_context(|| format!("making {}", mark.display()))?;
        }
        Ok(())
    }

    fn open_log(&self) -> Result<File> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("opening {}", self.log.display()))
    }
}

/// Whether igt_runner came to the end of all jobs. When it gives up, it says that it has ended, too; but when it does that
/// in the last job, to take it up again finds nothing to do, and does not say so.
fn finished(work: &Path) -> bool {
    let Ok(jobs) = fs::read_to_string(work.join("joblist.txt")) else {
        return false;
    };
    let last = work.join(jobs.lines().count().saturating_sub(1).to_string());
    let journal = fs::read_to_string(last.join("journal.txt")).unwrap_or_default();
    let ended = |line: &str| line.starts_with("exit:") || line.starts_with("timeout:");

    last.is_dir() && (work.join("endtime.txt").exists() || journal.lines().any(ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_that_gave_up_has_not_finished() {
        let work = std::env::temp_dir().join(format!("finished-{}", std::process::id()));
        fs::create_dir_all(work.join("0")).unwrap();
        assert!(!finished(&work));
        fs::write(work.join("joblist.txt"), "gem_basic create\ni915_pciid\n").unwrap();
        fs::write(work.join("endtime.txt"), "1.0\n").unwrap();
        assert!(!finished(&work));
        fs::create_dir(work.join("1")).unwrap();
        assert!(finished(&work));
        fs::remove_file(work.join("endtime.txt")).unwrap();
        assert!(!finished(&work));
        fs::write(work.join("1/journal.txt"), "create\n").unwrap();
        assert!(!finished(&work));
        fs::write(work.join("1/journal.txt"), "create\nexit:-3 (60.1s)\n").unwrap();
        assert!(finished(&work));
        fs::remove_dir_all(&work).unwrap();
    }
}
