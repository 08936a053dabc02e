// SPDX-License-Identifier: GPL-2.0

//! What a guest's monitor shows, for who looks at it from outside: pictures, or the planes' own surfaces.

use kernel::{
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

use super::{
    memory::Mapped,
    Vgpu, //
};
use crate::{
    host::{
        Exported,
        Picture,
        SharedMemory, //
    },
    hw::addr::Gfn,
    model::screen::{
        self,
        Gallery,
        Scene,
        View,
        PIXEL, //
    },
};

/// The place of the pictures.
struct Place {
    memory: Arc<SharedMemory>,
    /// The last one that was taken; not here while one is being taken.
    picture: Option<Picture>,
}

/// What others see of the guest's monitor.
///
/// User space can be kept waiting for `place` where it maps memory, so what is done under that lock must not
/// wait for user space's memory. Pictures are made of it, under the other lock.
#[pin_data]
pub(super) struct Screen {
    /// A page of the guest's on its way into a picture; locked while one is taken, around a virtual GPU's state.
    #[pin]
    page: Mutex<KVec<u8>>,
    /// Taken when it is first asked for: most guests' screens are never looked at.
    #[pin]
    place: Mutex<Option<Place>>,
    /// Surfaces that others may have. Taken around a virtual GPU's state, and the guest's pins.
    #[pin]
    gallery: Mutex<Gallery<Exported>>,
}

impl Screen {
    /// Without a picture.
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            page <- new_mutex!(KVec::new()),
            place <- new_mutex!(None),
            gallery <- new_mutex!(Gallery::new()),
        })
    }

    /// Has `look` see the place of pictures of `size` bytes.
    fn with_place<R>(&self, size: usize, look: impl FnOnce(&mut Place) -> Result<R>) -> Result<R> {
        let mut place = self.place.lock();
        if let Some(place) = &mut *place {
            return look(place);
        }
        let (memory, contents) = SharedMemory::new(size)?;
        look(place.insert(Place {
            memory,
            picture: Some(Picture::new(contents)),
        }))
    }

    /// Has `work` look at or change the picture, which has `size` bytes; there is a page to work with.
    fn with_picture<R>(
        &self,
        size: usize,
        work: impl FnOnce(&mut Picture, &mut [u8]) -> R,
    ) -> Result<R> {
        let mut page = self.page.lock();
        if page.is_empty() {
            page.resize(PAGE_SIZE, 0, GFP_KERNEL)?;
        }

        let picture = self.with_place(size, |place| Ok(place.picture.take()))?;
        // Nobody else takes it while `page` is locked, and it is always put back.
        let mut picture = picture.ok_or(EBUSY)?;
        let result = work(&mut picture, &mut page);
        if let Some(place) = &mut *self.place.lock() {
            place.picture = Some(picture);
        }
        Ok(result)
    }

    /// Gives up what pictures took, and surfaces that others have: those who had the device have them, and are not to
    /// keep the next ones from theirs. Who has mapped pictures keeps what there is.
    pub(super) fn clear(&self) {
        self.gallery.lock().clear();
        let _page = self.page.lock();
        *self.place.lock() = None;
    }
}

/// What is known of a picture, whose rows are without a gap.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Bytes from row to row.
    pub(crate) stride: u32,
    /// Bytes of all of it.
    pub(crate) size: u32,
}

/// The planes that are shown one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The primary plane.
    Primary,
    /// The cursor.
    Cursor,
}

/// What a plane shows.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The number by which [`Vgpu::give`] knows the surface.
    pub(crate) id: u32,
    /// What there is to see of it.
    pub(crate) view: View,
    /// Bytes from row to row.
    pub(crate) stride: u32,
    /// Bytes of all of it.
    pub(crate) size: u32,
    /// Where its first pixel is on the screen, or would be: column and row.
    pub(crate) at: (i32, i32),
    /// The pixel of it that points, if known.
    pub(crate) hot_spot: Option<(u32, u32)>,
}

/// How many times the largest picture a surface may be: drivers have several monitors show parts of one.
const SURFACE: u32 = 4;

impl Vgpu {
    /// What a plane shows. `None` if it is off, shows a page that the guest does not map, or what cannot be told
    /// in this way. ENOSPC if others have all surfaces that they may.
    pub(crate) fn shown(&self, which: Which) -> Result<Option<Shown>> {
        let mut gallery = self.screen.gallery.lock();
        gallery.tidy();
        let Some(scene) = self.scene() else {
            return Ok(None);
        };
        let plane = match which {
            Which::Primary => scene.primary(),
            Which::Cursor => scene.cursor(),
        };
        let Some((at, view)) = plane.and_then(|plane| Some((plane.at, plane.view()?))) else {
            return Ok(None);
        };
        let Some((stride, size)) = view.stride().zip(view.bytes()) else {
            return Ok(None);
        };
        let fits = view.size.0 <= scene.width() && view.size.1 <= scene.height();
        let is_cursor = which == Which::Cursor;
        if !(fits || is_cursor) || size > self.picture_size().saturating_mul(SURFACE) {
            return Ok(None);
        }

        let state = self.state.lock();
        let number = gallery.number(view, |gma| state.ggtt.lookup(gma.index()?))?;
        let hot_spot = state.pvinfo.cursor_hot_spot();
        let hot_spot = hot_spot.filter(|&(x, y)| is_cursor && x < view.size.0 && y < view.size.1);

        Ok(number.map(|id| Shown {
            id,
            view,
            stride,
            size,
            at,
            hot_spot,
        }))
    }

    /// Gives surface `id` to the current process: a file descriptor of its dma-buf. EINVAL if there is no such
    /// surface.
    pub(crate) fn give(&self, id: u32) -> Result<u32> {
        let mut gallery = self.screen.gallery.lock();
        gallery.tidy();
        let (pages, exported) = gallery.get(id).ok_or(EINVAL)?;
        if let Some(dma_buf) = exported.as_ref().and_then(Exported::dma_buf) {
            return dma_buf.into_fd();
        }

        // Locked while pages are pinned, which may take as long as the guest's user wants: whoever puts the host to
        // sleep does not wait for this lock without an end, but it would for that of the pins.
        let state = self.state.lock();
        let guest = &state.open.as_ref().ok_or(ENODEV)?.guest;
        let (new, dma_buf) = Exported::new(guest, pages)?;
        drop(state);
        *exported = Some(new);
        dma_buf.into_fd()
    }

    /// Takes back all surfaces that have a page that is `gone`. Nothing of them is pinned any more afterwards.
    pub(super) fn revoke(&self, gone: impl Fn(Gfn) -> bool) {
        self.screen.gallery.lock().revoke(gone);
    }

    /// Bytes of the largest picture that can be taken: that of the largest mode of the type. Whole pages.
    pub(crate) fn picture_size(&self) -> u32 {
        let (width, height) = self.largest_mode();
        let pixels = u32::from(width).saturating_mul(height.into());
        let page = PAGE_SIZE as u32;

        pixels
            .saturating_mul(PIXEL)
            .checked_next_multiple_of(page)
            .unwrap_or(page)
    }

    /// Takes a picture of what the guest's monitor shows. `None` if that is nothing, or more than its type's
    /// largest mode.
    pub(crate) fn take_picture(&self) -> Result<Option<Frame>> {
        let Some(scene) = self
            .scene()
            .filter(|scene| scene.bytes() <= self.picture_size())
        else {
            return Ok(None);
        };
        // The lock of what the guest sees is taken for a page at a time, so that its processors go on.
        let read = |from, into: &mut [u8]| {
            let state = self.state.lock();
            let open = state.open.as_ref().ok_or(ENODEV)?;
            let memory = Mapped {
                ggtt: &state.ggtt,
                guest: &open.guest,
            };
            memory.read(from, into)
        };
        let size = self.picture_size() as usize;
        self.screen.with_picture(size, |picture, page| {
            screen::paint(&scene, page, read, picture);
        })?;

        Ok(Some(Frame {
            width: scene.width(),
            height: scene.height(),
            stride: scene.stride(),
            size: scene.bytes(),
        }))
    }

    /// Reads from byte `offset` of the last picture on. EINVAL if a byte of that is past the end.
    pub(crate) fn read_picture(&self, offset: usize, into: &mut [u8]) -> Result {
        let size = self.picture_size() as usize;
        self.screen
            .with_picture(size, |picture, _| picture.copy(offset, into))?
    }

    /// The memory that pictures are put into.
    pub(crate) fn picture_memory(&self) -> Result<Arc<SharedMemory>> {
        let size = self.picture_size() as usize;
        self.screen
            .with_place(size, |place| Ok(place.memory.clone()))
    }

    fn scene(&self) -> Option<Scene> {
        let mut state = self.state.lock();
        state.tell_time();
        let (display, cells) = state.registers.display();

        display.scene(cells).filter(Scene::shows)
    }
}
