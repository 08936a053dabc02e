// SPDX-License-Identifier: GPL-2.0
//! What is kept must come back, whenever the machine dies.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::*;

/// A folder that goes away with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keep-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes or adds to a file below `work`.
    fn add(&self, name: &str, text: &[u8]) {
        let path = self.path("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(text).unwrap();
    }

    fn keep(&self) -> Keep {
        Keep::open(&self.path("kept"), &self.path("work")).unwrap()
    }

    fn folders(&self) -> [PathBuf; 2] {
        [self.path("work"), self.path("work/0")]
    }

    /// What a machine that boots now finds of a file.
    fn after_death(&self, name: &str) -> Option<Vec<u8>> {
        let again = Self::new();
        fs::copy(self.path("kept"), again.path("kept")).unwrap();
        again.keep();
        fs::read(again.path("work").join(name)).ok()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn additions_come_back() {
    let scratch = Scratch::new();
    let mut keep = scratch.keep();
    scratch.add("joblist.txt", b"a b\n");
    scratch.add("0/out.txt", b"one\n");
    scratch.add("0/err.txt", b"");
    keep.update(&scratch.folders()).unwrap();
    scratch.add("0/out.txt", b"two\n");
    keep.update(&scratch.folders()).unwrap();
    assert_eq!(scratch.after_death("joblist.txt").unwrap(), b"a b\n");
    assert_eq!(scratch.after_death("0/out.txt").unwrap(), b"one\ntwo\n");
    assert_eq!(scratch.after_death("0/err.txt").unwrap(), b"");
}

#[test]
fn what_has_not_changed_is_not_written_again() {
    let scratch = Scratch::new();
    let mut keep = scratch.keep();
    scratch.add("0/out.txt", b"one\n");
    scratch.add("0/err.txt", b"");
    keep.update(&scratch.folders()).unwrap();
    let length = fs::metadata(scratch.path("kept")).unwrap().len();
    keep.update(&scratch.folders()).unwrap();
    assert_eq!(fs::metadata(scratch.path("kept")).unwrap().len(), length);
}

#[test]
fn a_file_that_shrank_is_kept_anew() {
    let scratch = Scratch::new();
    let mut keep = scratch.keep();
    scratch.add("0/out.txt", b"long text\n");
    keep.update(&scratch.folders()).unwrap();
    fs::write(scratch.path("work/0/out.txt"), "short\n").unwrap();
    keep.update(&scratch.folders()).unwrap();
    assert_eq!(scratch.after_death("0/out.txt").unwrap(), b"short\n");
}

#[test]
fn what_is_forgotten_stays_away() {
    let scratch = Scratch::new();
    let mut keep = scratch.keep();
    scratch.add("joblist.txt", b"a b\n");
    scratch.add("0/out.txt", b"one\n");
    keep.update(&scratch.folders()).unwrap();
    fs::remove_dir_all(scratch.path("work/0")).unwrap();
    keep.forget(&scratch.path("work/0")).unwrap();
    assert_eq!(scratch.after_death("0/out.txt"), None);
    assert_eq!(scratch.after_death("joblist.txt").unwrap(), b"a b\n");
}

#[test]
fn a_second_life_goes_on() {
    let scratch = Scratch::new();
    let mut keep = scratch.keep();
    scratch.add("0/out.txt", b"one\n");
    keep.update(&scratch.folders()).unwrap();
    drop(keep);
    fs::remove_dir_all(scratch.path("work")).unwrap();
    let mut keep = scratch.keep();
    scratch.add("0/out.txt", b"two\n");
    keep.update(&scratch.folders()).unwrap();
    assert_eq!(scratch.after_death("0/out.txt").unwrap(), b"one\ntwo\n");
}

proptest! {
    /// A file that was cut off anywhere gives a beginning of each kept file, and can be gone on with.
    #[test]
    fn cut_off_anywhere(
        texts in prop::collection::vec((0..3_usize, prop::collection::vec(any::<u8>(), 0..40)), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let scratch = Scratch::new();
        let mut keep = scratch.keep();
        let mut whole = [Vec::new(), Vec::new(), Vec::new()];
        for (file, text) in &texts {
            scratch.add(&format!("0/{file}"), text);
            whole[*file].extend_from_slice(text);
            keep.update(&scratch.folders()).unwrap();
        }
        drop(keep);
        let bytes = fs::read(scratch.path("kept")).unwrap();
        fs::write(scratch.path("kept"), &bytes[..cut.index(bytes.len() + 1)]).unwrap();
        fs::remove_dir_all(scratch.path("work")).unwrap();
        let mut keep = scratch.keep();
        for (file, whole) in whole.iter().enumerate() {
            let kept = fs::read(scratch.path("work/0").join(file.to_string())).unwrap_or_default();
            prop_assert!(whole.starts_with(&kept));
        }
        scratch.add("0/more", b"more");
        keep.update(&scratch.folders()).unwrap();
        prop_assert_eq!(scratch.after_death("0/more").unwrap(), b"more");
    }

    /// No bytes make it stumble.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some((addition, length)) = Addition::parse(&bytes) {
            prop_assert!(length <= bytes.len());
            prop_assert!(addition.bytes.len() < length);
        }
    }
}
