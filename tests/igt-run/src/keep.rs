// SPDX-License-Identifier: GPL-2.0
//! Keeps what a folder in memory holds, in one file that outlives the machine.
//!
//! The file is a series of additions: a line `PATH OFFSET LENGTH`, then that many bytes, and a newline. An
//! addition at offset 0 begins the file at PATH anew. The machine may die in the middle of one: what is not
//! whole is not there.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The file, and how much of each file it has.
pub struct Keep {
    file: File,
    folder: PathBuf,
    has: BTreeMap<PathBuf, u64>,
}

impl Keep {
    /// Opens the file at `path`, and makes what it holds below `folder`.
    ///
    /// # Errors
    ///
    /// The file or what it holds cannot be read or made.
    pub fn open(path: &Path, folder: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("opening {}", path.display()))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .with_context(|| format!("reading {}", path.display()))?;
        let mut keep = Self {
            file,
            folder: folder.to_owned(),
            has: BTreeMap::new(),
        };
        let mut whole = 0;
        while let Some((addition, length)) = Addition::parse(&bytes[whole..]) {
            keep.restore(&addition)?;
            whole += length;
        }
        keep.file
            .set_len(whole as u64)
            .and_then(|()| keep.file.seek(SeekFrom::End(0)))
            .with_context(|| format!("going on with {}", path.display()))?;
        Ok(keep)
    }

    fn restore(&mut self, addition: &Addition<'_>) -> Result<()> {
        let path = self.folder.join(addition.path);
        let make = || -> io::Result<()> {
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(addition.offset == 0)
                .write(true)
                .open(&path)?;
            file.seek(SeekFrom::Start(addition.offset))?;
            file.write_all(addition.bytes)
        };
        make().with_context(|| format!("making {}", path.display()))?;
        let end = addition.offset + addition.bytes.len() as u64;
        self.has.insert(PathBuf::from(addition.path), end);
        Ok(())
    }

    /// Takes over what was added to the plain files of `folders`, which are below the one that is kept.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or the file not be written.
    pub fn update(&mut self, folders: &[PathBuf]) -> Result<()> {
        let mut additions = Vec::new();
        for folder in folders {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    return Err(error).with_context(|| format!("reading {}", folder.display()));
                }
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    self.add(&entry.path(), &mut additions)?;
                }
            }
        }
        self.file
            .write_all(&additions)
            .context("keeping the results")
    }

    fn add(&mut self, path: &Path, additions: &mut Vec<u8>) -> Result<()> {
        let name = path.strip_prefix(&self.folder)?;
        let known = self.has.get(name).copied();
        let read = || -> io::Result<(u64, Vec<u8>)> {
            let mut file = File::open(path)?;
            let length = file.metadata()?.len();
            let from = known.filter(|known| *known <= length).unwrap_or(0);
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut bytes)?;
            Ok((from, bytes))
        };
        let (offset, bytes) = read().with_context(|| format!("reading {}", path.display()))?;
        if bytes.is_empty() && known.is_some_and(|known| known == offset) {
            return Ok(());
        }
        let text = name.to_str().context("a result's name is not UTF-8")?;
        let addition = Addition {
            path: text,
            offset,
            bytes: &bytes,
        };
        addition.write(additions);
        let end = offset + bytes.len() as u64;
        self.has.insert(name.to_owned(), end);
        Ok(())
    }

    /// Forgets what is kept of `folder` and all below it, whose files the caller has removed.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget(&mut self, folder: &Path) -> Result<()> {
        let gone = folder.strip_prefix(&self.folder)?;
        self.has.retain(|path, _| !path.starts_with(gone));
        let paths: Vec<PathBuf> = std::mem::take(&mut self.has).into_keys().collect();
        let mut additions = Vec::new();
        for path in paths {
            let path = self.folder.join(path);
            if path.exists() {
                self.add(&path, &mut additions)?;
            }
        }
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(&additions))
            .context("writing the kept results anew")
    }
}

struct Addition<'a> {
    path: &'a str,
    offset: u64,
    bytes: &'a [u8],
}

impl<'a> Addition<'a> {
    /// The addition at the beginning of `bytes` and its length, if it is whole.
    fn parse(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let line = bytes.iter().position(|byte| *byte == b'\n')?;
        let mut words = std::str::from_utf8(&bytes[..line]).ok()?.rsplitn(3, ' ');
        let length: usize = words.next()?.parse().ok()?;
        let offset = words.next()?.parse().ok()?;
        let path = words.next()?;
        let end = (line + 1).checked_add(length)?;
        let data = bytes.get(line + 1..end)?;
        (*bytes.get(end)? == b'\n').then_some(())?;
        Some((
            Self {
                path,
                offset,
                bytes: data,
            },
            end + 1,
        ))
    }

    fn write(&self, to: &mut Vec<u8>) {
        let line = format!("{} {} {}\n", self.path, self.offset, self.bytes.len());
        to.extend_from_slice(line.as_bytes());
        to.extend_from_slice(self.bytes);
        to.push(b'\n');
    }
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
