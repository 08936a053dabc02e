// SPDX-License-Identifier: GPL-2.0

//! Who it is: a process, to be named to people, or not to be kept.
//!
//! C header: [`include/linux/sched.h`](srctree/include/linux/sched.h)

use core::fmt::Write;

use kernel::{
    bindings::TASK_COMM_LEN,
    fmt,
    prelude::*,
    sync::aref::ARef,
    task::Task, //
};

use super::bindings;

/// Bytes that the kernel has for a name, with a zero at the end.
const NAME: usize = TASK_COMM_LEN as usize;

/// A process, which may have ended since.
///
/// Shown as its number in the PID namespace of who looks, and its name. The number is 0 if it has ended, or
/// is not in that namespace.
pub(crate) struct Process(ARef<Task>);

impl Process {
    /// The one that calls this.
    pub(crate) fn current() -> Self {
        Self(current!().group_leader().into())
    }

    /// Its name; zero from its end on.
    fn name(&self) -> [u8; NAME] {
        let mut name = [0; NAME];

        // SAFETY: The task is referenced, and there is room for a name.
        unsafe { bindings::rgvt_task_comm(self.0.as_ptr(), name.as_mut_ptr().cast()) };
        name
    }
}

/// Whether whoever calls this is about to be ended by a signal, and so is not to wait for long.
pub(crate) fn is_being_killed() -> bool {
    // SAFETY: It asks about the current task.
    unsafe { bindings::rgvt_is_being_killed() }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.0.tgid_nr_ns(None))?;

        // A process can put any byte into its name.
        for byte in self.name().into_iter().take_while(|&byte| byte != 0) {
            let shown = if byte.is_ascii_graphic() || byte == b' ' {
                char::from(byte)
            } else {
                '?'
            };
            f.write_char(shown)?;
        }
        Ok(())
    }
}
