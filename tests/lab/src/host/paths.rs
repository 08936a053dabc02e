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

    /// The kernel that guests boot: the one in the cache that `wanted` names, or L1's own.
    pub fn guest_kernel(&self, wanted: Option<&str>, host: &Kernel) -> Result<Kernel> {
        let Some(wanted) = wanted.filter(|wanted| *wanted != host.version) else {
            return Ok(host.clone());
        };
        let folder = self.cache.join("guest");
        let names = kernel_names(&folder)?;
        match named(&names, wanted) {
            Some(name) => Kernel::at(&folder.join(name)),
            None => bail!(
                "GUEST_KERNEL={wanted} (--guest-kernel) must name one of: {}. \
                 \"make setup KVER=X.Y\" adds one of scripts/kernels",
                names.join(", ")
            ),
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

/// What a folder of kernels has, in order. What ends in `.tmp` the set-up has begun only.
fn kernel_names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("no kernels at {}: run the set-up first", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".tmp") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Which of `names` is meant: the very name, or the only version that begins so, as with KVER=.
fn named<'a>(names: &'a [String], wanted: &str) -> Option<&'a str> {
    let exact = names.iter().find(|name| *name == wanted);
    let mut versions = names.iter().filter(|name| {
        name.strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with(['.', '+', '-']))
    });
    match (exact, versions.next(), versions.next()) {
        (Some(name), ..) | (None, Some(name), None) => Some(name),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_kernels_are_named_as_with_kver() {
        let names = [
            "6.1.0-50-amd64",
            "6.12.117+deb13-amd64",
            "7.2.12+deb13-amd64",
            "7.2.13+deb13-amd64",
            "bookworm",
            "trixie",
        ]
        .map(String::from);
        for (wanted, expected) in [
            ("bookworm", Some("bookworm")),
            ("7.2.12+deb13-amd64", Some("7.2.12+deb13-amd64")),
            ("6.1", Some("6.1.0-50-amd64")),
            ("6.1.0", Some("6.1.0-50-amd64")),
            ("6.12.117", Some("6.12.117+deb13-amd64")),
            ("7.2.13", Some("7.2.13+deb13-amd64")),
            ("7.2", None),
            ("6", None),
            ("7.2.1", None),
            ("trix", None),
            ("", None),
        ] {
            assert_eq!(named(&names, wanted), expected, "{wanted}");
        }
    }
}
