// SPDX-License-Identifier: GPL-2.0

//! The registers of a virtual GPU: the core and the GT.

mod commands;
mod engines;
mod properties;
mod registers;
mod support;
mod table;

#[path = "../shared/maps.rs"]
mod maps;
