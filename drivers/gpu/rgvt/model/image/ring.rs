// SPDX-License-Identifier: GPL-2.0

//! What is to be run of a context's ring.

use crate::hw::addr::HostGma;
use crate::hw::context::HEAD_WRAPS_MASK;

/// The ring of a context. Head and tail are inside it.
///
/// The head is right if the image was read when no piece of the context's work was with the host: after
/// each piece it is brought up to date ([`super::Context::finished`]), and a driver that resets a
/// context sets it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Where it is; the guest may use all of it.
    pub start: HostGma,
    /// Its length, 4 KiB to 2 MiB.
    pub bytes: u32,
    /// Where the engine stopped last, in bytes from the start.
    pub head: u32,
    /// Where the commands end, in bytes from the start.
    pub tail: u32,
}

/// A part of a ring, in bytes. It is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From the ring's start; a multiple of 4.
    pub offset: u32,
    /// A multiple of 4.
    pub length: u32,
}

/// The commands of a piece of work: one part of the ring, or two if they go past the ring's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending([Option<Span>; 2]);

impl Pending {
    /// The parts, in the order in which they run.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.0.into_iter().flatten()
    }

    /// The length of all, at most the ring's.
    pub fn bytes(&self) -> u32 {
        self.spans()
            .fold(0, |sum, span| sum.saturating_add(span.length))
    }
}

impl Ring {
    /// What is between `from` and the tail; `None` if `from` is not in the ring.
    pub fn pending(&self, from: u32) -> Option<Pending> {
        if from >= self.bytes {
            return None;
        }
        let span = |offset: u32, end: u32| {
            let length = end.checked_sub(offset)?;
            (length > 0).then_some(Span { offset, length })
        };
        Some(Pending(if self.tail < from {
            [span(from, self.bytes), span(0, self.tail)]
        } else {
            [span(from, self.tail), None]
        }))
    }

    /// RING_HEAD when all from `from` to the tail has run; `before` is its value in the image.
    pub(super) fn head_after(&self, from: u32, before: u32) -> u32 {
        let one = HEAD_WRAPS_MASK & HEAD_WRAPS_MASK.wrapping_neg();
        let wraps = if self.tail < from { one } else { 0 };
        before.wrapping_add(wraps) & HEAD_WRAPS_MASK | self.tail
    }
}
