// SPDX-License-Identifier: GPL-2.0
//! Finds kernel modules in an unpacked package and puts them in the order in which they load.
//!
//! depmod is not needed: each module names what it depends on in its `.modinfo` section.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The modules of one kernel, by name with '-' written as '_'.
pub struct ModuleTree {
    files: BTreeMap<String, PathBuf>,
}

/// A module's image, uncompressed.
pub struct Module {
    pub name: String,
    pub image: Vec<u8>,
}

impl ModuleTree {
    /// Indexes every `*.ko`, `*.ko.xz` and `*.ko.zst` below `root`.
    pub fn index(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut pending = vec![root.to_path_buf()];
        while let Some(folder) = pending.pop() {
            let entries =
                fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
            for entry in entries {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    pending.push(entry.path());
                } else if let Some(name) = module_name(&entry.path()) {
                    files.insert(name, entry.path());
                }
            }
        }
        if files.is_empty() {
            bail!("no kernel module below {}", root.display());
        }
        Ok(ModuleTree { files })
    }

    /// Adds a module that is not part of the kernel's package. What is loaded is a copy at `stripped`, without
    /// what only a debugger reads: an emulated CPU would copy that from place to place for a second.
    pub fn add(&mut self, path: &Path, stripped: &Path) -> Result<()> {
        let name = module_name(path)
            .with_context(|| format!("{} is not named like a module", path.display()))?;
        let status = Command::new("strip")
            .arg("--strip-debug")
            .arg("-o")
            .args([stripped, path])
            .status()
            .context("starting strip")?;
        if !status.success() {
            bail!("strip cannot copy {}", path.display());
        }
        self.files.insert(name, stripped.to_path_buf());
        Ok(())
    }

    /// Reads `wanted` and all they depend on, each after what it needs. A wanted module that the
    /// kernel has built in has no file and is left out; `optional` says whether that is fine.
    pub fn load_order(&self, wanted: &[&str], optional: &[&str]) -> Result<Vec<Module>> {
        let mut order = Vec::new();
        for name in wanted {
            self.visit(name, &mut order, 0)?;
        }
        for name in optional {
            if self.files.contains_key(&canonical(name)) {
                self.visit(name, &mut order, 0)?;
            }
        }
        Ok(order)
    }

    fn visit(&self, name: &str, order: &mut Vec<Module>, depth: usize) -> Result<()> {
        let name = canonical(name);
        if order.iter().any(|module| module.name == name) {
            return Ok(());
        }
        if depth > 32 {
            bail!("modules depend on each other in a circle at {name}");
        }
        let path = self
            .files
            .get(&name)
            .with_context(|| format!("the kernel's package has no module {name}"))?;
        let image = unsigned(read_module(path)?);
        for needed in depends(&image).with_context(|| format!("{}", path.display()))? {
            self.visit(&needed, order, depth + 1)?;
        }
        order.push(Module { name, image });
        Ok(())
    }
}

fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

fn module_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = [".ko", ".ko.xz", ".ko.zst"]
        .iter()
        .find_map(|end| name.strip_suffix(end))?;
    Some(canonical(stem))
}

fn read_module(path: &Path) -> Result<Vec<u8>> {
    let tool = match path.extension().and_then(|e| e.to_str()) {
        Some("xz") => "xz",
        Some("zst") => "zstd",
        _ => return fs::read(path).with_context(|| format!("reading {}", path.display())),
    };
    let output = Command::new(tool)
        .arg("-dc")
        .arg(path)
        .output()
        .with_context(|| format!("starting {tool}"))?;
    if !output.status.success() {
        bail!("{tool} cannot unpack {}", path.display());
    }
    Ok(output.stdout)
}

/// What stands at the end of a signed module (scripts/sign-file.c of the kernel).
const SIGNATURE_MARK: &[u8] = b"~Module signature appended~\n";
/// Bytes of `struct module_signature` before the mark; its last four are the signature's length, big
/// endian.
const SIGNATURE_HEADER: usize = 12;

/// The module without its signature: to check it costs an emulated CPU seconds.
fn unsigned(mut image: Vec<u8>) -> Vec<u8> {
    let length = || {
        let rest = image.strip_suffix(SIGNATURE_MARK)?;
        let (rest, length) = rest.split_last_chunk::<4>()?;
        let signature = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.len().checked_sub(SIGNATURE_HEADER - 4 + signature)
    };
    if let Some(length) = length() {
        image.truncate(length);
    }
    image
}

/// The names in the `depends=` entry of a module's `.modinfo` section.
fn depends(image: &[u8]) -> Result<Vec<String>> {
    let info = section(image, ".modinfo").context("no .modinfo section")?;
    let entry = info
        .split(|&byte| byte == 0)
        .find_map(|entry| entry.strip_prefix(b"depends="))
        .context("no depends= entry")?;
    Ok(String::from_utf8_lossy(entry)
        .split(',')
        .filter(|name| !name.is_empty())
        .map(canonical)
        .collect())
}

/// A section of a little-endian 64-bit ELF file, by name (System V ABI, "ELF-64 Object File Format").
fn section<'a>(image: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    if image.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let table = number(image, 0x28, 8)?;
    let entry_size = number(image, 0x3a, 2)?;
    let count = number(image, 0x3c, 2)?;
    let names_index = number(image, 0x3e, 2)?;
    let header = |index: usize| image.get(table.checked_add(index.checked_mul(entry_size)?)?..);
    let data = |header: &[u8]| {
        let start = number(header, 0x18, 8)?;
        image.get(start..start.checked_add(number(header, 0x20, 8)?)?)
    };
    let names = data(header(names_index)?)?;
    (0..count).find_map(|index| {
        let header = header(index)?;
        let name = names.get(number(header, 0, 4)?..)?;
        let name = name.split(|&byte| byte == 0).next()?;
        (name == wanted.as_bytes()).then(|| data(header))?
    })
}

fn number(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    let value = field
        .iter()
        .rev()
        .fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with a name table and a .modinfo section.
    fn elf(info: &[u8]) -> Vec<u8> {
        let names = b"\0.names\0.modinfo\0";
        let mut image = vec![0; 64];
        image[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let names_at = image.len();
        image.extend_from_slice(names);
        let info_at = image.len();
        image.extend_from_slice(info);
        let table = image.len();
        for (name, at, size) in [(1u32, names_at, names.len()), (8, info_at, info.len())] {
            let mut header = vec![0; 64];
            header[..4].copy_from_slice(&name.to_le_bytes());
            header[0x18..0x20].copy_from_slice(&(at as u64).to_le_bytes());
            header[0x20..0x28].copy_from_slice(&(size as u64).to_le_bytes());
            image.extend_from_slice(&header);
        }
        image[0x28..0x30].copy_from_slice(&(table as u64).to_le_bytes());
        image[0x3a] = 64;
        image[0x3c] = 2;
        image
    }

    #[test]
    fn dependencies_are_read_from_modinfo() {
        let image = elf(b"license=GPL\0depends=kvm,cec-core\0name=x\0");
        assert_eq!(depends(&image).unwrap(), ["kvm", "cec_core"]);
        assert!(depends(&elf(b"depends=\0")).unwrap().is_empty());
    }

    #[test]
    fn signatures_are_cut_off() {
        let mut signed = b"module".to_vec();
        signed.extend_from_slice(b"sig");
        signed.extend_from_slice(&[0, 0, 2, 0, 0, 0, 0, 0]);
        signed.extend_from_slice(&3u32.to_be_bytes());
        signed.extend_from_slice(SIGNATURE_MARK);
        assert_eq!(unsigned(signed), b"module");
        assert_eq!(unsigned(b"module".to_vec()), b"module");
        let mut lying = vec![0xff; 12];
        lying.extend_from_slice(SIGNATURE_MARK);
        assert_eq!(unsigned(lying.clone()), lying);
    }

    #[test]
    fn damaged_files_are_refused() {
        assert!(depends(&elf(b"license=GPL\0")).is_err());
        assert!(depends(b"\x7fELF").is_err());
        let mut image = elf(b"depends=\0");
        image[0x28..0x30].fill(0xff);
        assert!(depends(&image).is_err());
    }

    #[test]
    fn names() {
        assert_eq!(
            module_name(Path::new("/a/kvm-amd.ko.xz")).unwrap(),
            "kvm_amd"
        );
        assert_eq!(module_name(Path::new("x.ko")).unwrap(), "x");
        assert!(module_name(Path::new("modules.dep")).is_none());
    }
}
