// SPDX-License-Identifier: GPL-2.0

//! The picture that a guest's display shows, made of the planes that the guest has set up.
//!
//! A [`Scene`] says what is where; [`paint`] reads the guest's surfaces by the addresses of its GGTT,
//! page by page, and puts them one over the other. The picture has 4 bytes a pixel, blue first, row
//! after row without a gap (DRM_FORMAT_XRGB8888).
//!
//! How much is read and written depends on the size of the picture alone, whatever the planes say.

mod gallery;
mod pixel;
mod surface;

pub use self::{
    gallery::{Gallery, View, MOST as MOST_EXPORTED},
    pixel::{Alpha, Format},
    surface::{Surface, Tiling},
};

use self::surface::Part;
use super::seam::Canvas;
use crate::hw::addr::GuestGma;
use kernel::error::Result;

/// The most planes that a picture is made of: four, and a cursor.
pub const PLANES: usize = 5;

/// Bytes of a pixel of the picture.
pub const PIXEL: u32 = 4;

/// The most pixels in a row, and the most rows (Skylake PRM, volume 2c, "PIPE_SRCSZ").
const MOST: u32 = 8192;

/// A plane, and where it is in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// What it shows.
    pub surface: Surface,
    /// The first column and row of the surface that are shown, in pixels.
    pub from: (u32, u32),
    /// Where they are in the picture: column and row, which may be outside.
    pub at: (i32, i32),
    /// Columns and rows that are shown.
    pub size: (u32, u32),
    /// What becomes of what is below.
    pub alpha: Alpha,
}

impl Plane {
    /// What it shows, by itself. `None` if that does not begin with a page.
    pub fn view(&self) -> Option<View> {
        Some(View {
            surface: self.surface.from(self.from)?,
            size: self.size,
            translucent: self.alpha != Alpha::Opaque,
        })
    }
}

/// What a display shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Columns and rows, 1 to [`MOST`].
    size: (u32, u32),
    /// The planes from the lowest to the uppermost.
    planes: [Option<Plane>; PLANES],
}

impl Scene {
    /// A picture of so many columns and rows, made of these planes from the lowest to the uppermost.
    /// `None` if no display has that many.
    pub fn new(size: (u32, u32), planes: [Option<Plane>; PLANES]) -> Option<Self> {
        let sound = 1..=MOST;
        (sound.contains(&size.0) && sound.contains(&size.1)).then_some(Self { size, planes })
    }

    /// Columns.
    pub const fn width(&self) -> u32 {
        self.size.0
    }

    /// Rows.
    pub const fn height(&self) -> u32 {
        self.size.1
    }

    /// Bytes of a row of the picture, at most 4 * 8192.
    pub const fn stride(&self) -> u32 {
        self.size.0.saturating_mul(PIXEL)
    }

    /// Bytes of the picture.
    pub const fn bytes(&self) -> u32 {
        self.stride().saturating_mul(self.size.1)
    }

    /// The primary plane, if it is on.
    pub fn primary(&self) -> Option<&Plane> {
        self.planes.first()?.as_ref()
    }

    /// The cursor, if it is on.
    pub fn cursor(&self) -> Option<&Plane> {
        self.planes.last()?.as_ref()
    }

    /// Whether a plane is on. Without one the display is on, but there is nothing to look at.
    pub fn shows(&self) -> bool {
        self.planes.iter().any(Option::is_some)
    }

    /// The columns and rows of the picture that a plane covers.
    fn covered(&self, plane: &Plane) -> Option<Cover> {
        let clip = |at: i32, size: u32, most: u32| {
            let first = i64::from(at).max(0);
            let end = i64::from(at).saturating_add(size.into()).min(most.into());
            let skipped = first.saturating_sub(at.into());
            Some(Stretch {
                first: u32::try_from(first).ok()?,
                length: u32::try_from(end.saturating_sub(first))
                    .ok()
                    .filter(|&length| length > 0)?,
                skipped: u32::try_from(skipped).ok()?,
            })
        };
        Some(Cover {
            columns: clip(plane.at.0, plane.size.0, self.size.0)?,
            rows: clip(plane.at.1, plane.size.1, self.size.1)?,
        })
    }

    /// Whether a plane hides all that is below it.
    fn hides(&self, plane: &Plane) -> bool {
        plane.alpha == Alpha::Opaque
            && self.covered(plane).is_some_and(|cover| {
                cover.columns.length == self.size.0 && cover.rows.length == self.size.1
            })
    }
}

/// Columns or rows of the picture.
#[derive(Clone, Copy)]
struct Stretch {
    first: u32,
    length: u32,
    /// How many of the plane's are before the picture begins.
    skipped: u32,
}

/// A rectangle of the picture.
#[derive(Clone, Copy)]
struct Cover {
    columns: Stretch,
    rows: Stretch,
}

/// Paints `scene` onto `canvas`. `read` reads from within one page of the guest's graphics memory; what
/// cannot be read is black. `page` is where a page is put meanwhile: [`surface::PAGE`] bytes.
pub fn paint(
    scene: &Scene,
    page: &mut [u8],
    mut read: impl FnMut(GuestGma, &mut [u8]) -> Result,
    canvas: &mut impl Canvas,
) {
    let hiding = |plane: &Option<Plane>| plane.is_some_and(|plane| scene.hides(&plane));
    let lowest = scene.planes.iter().rposition(hiding);
    if lowest.is_none() {
        blacken(scene, canvas);
    }
    for plane in scene.planes.iter().skip(lowest.unwrap_or(0)).flatten() {
        let Some(cover) = scene.covered(plane) else {
            continue;
        };
        let part = Part {
            column: plane.from.0.saturating_add(cover.columns.skipped),
            row: plane.from.1.saturating_add(cover.rows.skipped),
            columns: cover.columns.length,
            rows: cover.rows.length,
        };
        plane
            .surface
            .for_each_run(part, page, &mut read, |column, row, bytes| {
                let column = cover.columns.first.saturating_add(column);
                let row = cover.rows.first.saturating_add(row);
                let offset = row
                    .saturating_mul(scene.stride())
                    .saturating_add(column.saturating_mul(PIXEL));
                pixel::put(plane.surface.format, plane.alpha, bytes, offset, canvas);
            });
    }
}

/// Paints all of it black.
fn blacken(scene: &Scene, canvas: &mut impl Canvas) {
    const BLACK: [u8; 256] = [0; 256];
    let mut offset: u32 = 0;
    while let Some(left) = scene.bytes().checked_sub(offset).filter(|&left| left > 0) {
        let length = usize::try_from(left).map_or(BLACK.len(), |left| left.min(BLACK.len()));
        canvas.write(offset, BLACK.get(..length).unwrap_or(&BLACK));
        offset = offset.saturating_add(256);
    }
}
