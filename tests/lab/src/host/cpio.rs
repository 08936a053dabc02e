// SPDX-License-Identifier: GPL-2.0
//! Writes cpio archives in the "newc" format that the kernel's initramfs code reads
//! (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).

use std::io::{self, Write};

/// Modes of the entries, in the octal of `st_mode`.
const DIRECTORY: u32 = 0o040_755;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_777;

/// An archive being written. Parent folders must be added before what is in them.
pub struct Archive<W: Write> {
    out: W,
    next_inode: u32,
    written: usize,
}

impl<W: Write> Archive<W> {
    pub fn new(out: W) -> Self {
        Archive {
            out,
            next_inode: 1,
            written: 0,
        }
    }

    pub fn folder(&mut self, name: &str) -> io::Result<()> {
        self.entry(name, DIRECTORY, &[])
    }

    /// Adds a regular file with the permission bits of `mode`.
    pub fn file(&mut self, name: &str, mode: u32, data: &[u8]) -> io::Result<()> {
        self.entry(name, REGULAR | (mode & 0o777), data)
    }

    pub fn link(&mut self, name: &str, target: &str) -> io::Result<()> {
        self.entry(name, SYMLINK, target.as_bytes())
    }

    /// Writes the trailer and returns the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.entry("TRAILER!!!", 0, &[])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn entry(&mut self, name: &str, mode: u32, data: &[u8]) -> io::Result<()> {
        let too_big = |_| io::Error::other(format!("{name}: too large for a cpio archive"));
        let size = u32::try_from(data.len()).map_err(too_big)?;
        let name_size = u32::try_from(name.len() + 1).map_err(too_big)?;
        let inode = self.next_inode;
        self.next_inode += 1;
        let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        let mut header = String::from("070701");
        for field in fields {
            header.push_str(&format!("{field:08x}"));
        }
        self.put(header.as_bytes())?;
        self.put(name.as_bytes())?;
        self.put(&[0])?;
        self.pad()?;
        self.put(data)?;
        self.pad()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.out.write_all(bytes)
    }

    /// Names and data start at multiples of four bytes.
    fn pad(&mut self) -> io::Result<()> {
        let rest = self.written % 4;
        if rest != 0 {
            self.put(&[0; 3][..4 - rest])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_aligned_and_the_trailer_ends_it() {
        let mut archive = Archive::new(Vec::new());
        archive.folder("bin").unwrap();
        archive.file("bin/a", 0o755, b"12345").unwrap();
        archive.link("init", "bin/a").unwrap();
        let bytes = archive.finish().unwrap();
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..6], b"070701");
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("070701").count(), 4);
        assert!(text.contains("TRAILER!!!"));
        // 110 bytes of header, the name "bin" with its NUL, two of padding.
        assert_eq!(&bytes[116..122], b"070701");
    }
}
