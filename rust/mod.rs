// SPDX-License-Identifier: GPL-2.0

//! What the `kernel` crate lacks: safe abstractions of C interfaces, and the bindings below them.

mod bindings;
pub(crate) mod i915;
mod pci;
pub(crate) mod utsname;
