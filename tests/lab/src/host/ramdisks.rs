// SPDX-License-Identifier: GPL-2.0
//! What one run puts into the initial RAM disks of L1 and of its guests.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::initrd::{self, COMMON_SETS, Contents, KVMGT_SET, ModuleSet, NESTED_SETS, RGVT_SET};
use super::paths::Kernel;
use super::run::Run;
use super::scenario::Driver;

/// On both kernels' command lines: fixed addresses, so that stacks can be symbolised from outside, and
/// no mitigations, which cost an emulated CPU much and change nothing that is tested here.
pub const KERNEL_ARGUMENTS: &[&str] = &[
    "console=ttyS0",
    "panic=-1",
    "loglevel=4",
    "nokaslr",
    // A busy machine makes the emulated counters drift apart for a moment; the kernel would say so.
    "tsc=nowatchdog",
    "mitigations=off",
    "printk.devkmsg=on",
];

/// On guests', too.
const GUEST_ARGUMENTS: &[&str] = &[
    // A soft lock-up is two minutes of no progress, not twenty seconds. i915 of 6.1 clears its GGTT by 160,000 writes
    // at a stretch, each of which leaves the guest, and that takes 80 s on an emulated CPU.
    "watchdog_thresh=60",
    // There is one bus. To look for devices on the 255 others takes 16,000 exits.
    "pci=lastbus=0",
    // Nobody here uses the kernel's ciphers.
    "cryptomgr.notests",
];

/// Seconds for each subtest of a list that does not say.
const IGT_SECONDS: u32 = 60;

impl Run<'_> {
    pub(super) fn build_initrds(&self) -> Result<()> {
        let driver = self.options.driver;
        let busybox = PathBuf::from("/usr/bin/busybox");
        let cache = self.paths.cache.join("initrd");
        let check = self.paths.program("i915-check")?;
        let scripts = |level: &str| {
            let lab = self.paths.lab();
            vec![lab.join("shared"), lab.join(level)]
        };
        let mut sets: Vec<&'static ModuleSet> = COMMON_SETS.iter().collect();
        let mut extra_module = None;
        match driver {
            Driver::Native => {}
            Driver::Kvmgt => sets.push(&KVMGT_SET),
            Driver::Rgvt => {
                sets.push(&RGVT_SET);
                extra_module = Some(self.paths.rgvt_module()?);
            }
        }
        if driver.is_nested() {
            sets.extend(NESTED_SETS);
        }
        let mut programs = vec![check];
        if self.options.test_list.is_some() {
            programs.push(self.paths.program("igt-run")?);
        }
        let l2_programs = programs.clone();
        if driver.is_nested() {
            programs.push(self.paths.program("vfio-check")?);
        }
        let l1 = Contents {
            kernel: &self.kernel,
            busybox: &busybox,
            sets,
            extra_module,
            scripts: scripts("l1"),
            programs,
            settings: self.l1_settings(),
            files: self.igt_files(&self.kernel)?,
        };
        initrd::build(&l1, &cache, &self.folder.file("l1.initrd"))?;
        if !driver.is_nested() {
            return Ok(());
        }
        let l2 = Contents {
            kernel: &self.guest_kernel,
            busybox: &busybox,
            sets: COMMON_SETS.iter().collect(),
            extra_module: None,
            scripts: scripts("l2"),
            programs: l2_programs,
            settings: self.l2_settings(),
            files: self.igt_files(&self.guest_kernel)?,
        };
        initrd::build(&l2, &cache, &self.folder.file("l2.initrd"))
    }

    /// What goes into the initrd of a machine with this kernel to run IGT.
    fn igt_files(&self, kernel: &Kernel) -> Result<Vec<(String, PathBuf)>> {
        let mut files = Vec::new();
        let Some(lists) = &self.options.test_list else {
            return Ok(files);
        };
        let sw_sync = self.paths.sw_sync(kernel);
        if sw_sync.exists() {
            files.push(("sw_sync.ko".to_string(), sw_sync));
        }
        if lists.is_file() {
            let name = format!("lists/1-all.{IGT_SECONDS}.list");
            files.push((name, lists.clone()));
            return Ok(files);
        }
        for entry in fs::read_dir(lists).with_context(|| lists.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| name.ends_with(".list")) {
                files.push((format!("lists/{name}"), path.clone()));
            }
        }
        files.sort();
        Ok(files)
    }

    fn l1_settings(&self) -> Vec<(String, String)> {
        let guest_arguments: Vec<String> = KERNEL_ARGUMENTS
            .iter()
            .chain(GUEST_ARGUMENTS)
            .map(|argument| argument.to_string())
            .chain(self.scenario.l2_args.iter().cloned())
            .collect();
        settings(&[
            ("DRIVER", self.options.driver.name()),
            ("DEVICE", self.options.device.name()),
            ("GUESTS", &self.options.guests.to_string()),
            ("ROUNDS", &self.rounds().to_string()),
            ("SCRIPT", &self.scenario.l1_script),
            ("CHECKS", &self.scenario.checks),
            ("I915_ARGS", &self.scenario.l1_i915),
            ("VGPU_TYPES", &self.scenario.vgpu_types),
            ("LAB", &self.paths.myself.display().to_string()),
            ("RUN", &self.folder.path.display().to_string()),
            (
                "GUEST_KERNEL",
                &self.guest_kernel.image.display().to_string(),
            ),
            ("GUEST_ARGS", &guest_arguments.join(" ")),
            ("GUEST_LIMIT", &self.scenario.guest_limit.to_string()),
            ("GUEST_STALL", &self.scenario.guest_stall.to_string()),
            ("GUEST_RESTARTS", &self.scenario.guest_restarts.to_string()),
            (
                "GUEST_RESUMES",
                if self.scenario.guest_resumes { "1" } else { "" },
            ),
            (
                "GUEST_SCREEN",
                if self.scenario.guest_screen { "1" } else { "" },
            ),
            ("SHELL_WANTED", if self.options.shell { "1" } else { "" }),
        ])
    }

    fn l2_settings(&self) -> Vec<(String, String)> {
        settings(&[
            ("DRIVER", self.options.driver.name()),
            ("DEVICE", self.options.device.name()),
            ("SCRIPT", &self.scenario.l2_script),
            ("CHECKS", &self.scenario.checks),
            ("I915_ARGS", &self.scenario.l2_i915),
            // L1's own symbols serve for guests that run the same kernel.
            (
                "SYMBOLS_WANTED",
                if self.guest_kernel.version == self.kernel.version {
                    ""
                } else {
                    "1"
                },
            ),
        ])
    }
}

fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}
