// SPDX-License-Identifier: GPL-2.0

//! Registers that other units of a virtual GPU answer for, but for the engines' submission ports.

use super::span::{Span, Unit};
use crate::hw::{
    irq::{Group, MASTER},
    pvinfo,
};

/// The registers of an interrupt group: ISR, IMR, IIR, IER.
const fn group(group: Group) -> Span {
    Span::of(group.base().get(), Unit::Interrupts).bytes(16)
}

/// Who answers, by offset.
pub const TABLE: &[Span] = &[
    Span::of(MASTER.get(), Unit::Interrupts),
    group(Group::Gt0),
    group(Group::Gt1),
    group(Group::Gt2),
    group(Group::Gt3),
    group(Group::PipeA),
    group(Group::PipeB),
    group(Group::PipeC),
    group(Group::Port),
    group(Group::Misc),
    group(Group::Pcu),
    Span::of(pvinfo::PAGE.get(), Unit::PvInfo).bytes(pvinfo::SIZE),
    group(Group::Pch),
];
