// SPDX-License-Identifier: GPL-2.0
//! Watches L1 from outside: shows its test points as they come, and notices when it falls silent.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use super::paths::RunFolder;

/// What a look found.
pub enum WatchResult {
    Alive,
    /// Silent for so many seconds.
    Stalled(u64),
}

/// The state between two looks.
pub struct Watch {
    limit: Duration,
    last_change: Instant,
    sizes: Vec<u64>,
    shown: u64,
}

/// L1 adds to the last of these as long as its shell runs.
const SIGNS: &[&str] = &["l1.console.log", "l1.tap", "out/l1.alive"];

impl Watch {
    pub fn new(folder: &RunFolder, limit: Duration) -> Self {
        Watch {
            limit,
            last_change: Instant::now(),
            sizes: sizes(folder),
            shown: 0,
        }
    }

    pub fn look(&mut self, folder: &RunFolder) -> WatchResult {
        self.show(&folder.file("l1.tap"));
        let sizes = sizes(folder);
        if sizes != self.sizes {
            self.sizes = sizes;
            self.last_change = Instant::now();
        }
        let silence = self.last_change.elapsed();
        if silence > self.limit {
            WatchResult::Stalled(silence.as_secs())
        } else {
            WatchResult::Alive
        }
    }

    /// Copies complete new lines of L1's stream to the standard error output.
    fn show(&mut self, path: &Path) {
        let Ok(mut file) = fs::File::open(path) else {
            return;
        };
        let mut text = Vec::new();
        if file.seek(SeekFrom::Start(self.shown)).is_err() || file.read_to_end(&mut text).is_err() {
            return;
        }
        let complete = complete_lines(&text);
        for line in String::from_utf8_lossy(complete).lines() {
            eprintln!("  l1| {line}");
        }
        self.shown += complete.len() as u64;
    }
}

fn complete_lines(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte == b'\n');
    &text[..end.map_or(0, |n| n + 1)]
}

fn sizes(folder: &RunFolder) -> Vec<u64> {
    SIGNS
        .iter()
        .map(|name| fs::metadata(folder.file(name)).map_or(0, |about| about.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_sign_of_life_ends_the_silence() {
        let path = std::env::temp_dir().join(format!("lab-watch-{}", std::process::id()));
        let folder = RunFolder::create(path, false).unwrap();
        let limit = Duration::from_secs(90);
        let mut watch = Watch::new(&folder, limit);
        assert!(matches!(watch.look(&folder), WatchResult::Alive));
        for sign in SIGNS {
            watch.last_change -= limit + Duration::from_secs(1);
            assert!(matches!(watch.look(&folder), WatchResult::Stalled(91..)));
            fs::write(folder.file(sign), "1").unwrap();
            assert!(matches!(watch.look(&folder), WatchResult::Alive), "{sign}");
        }
        // What L1 has written before is none.
        watch.last_change -= limit + Duration::from_secs(1);
        fs::write(folder.file("l1.tap"), "2").unwrap();
        assert!(matches!(watch.look(&folder), WatchResult::Stalled(_)));
        fs::remove_dir_all(&folder.path).unwrap();
    }

    #[test]
    fn lines_are_shown_once_they_are_complete() {
        for (text, complete) in [
            ("", ""),
            ("ok", ""),
            ("ok 1\nok", "ok 1\n"),
            ("a\nb\n", "a\nb\n"),
        ] {
            assert_eq!(complete_lines(text.as_bytes()), complete.as_bytes());
        }
    }
}
