// SPDX-License-Identifier: GPL-2.0

//! What a client can ask about and of interrupts.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};

use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_INFO_AUTOMASKED, VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_MASKABLE,
    VFIO_IRQ_INFO_NORESIZE, VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_TRIGGER,
    VFIO_IRQ_SET_ACTION_TYPE_MASK, VFIO_IRQ_SET_ACTION_UNMASK, VFIO_IRQ_SET_DATA_BOOL,
    VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_TYPE_MASK,
    VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX, VFIO_PCI_NUM_IRQS,
};
use vmm_sys_util::errno::Error as Errno;
use vmm_sys_util::eventfd::EventFd;

use super::Kind;
use crate::vfio::proto::{Fields, invalid};

/// Flags and count of the interrupts of kind `index`.
///
/// # Errors
/// `EINVAL` when there is no such kind.
pub fn info(index: u32) -> Result<(u32, u32), Errno> {
    match index {
        VFIO_PCI_INTX_IRQ_INDEX => {
            let flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
            Ok((flags, 1))
        }
        VFIO_PCI_MSI_IRQ_INDEX => Ok((VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 1)),
        _ if index < VFIO_PCI_NUM_IRQS => Ok((VFIO_IRQ_INFO_EVENTFD, 0)),
        _ => Err(invalid()),
    }
}

/// What a request does.
#[derive(Debug)]
pub(super) enum Action {
    /// Sets or takes away the descriptor that delivers.
    Install(Option<EventFd>),
    /// Delivers once, as the device would.
    Trigger,
    Mask,
    Unmask,
    /// Nothing was selected.
    Nothing,
}

/// A request to change the delivery of interrupts.
#[derive(Debug)]
pub struct SetRequest {
    /// Absent when the kind has no interrupts.
    pub(super) kind: Option<Kind>,
    pub(super) action: Action,
}

impl SetRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `EINVAL` for anything that is not well formed or that the kind does not offer. Events at
    /// the masking and unmasking of INTx are not offered; QEMU then unmasks by message.
    pub fn parse(fields: &mut Fields<'_>, files: Vec<File>) -> Result<Self, Errno> {
        let (_argsz, flags, index) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (start, count) = (fields.u32()?, fields.u32()?);
        let (data, action) = (
            flags & VFIO_IRQ_SET_DATA_TYPE_MASK,
            flags & VFIO_IRQ_SET_ACTION_TYPE_MASK,
        );
        let (_, available) = info(index)?;
        let kind = match index {
            VFIO_PCI_INTX_IRQ_INDEX => Some(Kind::Intx),
            VFIO_PCI_MSI_IRQ_INDEX => Some(Kind::Msi),
            _ => None,
        };
        let inside = start.checked_add(count).is_some_and(|end| end <= available);
        let extra_files = data != VFIO_IRQ_SET_DATA_EVENTFD && !files.is_empty();
        if flags != data | action || !inside || extra_files {
            return Err(invalid());
        }
        if count == 0 {
            let disable = (VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_ACTION_TRIGGER);
            let action = match (data, action) {
                pair if pair == disable => Action::Install(None),
                _ => return Err(invalid()),
            };
            return Ok(Self { kind, action });
        }
        let selected = match data {
            VFIO_IRQ_SET_DATA_NONE => true,
            VFIO_IRQ_SET_DATA_BOOL => fields.array::<1>()? != [0],
            VFIO_IRQ_SET_DATA_EVENTFD if action == VFIO_IRQ_SET_ACTION_TRIGGER => {
                let action = Action::Install(event(files)?);
                return Ok(Self { kind, action });
            }
            _ => return Err(invalid()),
        };
        let action = match (action, kind) {
            (VFIO_IRQ_SET_ACTION_TRIGGER, _) => Action::Trigger,
            (VFIO_IRQ_SET_ACTION_MASK, Some(Kind::Intx)) => Action::Mask,
            (VFIO_IRQ_SET_ACTION_UNMASK, Some(Kind::Intx)) => Action::Unmask,
            _ => return Err(invalid()),
        };
        Ok(Self {
            kind,
            action: if selected { action } else { Action::Nothing },
        })
    }
}

/// The one descriptor that came, or none to take the old one away.
fn event(files: Vec<File>) -> Result<Option<EventFd>, Errno> {
    let mut files = files.into_iter();
    let (first, more) = (files.next(), files.next());
    if more.is_some() {
        return Err(invalid());
    }
    let Some(file) = first else { return Ok(None) };
    // A full counter must not stop the device. QEMU's own descriptors are non-blocking already.
    // SAFETY: the descriptor is open; the call reads its status flags.
    let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
    if flags < 0 {
        return Err(Errno::last());
    }
    // SAFETY: the descriptor is open; the call changes its status flags only.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0 {
        return Err(Errno::last());
    }
    // SAFETY: into_raw_fd gives up the descriptor, so the new owner is the only one.
    Ok(Some(unsafe { EventFd::from_raw_fd(file.into_raw_fd()) }))
}
