// SPDX-License-Identifier: GPL-2.0
//! Where things are: the project tree, the cache that set-up fills, and a run's own folder.
//!
//! All of these paths are valid inside the sysroot, and, prefixed with L1's mount point of the root
//! share, in L1 as well.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The fixed places of one invocation.
pub struct Paths {
    /// The project's work tree.
    pub tree: PathBuf,
    /// What `scripts/setup` wrote.
    pub cache: PathBuf,
    /// Where the project's programs were built.
    pub programs: PathBuf,
    /// This program.
    pub myself: PathBuf,
}

impl Paths {
    pub fn find(tree: Option<PathBuf>, cache: Option<PathBuf>) -> Result<Self> {
        let myself = env::current_exe().context("finding this program's own path")?;
        let programs = myself
            .parent()
            .context("this program has no folder")?
            .to_path_buf();
        let tree = match tree {
            Some(tree) => tree,
            // build/cargo/release/lab
            None => programs
                .ancestors()
                .find(|folder| folder.join("tests/lab/scenarios").is_dir())
                .context("no project tree above this program; say --tree")?
                .to_path_buf(),
        };
        let cache = cache
            .or_else(|| env::var_os("RGVT_CACHE").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("/cache"));
        if !cache.is_dir() {
            bail!(
                "no cache at {}: run the set-up first, or say --cache",
                cache.display()
            );
        }
        Ok(Paths {
            tree,
            cache,
            programs,
            myself,
        })
    }

    pub fn lab(&self) -> PathBuf {
        self.tree.join("tests/lab")
    }

    /// A program of this project, which must have been built.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        existing(self.programs.join(name)).context("build the programs first")
    }

    /// The kernel that L1 boots: `version`, or the one that set-up chose.
    pub fn kernel(&self, version: Option<&str>) -> Result<Kernel> {
        let folder = self.cache.join("kernel").join(version.unwrap_or("default"));
        Kernel::at(&folder)
    }

    /// The kernel that guests boot: `version`, or L1's own.
    pub fn guest_kernel(&self, version: Option<&str>, host: &Kernel) -> Result<Kernel> {
        match version {
            Some(version) if version != host.version => {
                Kernel::at(&self.cache.join("guest").join(version))
            }
            _ => Ok(host.clone()),
        }
    }

    /// Where sw_sync of a kernel is when it has been built (scripts/sw-sync).
    pub fn sw_sync(&self, kernel: &Kernel) -> PathBuf {
        let folder = self.tree.join("build/sw_sync").join(&kernel.version);
        folder.join("sw_sync.ko")
    }

    /// The vendor module of this project, when it has been built.
    pub fn rgvt_module(&self) -> Result<PathBuf> {
        let places = ["rgvt.ko", "build/rgvt.ko", "drivers/gpu/rgvt/rgvt.ko"];
        places
            .iter()
            .map(|place| self.tree.join(place))
            .find(|path| path.is_file())
            .context("rgvt.ko has not been built")
    }
}

/// A bootable kernel and its modules.
#[derive(Clone)]
pub struct Kernel {
    pub version: String,
    pub image: PathBuf,
    pub modules: PathBuf,
}

impl Kernel {
    fn at(folder: &Path) -> Result<Self> {
        let real = fs::canonicalize(folder)
            .with_context(|| format!("no kernel at {}: run the set-up first", folder.display()))?;
        let version = real
            .file_name()
            .and_then(|name| name.to_str())
            .context("a kernel's folder is named by its version")?
            .to_string();
        Ok(Kernel {
            version,
            image: existing(real.join("vmlinuz"))?,
            modules: existing(real.join("modules"))?,
        })
    }
}

fn existing(path: PathBuf) -> Result<PathBuf> {
    if !path.exists() {
        bail!("{} does not exist", path.display());
    }
    Ok(path)
}

/// The folder of one run, emptied when it starts.
#[derive(Clone)]
pub struct RunFolder {
    pub path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, or empties it; `resume` keeps what the run before wrote to its share.
    pub fn create(path: PathBuf, resume: bool) -> Result<Self> {
        let folder = RunFolder { path };
        let out = folder.out();
        fs::create_dir_all(&out).with_context(|| format!("making {}", out.display()))?;
        for entry in fs::read_dir(&folder.path).context("emptying the run's folder")? {
            let path = entry?.path();
            let removed = if resume && path == out {
                Ok(())
            } else if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.with_context(|| format!("removing {}", path.display()))?;
        }
        fs::create_dir_all(&out).with_context(|| format!("making {}", out.display()))?;
        Ok(folder)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder that L1 can write.
    pub fn out(&self) -> PathBuf {
        self.path.join("out")
    }
}
