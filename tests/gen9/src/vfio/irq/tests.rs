// SPDX-License-Identifier: GPL-2.0

use std::fs::File;
use std::os::fd::{FromRawFd, IntoRawFd};

use vfio_bindings::bindings::vfio::*;
use vmm_sys_util::errno::Error as Errno;
use vmm_sys_util::eventfd::EventFd;

use super::*;
use crate::vfio::proto::{Fields, invalid};

const EVENT: u32 = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
const NONE: u32 = VFIO_IRQ_SET_DATA_NONE;

fn parse(
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
    data: &[u8],
    files: Vec<File>,
) -> Result<SetRequest, Errno> {
    let mut bytes = Vec::new();
    for field in [20, flags, index, start, count] {
        bytes.extend_from_slice(&u32::to_le_bytes(field));
    }
    bytes.extend_from_slice(data);
    SetRequest::parse(&mut Fields::new(&bytes), files)
}

fn install(line: &Line, index: u32) -> EventFd {
    let event = EventFd::new(libc::EFD_NONBLOCK).unwrap();
    // SAFETY: into_raw_fd gives up the descriptor of the clone.
    let file = unsafe { File::from_raw_fd(event.try_clone().unwrap().into_raw_fd()) };
    line.apply(parse(EVENT, index, 0, 1, &[], vec![file]).unwrap());
    event
}

fn ask(line: &Line, flags: u32, index: u32, count: u32) -> Option<Kind> {
    line.apply(parse(flags, index, 0, count, &[], vec![]).unwrap())
}

#[test]
fn msi_is_sent_on_each_rising_edge() {
    let line = Line::default();
    let event = install(&line, VFIO_PCI_MSI_IRQ_INDEX);
    assert_eq!(line.set_level(true), Some(Kind::Msi));
    assert_eq!(line.set_level(true), None);
    assert_eq!(line.set_level(false), None);
    assert_eq!(line.set_level(true), Some(Kind::Msi));
    assert_eq!(event.read().unwrap(), 2);
}

#[test]
fn an_edge_before_msi_is_not_lost() {
    let line = Line::default();
    assert_eq!(line.set_level(true), None);
    let event = install(&line, VFIO_PCI_MSI_IRQ_INDEX);
    assert_eq!(event.read().unwrap(), 1);
}

#[test]
fn intx_waits_for_the_unmask() {
    let line = Line::default();
    let event = install(&line, VFIO_PCI_INTX_IRQ_INDEX);
    assert_eq!(line.set_level(true), Some(Kind::Intx));
    assert_eq!(line.set_level(false), None);
    assert_eq!(line.set_level(true), None);
    let unmask = NONE | VFIO_IRQ_SET_ACTION_UNMASK;
    assert_eq!(
        ask(&line, unmask, VFIO_PCI_INTX_IRQ_INDEX, 1),
        Some(Kind::Intx)
    );
    line.set_level(false);
    assert_eq!(ask(&line, unmask, VFIO_PCI_INTX_IRQ_INDEX, 1), None);
    assert_eq!(event.read().unwrap(), 2);
}

#[test]
fn intx_can_be_masked_and_disabled() {
    let line = Line::default();
    let _event = install(&line, VFIO_PCI_INTX_IRQ_INDEX);
    ask(
        &line,
        NONE | VFIO_IRQ_SET_ACTION_MASK,
        VFIO_PCI_INTX_IRQ_INDEX,
        1,
    );
    line.set_intx_disabled(true);
    assert_eq!(line.set_level(true), None);
    let unmask = NONE | VFIO_IRQ_SET_ACTION_UNMASK;
    assert_eq!(ask(&line, unmask, VFIO_PCI_INTX_IRQ_INDEX, 1), None);
    assert_eq!(line.set_intx_disabled(false), Some(Kind::Intx));
}

#[test]
fn msi_goes_before_intx_and_count_zero_disables() {
    let line = Line::default();
    let _intx = install(&line, VFIO_PCI_INTX_IRQ_INDEX);
    let _msi = install(&line, VFIO_PCI_MSI_IRQ_INDEX);
    assert_eq!(line.set_level(true), Some(Kind::Msi));
    let disable = NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    assert_eq!(
        ask(&line, disable, VFIO_PCI_MSI_IRQ_INDEX, 0),
        Some(Kind::Intx)
    );
    ask(&line, disable, VFIO_PCI_INTX_IRQ_INDEX, 0);
    line.set_level(false);
    assert_eq!(line.set_level(true), None);
}

#[test]
fn the_client_can_trigger() {
    let line = Line::default();
    let event = install(&line, VFIO_PCI_MSI_IRQ_INDEX);
    let trigger = NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    assert_eq!(
        ask(&line, trigger, VFIO_PCI_MSI_IRQ_INDEX, 1),
        Some(Kind::Msi)
    );
    let flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
    for (data, delivered) in [([0], None), ([1], Some(Kind::Msi))] {
        let request = parse(flags, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &data, vec![]).unwrap();
        assert_eq!(line.apply(request), delivered);
    }
    assert_eq!(event.read().unwrap(), 2);
}

#[test]
fn a_full_counter_does_not_block() {
    let line = Line::default();
    let event = EventFd::new(0).unwrap();
    event.write(u64::MAX - 1).unwrap();
    // SAFETY: into_raw_fd gives up the descriptor.
    let file = unsafe { File::from_raw_fd(event.into_raw_fd()) };
    line.apply(parse(EVENT, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &[], vec![file]).unwrap());
    assert_eq!(line.set_level(true), None);
}

#[test]
fn nonsense_is_refused() {
    let bool_trigger = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER;
    for (flags, index, start, count) in [
        (0, 0, 0, 1),
        (EVENT | NONE, 0, 0, 1),
        (EVENT | 1 << 9, 0, 0, 1),
        (EVENT, 0, 1, 1),
        (EVENT, 0, u32::MAX, 1),
        (EVENT, 2, 0, 1),
        (EVENT, 5, 0, 0),
        (bool_trigger, 0, 0, 1),
        (
            NONE | VFIO_IRQ_SET_ACTION_MASK,
            VFIO_PCI_MSI_IRQ_INDEX,
            0,
            1,
        ),
        (
            VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
            0,
            0,
            1,
        ),
        (NONE | VFIO_IRQ_SET_ACTION_UNMASK, 0, 0, 0),
    ] {
        let result = parse(flags, index, start, count, &[], vec![]);
        assert_eq!(
            result.err(),
            Some(invalid()),
            "{flags:#x} {index} {start} {count}"
        );
    }
    let null = || File::open("/dev/null").unwrap();
    let two = vec![null(), null()];
    assert!(parse(EVENT, 0, 0, 1, &[], two).is_err());
    let trigger = NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    assert!(parse(trigger, 0, 0, 1, &[], vec![null()]).is_err());
}
