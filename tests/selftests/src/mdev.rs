// SPDX-License-Identifier: GPL-2.0
//! Mediated devices as sysfs has them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

/// The GPU.
pub struct Parent(PathBuf);

/// A type of mediated device.
pub struct Type(PathBuf);

/// A mediated device, which is removed with this.
pub struct Mdev {
    uuid: String,
    removed: bool,
}

/// Where all mediated devices are.
const DEVICES: &str = "/sys/bus/mdev/devices";

impl Parent {
    /// The GPU at a path in sysfs.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// An attribute of the PCI device, without the end of its line.
    pub fn attribute(&self, name: &str) -> Result<String> {
        read(&self.0.join(name))
    }

    /// The device that its own driver offers to everybody.
    pub fn render_node(&self) -> Result<PathBuf> {
        let folder = self.0.join("drm");
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut nodes = names.filter(|name| name.to_string_lossy().starts_with("renderD"));
        let node = nodes.next().context("no render node")?;
        Ok(Path::new("/dev/dri").join(node))
    }

    /// The file in sysfs that takes the driver off the devices whose names are written to it, and the GPU's name.
    pub fn unbinder(&self) -> Result<(PathBuf, String)> {
        let path = fs::canonicalize(&self.0).with_context(|| self.0.display().to_string())?;
        let name = path.file_name().context("a GPU without a name")?;
        let name = name.to_string_lossy().into_owned();
        Ok((path.join("driver/unbind"), name))
    }

    /// The types that are offered, in order of their names.
    pub fn types(&self) -> Result<Vec<Type>> {
        let folder = self.0.join("mdev_supported_types");
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut types = entries
            .map(|entry| Ok(Type(entry?.path())))
            .collect::<Result<Vec<_>>>()?;
        types.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(types)
    }
}

/// A UUID that was not used yet.
pub fn fresh_uuid() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "76666963-6865-636b-{:04x}-{count:012x}",
        std::process::id() & 0xffff
    )
}

impl Type {
    /// The name of its folder.
    pub fn name(&self) -> String {
        let name = self.0.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// An attribute, without the end of its last line.
    pub fn attribute(&self, name: &str) -> Result<String> {
        read(&self.0.join(name))
    }

    /// How many more can be made.
    pub fn available(&self) -> Result<u32> {
        Ok(self.attribute("available_instances")?.parse()?)
    }

    /// Makes one.
    pub fn create(&self) -> io::Result<Mdev> {
        self.create_as(&fresh_uuid())
    }

    /// Makes one of this name.
    pub fn create_as(&self, uuid: &str) -> io::Result<Mdev> {
        fs::write(self.0.join("create"), uuid)?;
        Ok(Mdev {
            uuid: uuid.to_string(),
            removed: false,
        })
    }
}

impl Mdev {
    /// One that somebody else removes.
    pub fn known(uuid: &str) -> Self {
        Self {
            uuid: uuid.to_string(),
            removed: true,
        }
    }

    /// Its name.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        Path::new(DEVICES).join(&self.uuid)
    }

    /// Whether it is there.
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// The number that the driver gave it.
    pub fn id(&self) -> Result<u32> {
        Ok(self.attribute("intel_vgpu/vgpu_id")?.parse()?)
    }

    /// An attribute, without the end of its last line.
    pub fn attribute(&self, name: &str) -> Result<String> {
        read(&self.path().join(name))
    }

    /// Writes an attribute.
    pub fn set_attribute(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.path().join(name), text)
    }

    /// The file in sysfs that removes it.
    pub fn remover(&self) -> PathBuf {
        self.path().join("remove")
    }

    /// Removes it, and waits until that is done.
    pub fn remove(mut self) -> io::Result<()> {
        self.removed = true;
        fs::write(self.remover(), "1")
    }

    /// Somebody else has removed it.
    pub fn forget(mut self) {
        self.removed = true;
    }
}

impl Drop for Mdev {
    fn drop(&mut self) {
        if !self.removed {
            // What cannot be removed shows in the next check, which finds no room.
            let _ = fs::write(self.remover(), "1");
        }
    }
}

/// The VFIO group of the mediated device of this name.
pub fn group_of(uuid: &str) -> Result<PathBuf> {
    let link = fs::read_link(Path::new(DEVICES).join(uuid).join("iommu_group"));
    let link = link.context("reading the link to the IOMMU group")?;
    let number = link
        .file_name()
        .context("an IOMMU group without a number")?;
    Ok(Path::new("/dev/vfio").join(number))
}

fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.trim_end().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_well_formed_and_differ() {
        let (a, b) = (fresh_uuid(), fresh_uuid());
        assert_ne!(a, b);
        let parts: Vec<usize> = a.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(a.chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
    }
}
