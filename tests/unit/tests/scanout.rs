// SPDX-License-Identifier: GPL-2.0

//! What a guest's registers make of its screen.

use kernel::alloc::{flags::GFP_KERNEL, KBox};
use kernel::sync::Arc;
use proptest::prelude::*;
use unit::hw::addr::{GuestGma, MmioOffset};
use unit::hw::irq::Pipe;
use unit::hw::platform::Platform;
use unit::model::mmio::display::mode::Mode;
use unit::model::mmio::display::{Display, Monitor, Nanos};
use unit::model::mmio::{table::Map, Registers};
use unit::model::screen::{Alpha, Format, Plane, Scene, Surface, Tiling};

const FRAME: u64 = 1_000_000_000 / 60;
const PIPE_SOURCE: u32 = 0x6_001c;
const FUNCTION: u32 = 0x6_0400;
const PIPE_CONFIG: u32 = 0x7_0008;
const CURSOR: u32 = 0x7_0080;
const PRIMARY: u32 = 0x7_0180;
const SPRITE: u32 = 0x7_0280;

/// The registers of a platform, as all of its guests have them.
fn map(platform: Platform) -> Arc<Map> {
    Arc::new(Map::new(platform).unwrap(), GFP_KERNEL).unwrap()
}

struct Gpu {
    registers: Registers,
    now: u64,
}

impl Gpu {
    fn new(platform: Platform) -> Self {
        let mode = Mode::new(1024, 768, 60).unwrap();
        let display = Display::new(platform, Some(Monitor::new(&mode))).unwrap();
        let display = KBox::new(display, GFP_KERNEL).unwrap();
        Self {
            registers: Registers::new(map(platform), display, |_| 0).unwrap(),
            now: 0,
        }
    }

    fn write(&mut self, at: u32, value: u32) {
        let now = Nanos(self.now);
        let _ = self.registers.write(MmioOffset::new(at), value, || now);
    }

    /// A pipe of 1024x768 is on, `pipe` of them from A on, and feeds port B.
    fn on(platform: Platform, pipe: u32) -> Self {
        let mut gpu = Self::new(platform);
        gpu.write(PIPE_SOURCE + (pipe << 12), 1023 << 16 | 767);
        gpu.write(FUNCTION + (pipe << 12), 1 << 31 | 1 << 28 | 2 << 24);
        gpu.write(PIPE_CONFIG + (pipe << 12), 1 << 31);
        gpu
    }

    /// Programs a plane whose registers start at `base`, all but what arms it.
    fn plane(&mut self, base: u32, control: u32, stride: u32) {
        self.write(base, control);
        self.write(base + 0x8, stride);
        self.write(base + 0xc, 20 << 16 | 10);
        self.write(base + 0x10, 99 << 16 | 199);
        self.write(base + 0x24, 3 << 16 | 5);
    }

    fn frame(&mut self) {
        self.now += FRAME + 1;
        self.registers.display().0.set_time(Nanos(self.now));
    }

    fn scene(&mut self) -> Option<Scene> {
        let (display, cells) = self.registers.display();
        display.scene(cells)
    }

    fn screen(planes: [Option<Plane>; 5]) -> Option<Scene> {
        Scene::new((1024, 768), planes)
    }
}

fn surface(page: u64, pitch: u32, tiling: Tiling, format: Format) -> Surface {
    Surface {
        base: GuestGma::new(page << 12),
        pitch,
        tiling,
        format,
    }
}

fn shown(surface: Surface) -> Plane {
    Plane {
        surface,
        from: (5, 3),
        at: (10, 20),
        size: (200, 100),
        alpha: Alpha::Opaque,
    }
}

#[test]
fn nothing_is_shown_by_a_pipe_that_is_off_or_feeds_nobody() {
    let mut gpu = Gpu::new(Platform::Skylake);
    assert_eq!(gpu.scene(), None);
    let mut gpu = Gpu::on(Platform::Skylake, 0);
    assert_eq!(gpu.scene(), Gpu::screen([None; 5]));
    // Port C, where nobody is; and no port.
    gpu.write(FUNCTION, 1 << 31 | 2 << 28 | 2 << 24);
    assert_eq!(gpu.scene(), None);
    gpu.write(FUNCTION, 1 << 28 | 2 << 24);
    assert_eq!(gpu.scene(), None);
    gpu.write(FUNCTION, 1 << 31 | 1 << 28 | 2 << 24);
    gpu.write(PIPE_CONFIG, 0);
    assert_eq!(gpu.scene(), None);
}

#[test]
fn a_plane_of_gen9_in_each_format_and_layout() {
    let layouts = [(0, Tiling::Linear), (1, Tiling::X), (4, Tiling::Y)];
    let formats = [
        (2, 0, Format::Xrgb2101010),
        (2, 1, Format::Xbgr2101010),
        (4, 0, Format::Xrgb8888),
        (4, 1, Format::Xbgr8888),
        (14, 0, Format::Rgb565),
    ];
    for pipe in 0..3 {
        for (code, tiling) in layouts {
            for (number, order, format) in formats {
                let mut gpu = Gpu::on(Platform::KabyLake, pipe);
                let base = PRIMARY + (pipe << 12);
                gpu.plane(base, 1 << 31 | number << 24 | order << 20 | code << 10, 64);
                gpu.write(base + 0x1c, 0x123_4567);
                gpu.frame();
                let plane = shown(surface(0x1234, 64, tiling, format));
                let wanted = Gpu::screen([Some(plane), None, None, None, None]);
                assert_eq!(gpu.scene(), wanted);
            }
        }
    }
}

#[test]
fn what_is_not_understood_is_left_out() {
    let good = 1 << 31 | 4 << 24;
    // Off; NV12, indexed, of 64 bits; Yf; compressed; turned by 90 and 180 degrees.
    for control in [
        good & !(1 << 31),
        1 << 31 | 1 << 24,
        1 << 31 | 12 << 24,
        1 << 31 | 6 << 24,
        good | 5 << 10,
        good | 1 << 15,
        good | 1,
        good | 2,
    ] {
        let mut gpu = Gpu::on(Platform::Skylake, 0);
        gpu.plane(PRIMARY, control, 64);
        gpu.write(PRIMARY + 0x1c, 0x1000);
        gpu.frame();
        assert_eq!(gpu.scene(), Gpu::screen([None; 5]), "{control:#x}");
    }
}

#[test]
fn an_update_takes_effect_at_the_vblank_and_as_a_whole() {
    let mut gpu = Gpu::on(Platform::Skylake, 0);
    gpu.plane(PRIMARY, 1 << 31 | 4 << 24, 64);
    gpu.frame();
    assert_eq!(gpu.scene(), Gpu::screen([None; 5]));
    gpu.write(PRIMARY + 0x1c, 0x10_0000);
    assert_eq!(gpu.scene(), Gpu::screen([None; 5]));
    gpu.frame();
    let first = shown(surface(0x100, 64, Tiling::Linear, Format::Xrgb8888));
    let wanted = Gpu::screen([Some(first), None, None, None, None]);
    assert_eq!(gpu.scene(), wanted);
    // The next update is half written, and a frame goes by.
    gpu.write(PRIMARY, 1 << 31 | 14 << 24 | 1 << 10);
    gpu.write(PRIMARY + 0x8, 2);
    gpu.frame();
    assert_eq!(gpu.scene(), wanted);
    gpu.write(PRIMARY + 0x1c, 0x20_0000);
    gpu.frame();
    let second = shown(surface(0x200, 2, Tiling::X, Format::Rgb565));
    assert_eq!(
        gpu.scene(),
        Gpu::screen([Some(second), None, None, None, None])
    );
    gpu.write(PRIMARY, 0);
    gpu.write(PRIMARY + 0x1c, 0);
    gpu.frame();
    assert_eq!(gpu.scene(), Gpu::screen([None; 5]));
}

#[test]
fn planes_of_gen8() {
    let mut gpu = Gpu::on(Platform::Broadwell, 1);
    let (primary, sprite) = (PRIMARY + 0x1000, SPRITE + 0x1000);
    gpu.plane(primary, 1 << 31 | 6 << 26 | 1 << 10, 4096);
    gpu.write(primary + 0x1c, 0x40_0000);
    gpu.plane(sprite, 1 << 31 | 2 << 25 | 1 << 20, 832);
    gpu.write(sprite + 0x1c, 0x80_0000);
    gpu.frame();
    let below = Plane {
        at: (0, 0),
        size: (1024, 768),
        ..shown(surface(0x400, 8, Tiling::X, Format::Xrgb8888))
    };
    let above = shown(surface(0x800, 13, Tiling::Linear, Format::Xbgr8888));
    assert_eq!(
        gpu.scene(),
        Gpu::screen([Some(below), Some(above), None, None, None])
    );
}

#[test]
fn the_cursor() {
    for (mode, width) in [(0x27, 64), (0x22, 128), (0x23, 256)] {
        let mut gpu = Gpu::on(Platform::CoffeeLake, 0);
        let cursor = |at, height| Plane {
            surface: surface(0x700, width / 16, Tiling::Linear, Format::Xrgb8888),
            from: (0, 0),
            at,
            size: (width, height),
            alpha: Alpha::Premultiplied,
        };
        gpu.write(CURSOR, mode);
        gpu.write(CURSOR + 8, 1 << 31 | 7 << 16 | 300);
        gpu.write(CURSOR + 4, 0x70_0000);
        gpu.frame();
        let whole = Some(cursor((300, -7), width));
        assert_eq!(gpu.scene(), Gpu::screen([None, None, None, None, whole]));
        // Only its upper 8 rows.
        gpu.write(CURSOR + 0x20, 1 << 31 | 7);
        gpu.write(CURSOR + 8, 1 << 15 | 9);
        gpu.write(CURSOR + 4, 0x70_0000);
        gpu.frame();
        let cut = Some(cursor((-9, 0), 8));
        assert_eq!(gpu.scene(), Gpu::screen([None, None, None, None, cut]));
    }
}

proptest! {
    // Whatever is written, there is an answer, and it is no larger than a display.
    #[test]
    fn any_registers(
        platform in prop::sample::select(&[Platform::Broadwell, Platform::Skylake, Platform::Broxton][..]),
        writes in prop::collection::vec((0_u32..0x3000 / 4, any::<u32>()), 0..200),
        transcoder in prop::collection::vec((0_u32..0x3000 / 4, any::<u32>()), 0..50),
    ) {
        let mut gpu = Gpu::on(platform, 0);
        for (index, value) in transcoder {
            gpu.write(0x6_0000 + 4 * index, value);
        }
        for (index, value) in writes {
            gpu.write(0x7_0000 + 4 * index, value);
            gpu.frame();
            let (display, cells) = gpu.registers.display();
            let _ = display.on_vblank(Pipe::A, cells);
            if let Some(scene) = gpu.scene() {
                prop_assert!(scene.width() <= 8192 && scene.height() <= 8192);
                prop_assert_eq!(scene.bytes(), scene.width() * scene.height() * 4);
            }
        }
    }
}
