// SPDX-License-Identifier: GPL-2.0

mod access;
mod reference;
mod socket;
