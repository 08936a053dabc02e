// SPDX-License-Identifier: GPL-2.0

//! The virtual display as a guest's driver meets it: by its registers.

mod modes;
mod pipe;
mod port;
mod power;
mod sequences;
mod south;
mod support;

#[path = "../shared/maps.rs"]
mod maps;
