// SPDX-License-Identifier: GPL-2.0

//! How a virtual GPU is served: what an operator asks for, and that the engines' queues know of it.

use kernel::prelude::*;

use super::Vgpu;
use crate::model::sched::Policy;

impl Vgpu {
    /// How it is served.
    pub(crate) fn policy(&self) -> Policy {
        *self.policy.lock()
    }

    /// Serves it as `change` says from now on, open or not. EINVAL, without effect, if something is out of
    /// bounds then.
    pub(crate) fn set_policy(&self, change: impl FnOnce(&mut Policy)) -> Result {
        // Held while the queues are told, so that all of them know the same in the end.
        let mut current = self.policy.lock();
        let mut policy = *current;
        change(&mut policy);
        if !policy.is_valid() {
            return Err(EINVAL);
        }

        *current = policy;
        for runner in self.gpu().runners() {
            runner.set_policy(self.id(), policy);
        }
        Ok(())
    }
}
