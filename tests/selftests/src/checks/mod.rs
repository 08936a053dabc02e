// SPDX-License-Identifier: GPL-2.0
//! The checks, by subject.

pub mod across;
mod aperture;
mod attributes;
mod bar0;
mod config;
pub mod cycle;
mod dma;
mod dma_buf;
mod fence;
mod ggtt;
mod info;
mod interrupt;
mod irq;
pub mod life;
mod pvinfo;
mod reset;
mod screen;
mod submit;
mod sysfs;
pub mod unbind;

use crate::bench::Check;

/// Those of an open device.
pub fn device() -> Vec<Check> {
    [
        info::CHECKS,
        config::CHECKS,
        bar0::CHECKS,
        pvinfo::CHECKS,
        ggtt::CHECKS,
        aperture::CHECKS,
        fence::CHECKS,
        irq::CHECKS,
        interrupt::CHECKS,
        submit::CHECKS,
        reset::CHECKS,
        screen::CHECKS,
        dma_buf::CHECKS,
        dma::CHECKS,
        life::CHECKS,
    ]
    .concat()
}

/// Those of sysfs.
pub fn sysfs() -> Vec<Check> {
    [sysfs::CHECKS, attributes::CHECKS].concat()
}
