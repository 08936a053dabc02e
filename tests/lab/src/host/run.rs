// SPDX-License-Identifier: GPL-2.0
//! One run from preparation to verdict.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};

use super::broker;
use super::gen9::Gen9;
use super::l0::{self, Machine};
use super::paths::{Kernel, Paths, RunFolder};
use super::process::{self, Supervised, Terminal};
use super::ramdisks;
use super::report::Report;
use super::scenario::{Device, Driver, Scenario};
use super::verdict::{self, Ending, Facts};
use super::watch::{Watch, WatchResult};

/// What was asked for.
pub struct Options {
    pub driver: Driver,
    pub device: Device,
    pub guests: u32,
    pub boots: Option<u32>,
    pub scenario: String,
    pub kernel: Option<String>,
    pub guest_kernel: Option<String>,
    pub test_list: Option<PathBuf>,
    /// Emulated CPUs of L1, instead of what is safe.
    pub cpus: Option<u32>,
    /// Seconds that the scenario may take, instead of its own limits.
    pub limit: Option<u64>,
    /// Take IGT up where the run before broke off.
    pub resume: bool,
    pub keep: bool,
    pub shell: bool,
}

/// A prepared run.
pub struct Run<'a> {
    pub(super) paths: &'a Paths,
    pub(super) options: Options,
    pub(super) scenario: Scenario,
    pub(super) folder: RunFolder,
    pub(super) kernel: Kernel,
    pub(super) guest_kernel: Kernel,
    /// Keeps a second run out of the same folder.
    _lock: Flock<fs::File>,
}

impl<'a> Run<'a> {
    pub fn prepare(paths: &'a Paths, options: Options) -> Result<Self> {
        let mut scenario = Scenario::load(&paths.lab().join("scenarios"), &options.scenario)?;
        if !scenario.drivers.contains(&options.driver) {
            let drivers: Vec<_> = scenario.drivers.iter().map(|d| d.name()).collect();
            bail!(
                "scenario {} is not for the driver {}: say DRIVER={}",
                options.scenario,
                options.driver.name(),
                drivers.join(" or DRIVER=")
            );
        }
        if let Some(limit) = options.limit {
            scenario.l1_limit = limit;
            scenario.guest_limit = limit;
        }
        // Guests at once share one emulated CPU.
        let at_once = u64::from(options.guests.max(1));
        scenario.guest_limit *= at_once;
        scenario.guest_stall *= at_once;
        let kernel = paths.kernel(options.kernel.as_deref())?;
        if options.guest_kernel.is_some() && !options.driver.is_nested() {
            bail!(
                "GUEST_KERNEL (--guest-kernel) has no effect without guests: \
                 say DRIVER=rgvt or DRIVER=kvmgt"
            );
        }
        let guest_kernel = paths.guest_kernel(options.guest_kernel.as_deref(), &kernel)?;
        match &options.test_list {
            Some(lists) if !lists.exists() => bail!("no list of tests at {}", lists.display()),
            None if scenario.needs_test_list => {
                bail!(
                    "scenario {} needs a list of IGT's subtests: say LIST=FILE (--test-list), \
                     a path in the tree, with igt@program@subtest in each line",
                    options.scenario
                )
            }
            _ => {}
        }
        let name = format!(
            "{}-{}-{}-{}",
            options.driver.name(),
            options.device.name(),
            options.scenario,
            options.guests
        );
        let base = paths.tree.join("build/lab");
        fs::create_dir_all(&base).with_context(|| format!("making {}", base.display()))?;
        let lock = fs::File::create(base.join(format!("{name}.lock")))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, error)| error)
            .with_context(|| format!("{name} is running already"))?;
        Ok(Run {
            paths,
            scenario,
            folder: RunFolder::create(base.join(name), options.resume)?,
            kernel,
            guest_kernel,
            options,
            _lock: lock,
        })
    }

    /// Boots, waits, judges. Says whether all passed.
    pub fn execute(mut self) -> Result<bool> {
        let started = Instant::now();
        self.build_initrds()?;
        let mut gen9 = Gen9::start(
            self.paths,
            &self.folder,
            self.options.device,
            &self.scenario,
        )?;
        let machine = Machine {
            folder: &self.folder,
            kernel: &self.kernel.image,
            initrd: &self.folder.file("l1.initrd"),
            arguments: self.l1_arguments(),
            cpus: self
                .options
                .cpus
                .unwrap_or(if self.options.driver.is_nested() {
                    1
                } else {
                    2
                }),
            gpu_socket: &gen9.socket,
            disk: self.image()?,
            plugin: self.plugin(&gen9)?,
            shell: self.options.shell,
        };
        let terminal = if self.options.shell {
            Terminal::Shared
        } else {
            Terminal::None
        };
        let mut l0 = Supervised::start(
            "QEMU of L0",
            machine.command(),
            &self.folder.file("l0.log"),
            terminal,
        )?;
        let ending = self.wait(&mut l0, &mut gen9, started)?;
        if !matches!(ending, Ending::PoweredOff) {
            // Best effort: a QEMU that is gone has no registers.
            if let Ok(text) = l0::registers(&self.folder) {
                fs::write(self.folder.file("l0.registers"), text)?;
            }
        }
        l0.kill();
        let dump = gen9.dump();
        let gpu_stopped = gen9.process.stop()?;
        drop(gen9);
        let mut report = Report::default();
        verdict::judge(
            &Facts {
                folder: &self.folder,
                scenario: &self.scenario,
                driver: self.options.driver,
                // Those of a shell run until L1 is left, and have no end of their own.
                guests: if self.options.shell {
                    0
                } else {
                    self.guest_boots()
                },
                ending,
                dump,
                gpu_stopped,
                shell: self.options.shell,
            },
            &mut report,
        )?;
        report.judge("lab", "no process is left over", &process::leftovers()?);
        report.remark(format!("{} s in all", started.elapsed().as_secs()));
        let text = report.text();
        fs::write(self.folder.file("report.txt"), &text)?;
        self.tidy();
        eprintln!("lab: logs are in {}", self.folder.path.display());
        // Whoever reads this may be gone, which is no reason to panic.
        io::stdout()
            .write_all(report.summary().as_bytes())
            .context("printing the result")?;
        Ok(report.is_success())
    }

    /// How many guests boot in all, a multiple of those that run at once; none if they have no script.
    fn guest_boots(&self) -> u32 {
        if !self.options.driver.is_nested() || self.scenario.l2_script.is_empty() {
            return 0;
        }
        let wanted = self.options.boots.unwrap_or(self.scenario.boots).max(1);
        wanted.div_ceil(self.options.guests) * self.options.guests
    }

    /// How often the scenario's work is done: rounds of guests, or of what L1 does where there are none.
    pub(super) fn rounds(&self) -> u32 {
        match self.guest_boots() {
            0 => self.options.boots.unwrap_or(self.scenario.boots).max(1),
            boots => boots / self.options.guests.max(1),
        }
    }

    fn wait(&self, l0: &mut Supervised, gen9: &mut Gen9, started: Instant) -> Result<Ending> {
        let limit = self.scenario.l1_limit
            + u64::from(self.rounds()) * self.scenario.guest_limit
            + if self.options.driver.is_nested() {
                // Room for guests that have to be started again.
                2 * self.scenario.guest_limit
            } else {
                0
            };
        let mut watch = Watch::new(&self.folder, Duration::from_secs(self.scenario.l1_stall));
        loop {
            if let Some(status) = l0.wait(Duration::from_millis(200))? {
                watch.look(&self.folder);
                return Ok(if status.success() {
                    Ending::PoweredOff
                } else {
                    let log = fs::read_to_string(self.folder.file("l0.log")).unwrap_or_default();
                    let last = log.lines().next_back().unwrap_or_default();
                    Ending::Crashed(format!("QEMU of L0 ended: {status}: {last}"))
                });
            }
            broker::serve(&self.folder, gen9);
            if process::interrupted() {
                return Ok(Ending::Interrupted);
            }
            if let Some(status) = gen9.process.ended()? {
                return Ok(Ending::Crashed(format!("gen9 ended: {status}")));
            }
            if self.options.shell {
                continue;
            }
            if let WatchResult::Stalled(seconds) = watch.look(&self.folder) {
                return Ok(Ending::Stalled(seconds));
            }
            if started.elapsed().as_secs() > limit {
                return Ok(Ending::TimeLimit(limit));
            }
        }
    }

    fn l1_arguments(&self) -> Vec<String> {
        ramdisks::KERNEL_ARGUMENTS
            .iter()
            .map(|argument| argument.to_string())
            .chain(self.scenario.l1_args.iter().cloned())
            .collect()
    }

    /// The plugin that counts, and where it writes.
    fn plugin(&self, gen9: &Gen9) -> Result<Option<String>> {
        if !self.scenario.counts {
            return Ok(None);
        }
        let folder = self.folder.file("counts");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Some(format!(
            "file={},out={},witness={}",
            self.paths.program("count.so")?.display(),
            folder.display(),
            gen9.witness.display()
        )))
    }

    /// The image that L1 and guests get as a disk.
    fn image(&self) -> Result<Option<PathBuf>> {
        let wanted = &self.scenario.image;
        let name = wanted.as_deref().unwrap_or("igt");
        let image = self.paths.cache.join(format!("{name}.squashfs"));
        if image.is_file() {
            Ok(Some(image))
        } else if wanted.is_some() {
            bail!("no {}: run the set-up first", image.display());
        } else {
            Ok(None)
        }
    }

    /// Removes what is large and can be made again.
    fn tidy(&mut self) {
        if self.options.keep {
            return;
        }
        for name in [
            "l1.initrd",
            "l2.initrd",
            "gen9.sock",
            "witness.sock",
            "l0.monitor",
        ] {
            // What is not there need not be removed.
            let _ = fs::remove_file(self.folder.file(name));
        }
    }
}
