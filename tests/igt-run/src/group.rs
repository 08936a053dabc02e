// SPDX-License-Identifier: GPL-2.0
//! The lists of subtests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// A list whose subtests have one time limit.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// The list.
    pub list: PathBuf,
    /// `<n>-<name>`, which names its folder of results.
    pub folder: String,
    /// The name alone.
    pub name: String,
    /// Seconds that each subtest has.
    pub seconds: u32,
    /// How many subtests there are.
    pub count: usize,
}

impl Group {
    fn parse(list: &Path) -> Option<Self> {
        let file = list.file_name()?.to_str()?;
        let (folder, seconds) = file.strip_suffix(".list")?.rsplit_once('.')?;
        let (_, name) = folder.split_once('-')?;
        Some(Self {
            list: list.to_owned(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            seconds: seconds.parse().ok()?,
            count: 0,
        })
    }

    /// Puts the list among the results, so that they tell what was not run.
    pub fn hand_over(&self, results: &Path) -> Result<()> {
        let copy = results.join(self.list.file_name().unwrap_or_default());
        fs::copy(&self.list, &copy).with_context(|| format!("making {}", copy.display()))?;
        Ok(())
    }
}

/// The groups of a folder, in order.
///
/// # Errors
///
/// The folder or a list cannot be read, is not named as a list, or there is none.
pub fn read(folder: &Path) -> Result<Vec<Group>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut lists = Vec::new();
    for entry in entries {
        lists.push(entry?.path());
    }
    lists.sort();
    let mut groups = Vec::new();
    for list in lists {
        let mut group = Group::parse(&list)
            .with_context(|| format!("{} is not <n>-<group>.<seconds>.list", list.display()))?;
        let text =
            fs::read_to_string(&list).with_context(|| format!("reading {}", list.display()))?;
        group.count = text.lines().filter(|line| !line.is_empty()).count();
        groups.push(group);
    }
    ensure!(!groups.is_empty(), "no lists in {}", folder.display());
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lists() {
        let group = Group::parse(Path::new("/lists/5-hangs.180.list")).unwrap();
        assert_eq!(
            (group.folder.as_str(), group.name.as_str(), group.seconds),
            ("5-hangs", "hangs", 180)
        );
        for name in [
            "5-hangs.list",
            "hangs.180.list",
            "5-hangs.180",
            "5-hangs.x.list",
        ] {
            assert_eq!(Group::parse(Path::new(name)), None, "{name}");
        }
    }
}
