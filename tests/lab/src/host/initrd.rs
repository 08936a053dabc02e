// SPDX-License-Identifier: GPL-2.0
//! Builds the initial RAM disks of L1 and of the guests.
//!
//! Each is two archives, one behind the other, as the kernel allows. The first holds busybox and the
//! kernel modules; it is large, and kept in the cache under a hash of what went in. The second holds
//! the scripts, the settings and the test program; it is small and written for every run. Neither is
//! compressed: an emulated CPU takes longer to unpack than QEMU takes to load.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use super::cpio::Archive;
use super::modules::ModuleTree;
use super::paths::Kernel;

/// A group of modules that scripts load by one name.
pub struct ModuleSet {
    pub name: &'static str,
    pub wanted: &'static [&'static str],
    /// Left out where the kernel has them built in.
    pub optional: &'static [&'static str],
}

/// The shares with the outside, the disk with programs, the GPU's driver, and a GPU without hardware, with
/// which IGT tests what i915 shares with other drivers.
pub const COMMON_SETS: &[ModuleSet] = &[
    ModuleSet {
        name: "share",
        wanted: &["9p"],
        optional: &["virtio_pci", "9pnet_virtio"],
    },
    ModuleSet {
        name: "disk",
        wanted: &["squashfs"],
        optional: &["virtio_pci", "virtio_blk"],
    },
    ModuleSet {
        name: "i915",
        wanted: &["i915"],
        optional: &[],
    },
    ModuleSet {
        name: "vgem",
        wanted: &["vgem"],
        optional: &[],
    },
];

/// What L1 needs to run guests. The CPU that TCG emulates is an AMD one.
pub const NESTED_SETS: &[ModuleSet] = &[
    ModuleSet {
        name: "kvm",
        wanted: &["kvm_amd"],
        optional: &[],
    },
    ModuleSet {
        name: "vfio",
        wanted: &["mdev"],
        optional: &["vfio", "vfio_iommu_type1"],
    },
];

pub const KVMGT_SET: ModuleSet = ModuleSet {
    name: "vendor",
    wanted: &["kvmgt"],
    optional: &[],
};

pub const RGVT_SET: ModuleSet = ModuleSet {
    name: "vendor",
    wanted: &["rgvt"],
    optional: &[],
};

/// What goes into an initrd.
pub struct Contents<'a> {
    pub kernel: &'a Kernel,
    pub busybox: &'a Path,
    pub sets: Vec<&'static ModuleSet>,
    /// A module from outside the kernel's package.
    pub extra_module: Option<PathBuf>,
    /// The folders with `init` and the scripts.
    pub scripts: Vec<PathBuf>,
    /// Programs for /bin.
    pub programs: Vec<PathBuf>,
    /// Shell assignments for /lab/env.
    pub settings: Vec<(String, String)>,
    /// Further files, by their name below /lab.
    pub files: Vec<(String, PathBuf)>,
}

/// Writes the initrd to `path`, with the large part taken from `cache` or put there.
pub fn build(contents: &Contents, cache: &Path, path: &Path) -> Result<()> {
    let base = base(contents, cache)?;
    let mut out =
        BufWriter::new(File::create(path).with_context(|| format!("making {}", path.display()))?);
    io::copy(&mut File::open(&base)?, &mut out)
        .with_context(|| format!("copying {}", base.display()))?;
    overlay(contents, out).context("writing the initrd's scripts")
}

/// Counts changes to how the first archive is made.
const FORMAT: u32 = 3;

/// First archives that stay in the cache: enough for every kernel and driver of `make check`, and for a few
/// builds of the module.
const KEPT: usize = 12;

fn base(contents: &Contents, cache: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    FORMAT.hash(&mut hasher);
    contents.kernel.version.hash(&mut hasher);
    for set in &contents.sets {
        (set.name, set.wanted, set.optional).hash(&mut hasher);
    }
    let sources = [
        Some(contents.busybox),
        Some(&contents.kernel.modules),
        contents.extra_module.as_deref(),
    ];
    for source in sources.into_iter().flatten() {
        let about = fs::metadata(source).with_context(|| format!("{}", source.display()))?;
        (source, about.len(), about.modified()?).hash(&mut hasher);
    }
    let path = cache.join(format!("{:016x}.cpio", hasher.finish()));
    if !path.exists() {
        fs::create_dir_all(cache).with_context(|| format!("making {}", cache.display()))?;
        // Renamed when complete, so that an interrupted run leaves nothing that looks whole.
        let partial = path.with_extension(format!("{}", std::process::id()));
        write_base(contents, &partial).context("writing the initrd's modules")?;
        fs::rename(&partial, &path)?;
        forget_old(cache)?;
    } else {
        File::open(&path)?.set_modified(SystemTime::now())?;
    }
    Ok(path)
}

/// Removes the archives that were not used for longest, and what interrupted runs have left.
fn forget_old(cache: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        // Another run may be quicker to remove it, here and below.
        if let Ok(used) = entry.metadata().and_then(|about| about.modified()) {
            files.push((used, entry.path()));
        }
    }
    files.sort();
    let old = files.len().saturating_sub(KEPT);
    for (_, path) in &files[..old] {
        let _ = fs::remove_file(path);
    }
    Ok(())
}

fn write_base(contents: &Contents, path: &Path) -> Result<()> {
    let mut archive = Archive::new(BufWriter::new(File::create(path)?));
    for folder in ["bin", "modules"] {
        archive.folder(folder)?;
    }
    archive.file("bin/busybox", 0o755, &fs::read(contents.busybox)?)?;
    archive.link("bin/sh", "busybox")?;
    let mut tree = ModuleTree::index(&contents.kernel.modules)?;
    let stripped = PathBuf::from(format!("{}.ko", path.display()));
    if let Some(module) = &contents.extra_module {
        tree.add(module, &stripped)?;
    }
    let mut written = Vec::new();
    for set in &contents.sets {
        let mut list = String::new();
        for module in tree.load_order(set.wanted, set.optional)? {
            list.push_str(&module.name);
            list.push('\n');
            if !written.contains(&module.name) {
                archive.file(&format!("modules/{}.ko", module.name), 0o644, &module.image)?;
                written.push(module.name);
            }
        }
        archive.file(
            &format!("modules/{}.list", set.name),
            0o644,
            list.as_bytes(),
        )?;
    }
    archive.finish()?;
    if contents.extra_module.is_some() {
        fs::remove_file(&stripped)?;
    }
    Ok(())
}

fn overlay(contents: &Contents, out: BufWriter<File>) -> Result<()> {
    let mut archive = Archive::new(out);
    for folder in ["bin", "lab", "lab/lists"] {
        archive.folder(folder)?;
    }
    let mut names = HashSet::new();
    for entry in sorted(&contents.scripts)? {
        let name = entry
            .file_name()
            .and_then(|name| name.to_str())
            .context("a script's name is not UTF-8")?;
        ensure!(
            names.insert(name.to_string()),
            "another folder has a script of this name: {}",
            entry.display()
        );
        let data = fs::read(&entry).with_context(|| format!("reading {}", entry.display()))?;
        if name == "init" {
            archive.file("init", 0o755, &data)?;
        } else {
            archive.file(&format!("lab/{name}"), 0o644, &data)?;
        }
    }
    for program in &contents.programs {
        let data = fs::read(program).with_context(|| format!("reading {}", program.display()))?;
        let name = program.file_name().and_then(|name| name.to_str());
        let name = name.context("a program without a name")?;
        archive.file(&format!("bin/{name}"), 0o755, &data)?;
    }
    for (name, file) in &contents.files {
        let data = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        archive.file(&format!("lab/{name}"), 0o644, &data)?;
    }
    let mut settings = String::new();
    for (name, value) in &contents.settings {
        settings.push_str(&format!("{name}={}\n", quote(value)));
    }
    archive.file("lab/env", 0o644, settings.as_bytes())?;
    archive.finish()?;
    Ok(())
}

/// The plain files of the folders, in the order of their names.
fn sorted(folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder);
        for entry in entries.with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A value as one word of the shell.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_archives_used_last_stay() {
        let cache = std::env::temp_dir().join(format!("initrd-{}", std::process::id()));
        fs::create_dir_all(&cache).unwrap();
        let path = |number: usize| cache.join(format!("{number:016x}.cpio"));
        for number in 0..KEPT + 2 {
            let file = File::create(path(number)).unwrap();
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64 ^ 1);
            file.set_modified(used).unwrap();
        }
        forget_old(&cache).unwrap();
        let left: Vec<usize> = (0..KEPT + 2)
            .filter(|&number| path(number).exists())
            .collect();
        fs::remove_dir_all(&cache).unwrap();
        assert_eq!(left, (2..KEPT + 2).collect::<Vec<_>>());
    }

    #[test]
    fn values_are_quoted_for_the_shell() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), "'it'\\''s'");
    }
}
