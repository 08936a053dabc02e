// SPDX-License-Identifier: GPL-2.0
//! The kernel's text console: its font, and how its text is read from a picture.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;

use anyhow::{Context, Result, ensure};

use crate::photo::Photo;

/// `struct console_font_op` (`include/uapi/linux/kd.h`).
#[repr(C)]
struct FontOp {
    op: u32,
    flags: u32,
    width: u32,
    height: u32,
    count: u32,
    data: *mut u8,
}

/// KDFONTOP and KD_FONT_OP_GET.
const FONT_OP: libc::Ioctl = 0x4b72;
const FONT_GET: u32 = 1;
/// Bytes that a glyph of up to 8 by 32 dots has in the answer.
const GLYPH: usize = 32;
const GLYPHS: usize = 512;

/// A console.
pub struct Console {
    tty: File,
    glyphs: Vec<u8>,
    width: usize,
    height: usize,
}

impl Console {
    /// The one that is shown after boot.
    pub fn open() -> Result<Self> {
        let path = "/dev/tty1";
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open {path}"))?;
        let mut glyphs = vec![0; GLYPHS * GLYPH];
        let mut op = FontOp {
            op: FONT_GET,
            flags: 0,
            width: 8,
            height: 32,
            count: GLYPHS as u32,
            data: glyphs.as_mut_ptr(),
        };
        // SAFETY: the layout is the header's; the room is that of so many glyphs of this size, and
        // stays where it is during the call.
        let status = unsafe { libc::ioctl(tty.as_raw_fd(), FONT_OP, &raw mut op) };
        ensure!(status == 0, "no font: {}", std::io::Error::last_os_error());
        Ok(Self {
            tty,
            glyphs,
            width: op.width as usize,
            height: op.height as usize,
        })
    }

    /// Clears the screen, hides the cursor and writes text.
    pub fn write(&mut self, text: &str) -> Result<()> {
        write!(self.tty, "\x1b[2J\x1b[H\x1b[?25l{text}").context("cannot write to the console")
    }

    /// The lines of text on a picture; what is no printable ASCII character is a question mark.
    pub fn read(&self, photo: &Photo) -> Vec<String> {
        let (columns, rows) = (photo.width / self.width, photo.height / self.height);
        let line = |row| {
            (0..columns)
                .map(|column| self.letter(photo, column, row))
                .collect()
        };
        (0..rows).map(line).collect()
    }

    fn letter(&self, photo: &Photo, column: usize, row: usize) -> char {
        let lit = |x: usize, y: usize| {
            let pixel = photo.pixel(column * self.width + x, row * self.height + y);
            pixel.iter().any(|&color| color > 0x40)
        };
        let is = |code: &u8| {
            let glyph = &self.glyphs[usize::from(*code) * GLYPH..][..self.height];
            (0..self.height)
                .all(|y| (0..self.width).all(|x| (glyph[y] << x & 0x80 != 0) == lit(x, y)))
        };
        (b' '..=b'~').find(is).map_or('?', char::from)
    }
}
