// SPDX-License-Identifier: GPL-2.0

//! The audit of commands.

mod batches;
mod decode;
mod hostile;
mod oracle;
mod properties;
mod registers;
mod streams;
mod support;
