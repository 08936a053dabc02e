// SPDX-License-Identifier: GPL-2.0
//! Follows igt_runner by what it and the tests write.
//!
//! Its folder has a folder for each job, which is one run of a program, numbered from 0. There, `out.txt` is what the
//! program prints, with `Subtest NAME: SUCCESS (0.001s)` at each one's end. `journal.txt` has the names of
//! subtests as they start, `timeout:...` when one was killed, and `exit:CODE ...` at the program's end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Tells what has ended, on standard output and in a file.
pub struct Progress {
    file: File,
    ended: usize,
    total: usize,
}

impl Progress {
    /// Goes on with the file at `path`, or makes it; `total` is the number of subtests in all.
    ///
    /// # Errors
    ///
    /// The file cannot be made or read.
    pub fn open(path: &Path, total: usize) -> Result<Self> {
        let ended = match fs::read_to_string(path) {
            Ok(text) => text.lines().count(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("opening {}", path.display()))?;
        Ok(Self { file, ended, total })
    }

    fn tell(&mut self, name: &str, result: &str) -> Result<()> {
        self.ended += 1;
        let line = format!("IGT: [{}/{}] {name} {result}\n", self.ended, self.total);
        print!("{line}");
        self.file
            .write_all(line.as_bytes())
            .context("writing the progress")
    }
}

/// The end of a subtest, or of a program that has none.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// `None`: the program itself.
    pub subtest: Option<String>,
    pub result: String,
}

/// What was seen of one job.
#[derive(Default)]
pub struct Job {
    out: Lines,
    journal: Lines,
    /// The subtest that has started last.
    started: Option<String>,
}

impl Job {
    /// A job of which all that there is has been told already.
    pub fn seen(folder: &Path) -> Result<Self> {
        let mut job = Self::default();
        job.look(folder)?;
        Ok(job)
    }

    /// What has ended since the last look, and whether the journal has grown.
    pub fn look(&mut self, folder: &Path) -> Result<(Vec<End>, bool)> {
        let mut ends = Vec::new();
        for line in self.out.fresh(&folder.join("out.txt"))? {
            ends.extend(end_by_output(&line));
        }
        let journal = self.journal.fresh(&folder.join("journal.txt"))?;
        for line in &journal {
            ends.extend(self.end_by_journal(line));
        }
        Ok((ends, !journal.is_empty()))
    }

    fn end_by_journal(&mut self, line: &str) -> Option<End> {
        if line.starts_with("timeout:") {
            return Some(End {
                subtest: self.started.clone(),
                result: "timeout".to_owned(),
            });
        }
        if let Some(code) = line.strip_prefix("exit:") {
            let result = match code.split_whitespace().next() {
                Some("0") => "pass",
                Some("77") => "skip",
                _ => "fail",
            };
            return self.started.is_none().then(|| End {
                subtest: None,
                result: result.to_owned(),
            });
        }
        self.started = Some(line.to_owned());
        None
    }
}

/// `Subtest NAME: SUCCESS (0.001s)`.
fn end_by_output(line: &str) -> Option<End> {
    let (name, verdict) = line.strip_prefix("Subtest ")?.split_once(": ")?;
    let (word, _) = verdict.split_once(" (")?;
    if name.contains(' ') || word.is_empty() || !word.bytes().all(|c| c.is_ascii_uppercase()) {
        return None;
    }
    let result = match word {
        "SUCCESS" => "pass".to_owned(),
        other => other.to_ascii_lowercase(),
    };
    Some(End {
        subtest: Some(name.to_owned()),
        result,
    })
}

/// The lines of a growing file.
#[derive(Default)]
struct Lines {
    read: u64,
    rest: Vec<u8>,
}

impl Lines {
    /// The whole lines that were added since the last call; none while there is no file.
    fn fresh(&mut self, path: &Path) -> Result<Vec<String>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
        };
        let read = file
            .seek(SeekFrom::Start(self.read))
            .and_then(|_| file.read_to_end(&mut self.rest))
            .with_context(|| format!("reading {}", path.display()))?;
        self.read += read as u64;
        let mut lines = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            // Tests print what they like, so not all of it is UTF-8.
            lines.push(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        Ok(lines)
    }
}

/// Follows the jobs of one group.
pub struct Follower {
    folder: PathBuf,
    /// The job that runs.
    pub current: usize,
    job: Job,
}

impl Follower {
    /// Begins where the runner's folder ends now.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut current = 0;
        while folder.join((current + 1).to_string()).is_dir() {
            current += 1;
        }
        Ok(Self {
            folder: folder.to_owned(),
            current,
            job: Job::seen(&folder.join(current.to_string()))?,
        })
    }

    /// Tells what has ended, in all jobs from the current one on; whether there was anything new.
    pub fn look(&mut self, progress: &mut Progress) -> Result<bool> {
        let mut news = false;
        loop {
            // A job's last words come before the next one's folder.
            let more = self.folder.join((self.current + 1).to_string()).is_dir();
            let (ends, grown) = self.job.look(&self.job_folder())?;
            news |= grown || !ends.is_empty();
            for end in ends {
                let program = self.program()?;
                let name = match &end.subtest {
                    Some(subtest) => format!("{program}@{subtest}"),
                    None => program,
                };
                progress.tell(&name, &end.result)?;
            }
            if !more {
                return Ok(news);
            }
            self.current += 1;
            self.job = Job::default();
            news = true;
        }
    }

    fn job_folder(&self) -> PathBuf {
        self.folder.join(self.current.to_string())
    }

    fn program(&self) -> Result<String> {
        let path = self.folder.join("joblist.txt");
        let jobs =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let job = jobs.lines().nth(self.current).unwrap_or_default();
        Ok(job.split(' ').next().unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
