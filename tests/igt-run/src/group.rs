// SPDX-License-Identifier: GPL-2.0
//! The lists of subtests.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
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

    /// What igt_runner left out of this group, as a group of its own with its list below `work`: the
    /// subtests of a program that came after one that was killed at its limit.
    ///
    /// # Errors
    ///
    /// What igt_runner wrote below `work` cannot be read, or the list not be written.
    pub fn rest(&self, work: &Path) -> Result<Option<Self>> {
        let folder = work.join(&self.folder);
        let mut names = Vec::new();
        for (job, line) in read_if_there(&folder.join("joblist.txt"))?
            .lines()
            .enumerate()
        {
            let journal = read_if_there(&folder.join(job.to_string()).join("journal.txt"))?;
            names.extend(left_out(line, &journal));
        }
        if names.is_empty() {
            return Ok(None);
        }
        let rest = Self {
            folder: format!("{}-rest", self.folder),
            list: work.join(format!("{}-rest.{}.list", self.folder, self.seconds)),
            name: format!("{}-rest", self.name),
            seconds: self.seconds,
            count: names.len(),
        };
        fs::write(&rest.list, names.concat())
            .with_context(|| format!("making {}", rest.list.display()))?;
        Ok(Some(rest))
    }
}

/// Lines of a list for the subtests of the job `program subtest,subtest` that did not begin, if igt_runner killed one that
/// did: at its limit, or when a warning of the kernel's had made that shorter. A program that was killed before its first
/// subtest would only be killed again.
fn left_out(job: &str, journal: &str) -> Vec<String> {
    let Some((program, subtests)) = job.split_once(' ') else {
        return Vec::new();
    };
    let begun: BTreeSet<_> = journal.lines().filter(|line| !line.contains(':')).collect();
    // Who ends by itself has a status that is not negative.
    let is_killed = |line: &str| line.starts_with("timeout:") || line.starts_with("exit:-");
    if begun.is_empty() || !journal.lines().any(is_killed) {
        return Vec::new();
    }
    let left = subtests.split(',').filter(|name| !begun.contains(name));
    left.map(|name| format!("igt@{program}@{name}\n")).collect()
}

fn read_if_there(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text.with_context(|| format!("reading {}", path.display())),
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

    #[test]
    fn what_a_limit_left_out() {
        let job = "kms_flip plain,busy,dpms";
        let rest = ["igt@kms_flip@dpms\n"];
        assert_eq!(left_out(job, "plain\nbusy\ntimeout:-3 (60.1s)\n"), rest);
        assert_eq!(left_out(job, "plain\nbusy\nexit:-3 (60.1s)\n"), rest);
        for journal in [
            "",
            "plain\nbusy\ndpms\nexit:0 (3.1s)\n",
            // It did not get as far as its first subtest.
            "timeout:-3 (60.1s)\n",
            // It ended by itself, without the last one.
            "plain\nbusy\nexit:79 (3.1s)\n",
            // The last one was killed.
            "plain\nbusy\ndpms\ntimeout:-3 (60.1s)\n",
        ] {
            assert_eq!(left_out(job, journal), [""; 0], "{journal}");
        }
        assert_eq!(left_out("i915_pciid", "timeout:-3 (60.1s)\n"), [""; 0]);
    }

    #[test]
    fn the_rest_is_a_group() {
        let work = std::env::temp_dir().join(format!("rest-{}", std::process::id()));
        let group = Group::parse(Path::new("3-display.60.list")).unwrap();
        fs::create_dir_all(work.join("3-display/1")).unwrap();
        assert_eq!(group.rest(&work).unwrap(), None);
        fs::write(
            work.join("3-display/joblist.txt"),
            "core_auth\nkms_flip a,b,c\n",
        )
        .unwrap();
        let journal = work.join("3-display/1/journal.txt");
        fs::write(&journal, "a\ntimeout:-3 (60.1s)\n").unwrap();
        let rest = group.rest(&work).unwrap().unwrap();
        assert_eq!(
            (rest.folder.as_str(), rest.seconds, rest.count),
            ("3-display-rest", 60, 2)
        );
        let text = fs::read_to_string(&rest.list).unwrap();
        assert_eq!(text, "igt@kms_flip@b\nigt@kms_flip@c\n");
        assert_eq!(Group::parse(&rest.list).unwrap().folder, rest.folder);
        fs::remove_dir_all(&work).unwrap();
    }
}
