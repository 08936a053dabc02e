// SPDX-License-Identifier: GPL-2.0
//! Planes of the guest's screen by dma-buf: what is told of them, what can be read, and that it is taken back.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use libc::{EACCES, EDQUOT, EINVAL, ENOSPC, MAP_PRIVATE, O_PATH};

use crate::bench::{Bench, Check, Outcome, refused, same};
use crate::client::Client;
use crate::drm::Drm;
use crate::leaks::Holdings;
use crate::mapping::{How, Mapping, READ_ONLY, SHARED};
use crate::memory::{BASE, Memory, PAGE, SIZE};
use crate::regs::{PRESENT, Share, flush, pvinfo, set_entry};
use crate::scanout::{self, CURSOR, Format, Surface, Tiling};
use crate::uapi::{
    DRM_PLANE_TYPE_CURSOR, DRM_PLANE_TYPE_OVERLAY, DRM_PLANE_TYPE_PRIMARY,
    VFIO_GFX_PLANE_TYPE_DMABUF, VFIO_GFX_PLANE_TYPE_PROBE, VFIO_GFX_PLANE_TYPE_REGION,
};

pub const CHECKS: &[Check] = &[
    Check::new("dma-buf/forms", forms),
    Check::new("dma-buf/next-open", next_open),
    Check::new("dma-buf/linear", linear),
    Check::new("dma-buf/x-tiled", x_tiled),
    Check::new("dma-buf/y-tiled", y_tiled),
    Check::new("dma-buf/formats", formats),
    Check::new("dma-buf/cursor", cursor),
    Check::new("dma-buf/nothing", nothing),
    Check::new("dma-buf/read-only", read_only),
    Check::new("dma-buf/same-number", same_number),
    Check::new("dma-buf/bad-numbers", bad_numbers),
    Check::new("dma-buf/bounded", bounded),
    Check::new("dma-buf/quota", quota),
    Check::new("dma-buf/pinned-while-held", held),
    Check::new("dma-buf/path", path),
    Check::new("dma-buf/unmap", unmap),
    Check::new("dma-buf/reset", reset),
    Check::new("dma-buf/close", close),
    Check::new("dma-buf/host-driver", host_driver),
    Check::new("dma-buf/thousand", thousand),
];

const DISPLAY: &str = "rgvt/display";
const PIN_QUOTA: &str = "rgvt/pin_quota_mib";
const PINNED: &str = "rgvt/pinned_pages";
/// Bytes that the query takes.
const QUERY: u32 = 60;
/// How many surfaces others may have at once.
const MOST: u64 = 16;
/// Columns and rows of most surfaces here.
const SMALL: (u32, u32) = (320, 64);

/// What is told of a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    format: [u8; 4],
    modifier: u64,
    size: (u32, u32),
    stride: u32,
    bytes: u32,
    at: (i32, i32),
    hot_spot: (u32, u32),
    id: u32,
}

/// Nobody has told a hot spot.
const NO_HOT_SPOT: (u32, u32) = (u32::MAX, u32::MAX);

fn ask(client: &Client, plane: u32) -> io::Result<Told> {
    let words = client
        .device
        .plane(plane, VFIO_GFX_PLANE_TYPE_DMABUF, QUERY)?;
    Ok(Told {
        format: words[3].to_le_bytes(),
        modifier: u64::from(words[4]) | u64::from(words[5]) << 32,
        size: (words[6], words[7]),
        stride: words[8],
        bytes: words[9],
        at: (words[10] as i32, words[11] as i32),
        hot_spot: (words[12], words[13]),
        id: words[14],
    })
}

fn primary(client: &Client) -> io::Result<Told> {
    ask(client, DRM_PLANE_TYPE_PRIMARY)
}

/// A client that gets dma-bufs.
fn client(bench: &Bench) -> Result<Client> {
    let mdev = bench.vgpu()?;
    mdev.set_attribute(DISPLAY, "dmabuf")?;
    Client::new(mdev, bench.kvm)
}

/// Where page `index` of a surface that begins at page `first` is in memory: all over it.
fn scattered(first: u64, index: u64) -> u64 {
    (first + index * 7) % (SIZE / PAGE)
}

/// Has pages of the aperture map pages of memory, which are scattered and filled, from page `first` on.
fn map(client: &Client, first: u64, bytes: u32) -> Result<u64> {
    let share = Share::of(&client.device)?;
    for index in 0..u64::from(bytes).div_ceil(PAGE) {
        let page = scattered(first, index);
        for at in (page * PAGE..(page + 1) * PAGE).step_by(4) {
            let value = 0x9e37_79b9_u32.wrapping_mul(at as u32 + first as u32 + 1);
            client.memory.write(at, value);
        }
        set_entry(
            &client.device,
            share.page(first + index),
            Memory::page(page) | PRESENT,
        )?;
    }
    Ok(share.page(first))
}

/// Shows such a surface.
fn show(client: &Client, first: u64, tiling: Tiling) -> Result<Surface> {
    show_as(client, first, Format::Xrgb8888, tiling)
}

/// Shows one whose pixels are of that format.
fn show_as(client: &Client, first: u64, format: Format, tiling: Tiling) -> Result<Surface> {
    let unit = tiling.tile().0;
    let mut surface = Surface {
        format,
        tiling,
        stride: (SMALL.0 * format.bytes()).next_multiple_of(unit),
        ..Surface::linear(SMALL, 0)
    };
    surface.address = map(client, first, surface.bytes())?;
    scanout::show(&client.device, &surface)?;
    Ok(surface)
}

/// What is shown now, mapped.
fn look(client: &Client, told: &Told) -> Result<(OwnedFd, Mapping)> {
    let fd = client.device.dma_buf(told.id).context("asking for it")?;
    let size = u64::from(told.bytes).next_multiple_of(PAGE);
    let mapping = Mapping::of_file(fd.as_fd(), 0, size, READ_ONLY).context("mapping it")?;
    Ok((fd, mapping))
}

/// The memory's dword `index`, counted from the start of the surface that begins at page `first`.
fn wanted(client: &Client, first: u64, index: u64) -> u32 {
    let page = scattered(first, index * 4 / PAGE);
    client.memory.read(page * PAGE + index * 4 % PAGE)
}

/// Fails unless the mapping shows the surface.
fn compare(client: &Client, first: u64, bytes: u32, mapping: &Mapping) -> Result<()> {
    for index in 0..u64::from(bytes) / 4 {
        let what = format!("dword {index:#x}");
        same(
            &what,
            mapping.read(index as usize),
            wanted(client, first, index),
        )?;
    }
    Ok(())
}

fn forms(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let ask = |plane, flags| client.device.plane(plane, flags, QUERY);
    ask(
        DRM_PLANE_TYPE_PRIMARY,
        VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF,
    )?;
    for (plane, flags) in [
        (
            DRM_PLANE_TYPE_PRIMARY,
            VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION,
        ),
        (DRM_PLANE_TYPE_PRIMARY, VFIO_GFX_PLANE_TYPE_REGION),
        (DRM_PLANE_TYPE_OVERLAY, VFIO_GFX_PLANE_TYPE_DMABUF),
        (DRM_PLANE_TYPE_CURSOR + 1, VFIO_GFX_PLANE_TYPE_DMABUF),
    ] {
        let what = format!("plane {plane}, flags {flags:#x}");
        refused(&what, ask(plane, flags), &[EINVAL])?;
    }
    Ok(Outcome::Pass)
}

/// A choice is for the next user: who has the device open goes on as before.
fn next_open(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let there_is = |client: &Client, form| {
        let flags = VFIO_GFX_PLANE_TYPE_PROBE | form;
        client.device.plane(DRM_PLANE_TYPE_PRIMARY, flags, QUERY)
    };
    client.mdev.set_attribute(DISPLAY, "dmabuf")?;
    there_is(&client, VFIO_GFX_PLANE_TYPE_REGION).context("the region of before")?;
    client.device.reset()?;
    there_is(&client, VFIO_GFX_PLANE_TYPE_REGION).context("after a reset")?;
    let client = client.reopen()?;
    there_is(&client, VFIO_GFX_PLANE_TYPE_DMABUF).context("the dma-buf of now")?;
    let region = there_is(&client, VFIO_GFX_PLANE_TYPE_REGION);
    refused("the region", region, &[EINVAL])?;
    Ok(Outcome::Pass)
}

/// A surface is told of as it is, and can be read.
fn surface(bench: &Bench, format: Format, tiling: Tiling, modifier: u64) -> Result<Outcome> {
    let client = client(bench)?;
    let surface = show_as(&client, 3, format, tiling)?;
    let told = primary(&client)?;
    let like = Told {
        format: format.fourcc(),
        modifier,
        size: SMALL,
        stride: surface.stride,
        bytes: surface.bytes(),
        at: (0, 0),
        hot_spot: NO_HOT_SPOT,
        id: told.id,
    };
    same("what is told", told, like)?;
    ensure!(told.id != 0, "a number that means nothing");
    let (_fd, mapping) = look(&client, &told)?;
    compare(&client, 3, told.bytes, &mapping)?;
    // It is the memory itself, not a copy.
    client.memory.write(scattered(3, 0) * PAGE, 0x1234_5678);
    same("a pixel, drawn anew", mapping.read(0), 0x1234_5678)?;
    Ok(Outcome::Pass)
}

fn linear(bench: &Bench) -> Result<Outcome> {
    surface(bench, Format::Xrgb8888, Tiling::Linear, 0)
}

fn x_tiled(bench: &Bench) -> Result<Outcome> {
    surface(bench, Format::Xrgb8888, Tiling::X, 1 << 56 | 1)
}

fn y_tiled(bench: &Bench) -> Result<Outcome> {
    if scanout::is_gen8(&bench.client()?.device)? {
        return Outcome::skip("Gen8 shows no Y-tiled surfaces");
    }
    surface(bench, Format::Xrgb8888, Tiling::Y, 1 << 56 | 2)
}

fn formats(bench: &Bench) -> Result<Outcome> {
    for format in Format::ALL {
        surface(bench, format, Tiling::X, 1 << 56 | 1).with_context(|| format!("{format:?}"))?;
    }
    Ok(Outcome::Pass)
}

/// The cursor is a plane of its own, also where it leaves the screen, and has a hot spot if the guest tells.
fn cursor(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let bytes = CURSOR * CURSOR * 4;
    let address = map(&client, 100, bytes)?;
    let mut like = Told {
        format: *b"AR24",
        size: (CURSOR, CURSOR),
        stride: CURSOR * 4,
        bytes,
        hot_spot: NO_HOT_SPOT,
        ..Told::default()
    };
    for at in [(30, 20), (-5, -63), (0, 0)] {
        scanout::off(&client.device)?;
        scanout::cursor(&client.device, address, at)?;
        show(&client, 3, Tiling::Linear)?;
        let told = ask(&client, DRM_PLANE_TYPE_CURSOR)?;
        like.at = at;
        if like.id == 0 {
            like.id = told.id;
        }
        same("what is told", told, like)?;
    }
    ensure!(primary(&client)?.id != like.id, "the screen's number");
    let (_fd, mapping) = look(&client, &like)?;
    compare(&client, 100, bytes, &mapping)?;

    for (told, hot_spot) in [((5, 9), (5, 9)), ((CURSOR, 0), NO_HOT_SPOT)] {
        client.device.set_reg(pvinfo::CURSOR_HOT, told.0)?;
        client.device.set_reg(pvinfo::CURSOR_HOT + 4, told.1)?;
        let found = ask(&client, DRM_PLANE_TYPE_CURSOR)?.hot_spot;
        same("hot spot", found, hot_spot)?;
    }
    Ok(Outcome::Pass)
}

/// What is off or half set up is nothing, and no error.
fn nothing(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let none = |what: &str| same(what, primary(&client)?, Told::default());
    none("no pipe")?;
    let surface = show(&client, 0, Tiling::Linear)?;
    ensure!(primary(&client)?.id != 0, "nothing is shown");
    let pointer = ask(&client, DRM_PLANE_TYPE_CURSOR)?;
    same("no cursor", pointer, Told::default())?;

    let show = |surface: &Surface| scanout::show(&client.device, surface);
    let page = Memory::page(0) | PRESENT;
    let last = surface.address + u64::from(surface.bytes()) - PAGE;
    set_entry(&client.device, last, 0)?;
    none("a page is missing")?;
    set_entry(&client.device, last, page)?;
    ensure!(primary(&client)?.id != 0, "nothing is shown again");
    show(&Surface {
        stride: SMALL.0 * 4 - 64,
        ..surface
    })?;
    none("rows that overlap")?;
    show(&Surface {
        stride: 0,
        ..surface
    })?;
    none("no stride")?;
    show(&Surface {
        size: (8192, 8192),
        ..surface
    })?;
    none("more than there is")?;
    show(&Surface {
        address: 0xffff_f000,
        ..surface
    })?;
    none("beyond the end")?;
    let foreign = Share::of(&client.device)?.page(0) - PAGE;
    show(&Surface {
        address: foreign,
        ..surface
    })?;
    none("somebody else's page")?;
    show(&surface)?;
    scanout::off(&client.device)?;
    none("a pipe that is off")?;
    Ok(Outcome::Pass)
}

fn read_only(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let (fd, mapping) = look(&client, &told)?;
    let map = |how| Mapping::of_file(fd.as_fd(), 0, PAGE, how);
    refused("a mapping to write", map(SHARED), &[EACCES])?;
    let private = How {
        flags: MAP_PRIVATE,
        ..SHARED
    };
    refused("a private one", map(private), &[EINVAL])?;
    refused("to write later", mapping.make_writable(), &[EACCES])?;
    let long = u64::from(told.bytes) + PAGE;
    let long = Mapping::of_file(fd.as_fd(), 0, long, READ_ONLY);
    refused("beyond the end", long, &[EINVAL])?;
    compare(&client, 0, told.bytes, &mapping)?;
    Ok(Outcome::Pass)
}

/// A surface keeps its number while it is shown from the same pages, also when others are shown in turn.
fn same_number(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let (front, back) = (0, 50);
    show(&client, back, Tiling::Linear)?;
    let other = primary(&client)?.id;
    let surface = show(&client, front, Tiling::Linear)?;
    let id = primary(&client)?.id;
    ensure!(id != other, "two surfaces of one number");
    for _ in 0..10 {
        same("again", primary(&client)?.id, id)?;
    }
    let fd = client.device.dma_buf(id)?;
    same("while somebody has it", primary(&client)?.id, id)?;
    drop(fd);
    same("afterwards", primary(&client)?.id, id)?;
    show(&client, back, Tiling::Linear)?;
    same("the other one", primary(&client)?.id, other)?;
    scanout::show(&client.device, &surface)?;
    same("back again", primary(&client)?.id, id)?;

    set_entry(
        &client.device,
        surface.address + PAGE,
        Memory::page(900) | PRESENT,
    )?;
    let new = primary(&client)?.id;
    ensure!(new != id, "another page, and the same number");
    let (_fd, mapping) = look(&client, &primary(&client)?)?;
    client.memory.write(900 * PAGE, 0x55aa_1234);
    same("its pixel", mapping.read(PAGE as usize / 4), 0x55aa_1234)?;
    Ok(Outcome::Pass)
}

fn bad_numbers(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let refused = |id| refused(&format!("{id:#x}"), client.device.dma_buf(id), &[EINVAL]);
    for id in [0, 1, u32::MAX] {
        refused(id)?;
    }
    show(&client, 0, Tiling::Linear)?;
    let id = primary(&client)?.id;
    for id in [0, id + 1, u32::MAX] {
        refused(id)?;
    }
    client.device.dma_buf(id)?;
    Ok(Outcome::Pass)
}

/// There is an end to what others may have, and giving up helps.
fn bounded(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let mut fds = Vec::new();
    for first in 0..MOST {
        show(&client, first, Tiling::Linear)?;
        fds.push(client.device.dma_buf(primary(&client)?.id)?);
    }
    show(&client, MOST, Tiling::Linear)?;
    refused("one more", primary(&client), &[ENOSPC])?;
    fds.swap_remove(5);
    let told = primary(&client).context("when one was given up")?;
    let (_fd, mapping) = look(&client, &told)?;
    compare(&client, MOST, told.bytes, &mapping)?;
    Ok(Outcome::Pass)
}

/// What others have counts as pinned, and is refused beyond what the guest may have pinned.
fn quota(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    client.mdev.set_attribute(PIN_QUOTA, "0")?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let none = client.device.dma_buf(told.id);
    refused("with nothing allowed", none, &[EDQUOT])?;
    same("pinned", pinned(&client)?, 0)?;
    client.mdev.set_attribute(PIN_QUOTA, "1")?;
    let fd = client.device.dma_buf(told.id)?;
    let pages = u64::from(told.bytes).div_ceil(PAGE);
    same("pinned while held", pinned(&client)?, pages)?;
    drop(fd);
    given_back(&client)?;
    Ok(Outcome::Pass)
}

/// What nobody has is not pinned any more when somebody asks for what is shown.
fn given_back(client: &Client) -> Result<()> {
    primary(client)?;
    same("pinned afterwards", pinned(client)?, 0)
}

fn pinned(client: &Client) -> Result<u64> {
    Ok(client.mdev.attribute(PINNED)?.parse()?)
}

/// What the guest does not map any more stays, for who has it.
fn held(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let surface = show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let (fd, mapping) = look(&client, &told)?;
    for offset in (0..u64::from(told.bytes)).step_by(PAGE as usize) {
        set_entry(&client.device, surface.address + offset, 0)?;
    }
    // Until then the GPU may still use what it knows of the entries.
    flush(&client.device)?;
    compare(&client, 0, told.bytes, &mapping)?;
    let pages = u64::from(told.bytes).div_ceil(PAGE);
    same("pinned", pinned(&client)?, pages)?;
    drop(fd);
    primary(&client)?;
    same("pinned for the mapping", pinned(&client)?, pages)?;
    drop(mapping);
    given_back(&client)?;
    Ok(Outcome::Pass)
}

/// Somebody has but its path: that is not the dma-buf, and the next one to ask for it gets a dma-buf.
fn path(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let fd = client.device.dma_buf(told.id)?;
    let path = File::options()
        .read(true)
        .custom_flags(O_PATH)
        .open(format!("/proc/self/fd/{}", fd.as_raw_fd()))?;
    drop(fd);
    // What the file was is used for other files then, if it is used again.
    let others = (0..64)
        .map(|_| File::open("/dev/zero"))
        .collect::<io::Result<Vec<_>>>()?;
    let (_fd, mapping) = look(&client, &told)?;
    compare(&client, 0, told.bytes, &mapping)?;
    client.device.reset()?;
    same("pinned", pinned(&client)?, 0)?;
    drop((path, others));
    Ok(Outcome::Pass)
}

/// What was taken back is nowhere any more.
fn taken_back(fd: &OwnedFd, mapping: &Mapping) -> Result<()> {
    ensure!(!mapping.is_there(0)?, "it is still mapped");
    ensure!(!mapping.is_there(1024)?, "its second page is still mapped");
    let again = Mapping::of_file(fd.as_fd(), 0, PAGE, READ_ONLY)?;
    ensure!(!again.is_there(0)?, "it can be mapped again");
    Ok(())
}

fn unmap(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let (fd, mapping) = look(&client, &told)?;
    ensure!(mapping.is_there(0)?, "it is not mapped");
    same("unmapped", client.container.unmap(BASE, SIZE)?, SIZE)?;
    same("pinned", pinned(&client)?, 0)?;
    taken_back(&fd, &mapping)?;
    refused("its number", client.device.dma_buf(told.id), &[EINVAL])?;

    client.container.map(BASE, SIZE, client.memory.address())?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let (_new, mapping) = look(&client, &told).context("mapped anew")?;
    compare(&client, 0, told.bytes, &mapping)?;
    Ok(Outcome::Pass)
}

fn reset(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    show(&client, 0, Tiling::Linear)?;
    let told = primary(&client)?;
    let (fd, mapping) = look(&client, &told)?;
    ensure!(mapping.is_there(0)?, "it is not mapped");
    client.device.reset()?;
    same("pinned", pinned(&client)?, 0)?;
    taken_back(&fd, &mapping)?;
    refused("its number", client.device.dma_buf(told.id), &[EINVAL])?;
    Ok(Outcome::Pass)
}

fn close(bench: &Bench) -> Result<Outcome> {
    let mut client = client(bench)?;
    for _ in 0..3 {
        show(&client, 0, Tiling::Linear)?;
        let told = primary(&client)?;
        let (fd, mapping) = look(&client, &told)?;
        ensure!(mapping.is_there(0)?, "it is not mapped");
        client = client.reopen()?;
        same("pinned", pinned(&client)?, 0)?;
        taken_back(&fd, &mapping)?;
        refused("its number", client.device.dma_buf(told.id), &[EINVAL])?;
    }
    Ok(Outcome::Pass)
}

/// The host's driver takes one, as it does for OpenGL, and keeps it when it is taken back: it cannot be told.
fn host_driver(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let node = bench.parent.render_node()?;
    let drm = Drm::open(&node).with_context(|| node.display().to_string())?;
    show(&client, 0, Tiling::X)?;
    let told = primary(&client)?;
    let (fd, mapping) = look(&client, &told)?;
    let imported = drm.import(fd.as_fd()).context("importing it")?;
    drop((fd, mapping));
    let mut read = vec![0; told.bytes as usize];
    let mut compare = |client: &Client| -> Result<()> {
        imported.read(&mut read).context("having it read")?;
        for (index, dword) in (0..).zip(read.chunks(4)) {
            let found = u32::from_le_bytes([dword[0], dword[1], dword[2], dword[3]]);
            same(
                &format!("dword {index:#x}"),
                found,
                wanted(client, 0, index),
            )?;
        }
        Ok(())
    };
    compare(&client)?;
    same("unmapped", client.container.unmap(BASE, SIZE)?, SIZE)?;
    same("pinned", pinned(&client)?, 0)?;
    // The pages are the same still, and nobody else's.
    compare(&client)?;
    Ok(Outcome::Pass)
}

/// A surface is asked for and given up, over and over.
fn thousand(bench: &Bench) -> Result<Outcome> {
    let client = client(bench)?;
    let rounds = 1000;
    let once = |round: u64| -> Result<()> {
        // Sometimes another, of those that there were before the first stock was taken.
        if round % 10 == 0 {
            show(&client, round % 100, Tiling::Linear)?;
            flush(&client.device)?;
        }
        let told = primary(&client)?;
        let (_fd, mapping) = look(&client, &told)?;
        mapping.read(0);
        Ok(())
    };
    (0..100).try_for_each(once)?;
    let before = Holdings::now()?;
    (0..rounds).try_for_each(once)?;
    let mut tries = 0;
    loop {
        // The kernel frees some things a little later than they are given up.
        std::thread::sleep(Duration::from_secs(1));
        let after = Holdings::now()?.no_more_than(&before, rounds as u32);
        tries += 1;
        if after.is_ok() || tries == 5 {
            return after.map(|()| Outcome::Pass);
        }
    }
}
