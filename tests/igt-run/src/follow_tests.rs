// SPDX-License-Identifier: GPL-2.0
//! What igt_runner's files tell.

use super::*;

/// A runner's folder with two jobs to come.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("follow-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(
            path.join("joblist.txt"),
            "gem_basic create,close\ni915_pciid\n",
        )
        .unwrap();
        Self(path)
    }

    fn add(&self, job: &str, file: &str, text: &str) {
        let folder = self.0.join(job);
        fs::create_dir_all(&folder).unwrap();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join(file))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn progress(&self) -> Progress {
        Progress::open(&self.0.join("progress"), 3).unwrap()
    }

    fn told(&self) -> String {
        fs::read_to_string(self.0.join("progress")).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn verdicts() {
    let end = |name: &str, result: &str| {
        Some(End {
            subtest: Some(name.to_owned()),
            result: result.to_owned(),
        })
    };
    for (line, expected) in [
        ("Subtest create: SUCCESS (0.001s)", end("create", "pass")),
        ("Subtest a-b: SKIP (0.000s)", end("a-b", "skip")),
        ("Subtest a: FAIL (1.200s)", end("a", "fail")),
        ("Subtest a: CRASH (1.200s)", end("a", "crash")),
        ("Dynamic subtest rcs0: SUCCESS (0.001s)", None),
        ("Subtest a: because of it (really)", None),
        ("Subtest a b: SUCCESS (0.001s)", None),
        ("Subtest a:", None),
    ] {
        assert_eq!(end_by_output(line), expected, "{line}");
    }
}

#[test]
fn jobs_are_told_as_they_end() {
    let folder = Folder::new("jobs");
    let mut progress = folder.progress();
    let mut follower = Follower::new(&folder.0).unwrap();
    assert!(!follower.look(&mut progress).unwrap());
    folder.add("0", "journal.txt", "create\n");
    assert!(follower.look(&mut progress).unwrap());
    // Half a line tells nothing.
    folder.add("0", "out.txt", "Subtest create: SUCC");
    assert!(!follower.look(&mut progress).unwrap());
    folder.add("0", "out.txt", "ESS (0.001s)\n");
    folder.add("0", "journal.txt", "close\ntimeout:0 (60.000s)\n");
    // A program without subtests.
    folder.add("1", "journal.txt", "exit:77 (0.1s)\n");
    assert!(follower.look(&mut progress).unwrap());
    assert_eq!(follower.current, 1);
    assert_eq!(
        folder.told(),
        "IGT: [1/3] gem_basic@create pass\n\
         IGT: [2/3] gem_basic@close timeout\n\
         IGT: [3/3] i915_pciid skip\n"
    );
}

#[test]
fn what_was_told_is_not_told_again() {
    let folder = Folder::new("again");
    folder.add("0", "journal.txt", "create\n");
    folder.add("0", "out.txt", "Subtest create: SUCCESS (0.001s)\n");
    let mut progress = folder.progress();
    let mut follower = Follower::new(&folder.0).unwrap();
    assert!(!follower.look(&mut progress).unwrap());
    // The machine has died in a subtest, and the runner goes on after it.
    folder.add("0", "journal.txt", "close\n");
    folder.add("0", "out.txt", "Subtest close: FAIL (0.001s)\n");
    follower.look(&mut progress).unwrap();
    assert_eq!(folder.told(), "IGT: [1/3] gem_basic@close fail\n");
    let again = folder.progress();
    assert_eq!(again.ended, 1);
}
