// SPDX-License-Identifier: GPL-2.0
//! Pictures of the screen that somebody outside takes: `NAME.shoot` in the camera's folder becomes `NAME.ppm`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::outside::ask;

/// A picture, red, green and blue a pixel.
pub struct Photo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    pixels: Vec<u8>,
}

impl Photo {
    /// Has a picture taken, which takes at most `limit`.
    pub fn take(camera: &Path, name: &str, limit: Duration) -> Result<Self> {
        ask(camera, name, "shoot", "", limit)?;
        let picture = camera.join(format!("{name}.ppm"));
        let bytes = fs::read(&picture).with_context(|| format!("reading {}", picture.display()))?;
        Self::parse(&bytes).with_context(|| format!("{} is no picture", picture.display()))
    }

    /// Reads a portable pixmap of 8 bits a colour.
    fn parse(bytes: &[u8]) -> Option<Self> {
        // P6, width, height, 255, each followed by one white space.
        let mut words = [""; 4];
        let mut rest = bytes;
        for word in &mut words {
            let end = rest.iter().position(u8::is_ascii_whitespace)?;
            *word = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
        }
        let (width, height): (usize, usize) = (words[1].parse().ok()?, words[2].parse().ok()?);
        let sound = words[0] == "P6" && words[3] == "255" && rest.len() == width * height * 3;
        sound.then(|| Self {
            width,
            height,
            pixels: rest.to_vec(),
        })
    }

    /// Red, green and blue of a pixel.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.width + x) * 3;
        [
            self.pixels[start],
            self.pixels[start + 1],
            self.pixels[start + 2],
        ]
    }

    /// Compares each pixel with what is wanted.
    pub fn compare(
        &self,
        size: (usize, usize),
        wanted: impl Fn(usize, usize) -> [u8; 3],
    ) -> Result<()> {
        ensure!(
            (self.width, self.height) == size,
            "the picture has {}x{} pixels and not {}x{}",
            self.width,
            self.height,
            size.0,
            size.1
        );
        let all = self.width * self.height;
        let differs = |&index: &usize| {
            let (x, y) = (index % self.width, index / self.width);
            self.pixel(x, y) != wanted(x, y)
        };
        let wrong = (0..all).filter(differs).count();
        if let Some(first) = (0..all).find(differs) {
            let (x, y) = (first % self.width, first / self.width);
            bail!(
                "{wrong} of {all} pixels differ, first column {x}, row {y}: {:x?}, wanted {:x?}",
                self.pixel(x, y),
                wanted(x, y)
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixmap_is_read() {
        let photo = Photo::parse(b"P6\n2 1\n255\nabcdef").unwrap();
        assert_eq!((photo.width, photo.height), (2, 1));
        assert_eq!(photo.pixel(1, 0), *b"def");
        photo.compare((2, 1), |x, _| [*b"abc", *b"def"][x]).unwrap();
        assert!(photo.compare((2, 1), |_, _| *b"abc").is_err());
        assert!(photo.compare((1, 2), |_, _| *b"abc").is_err());
        for broken in [
            &b"P6\n2 1\n255\nabcde"[..],
            b"P5\n2 1\n255\nabcdef",
            b"P6\n2",
        ] {
            assert!(Photo::parse(broken).is_none());
        }
    }
}
