// SPDX-License-Identifier: GPL-2.0
//! What the driver says of the GPU, by debugfs.

use std::fs;

/// Tests would mount debugfs themselves, and the first look at tracing makes the kernel warn, which would
/// be held against the first test.
pub fn look_at_tracing() {
    // Where there is no tracing, there is nothing to warn of either.
    let _ = fs::read_dir("/sys/kernel/debug/tracing").map(|entries| entries.count());
}

/// Whether the driver has given a GPU up.
pub fn wedged() -> bool {
    let Ok(devices) = fs::read_dir("/sys/kernel/debug/dri") else {
        return false;
    };
    devices.flatten().any(|device| {
        fs::read_to_string(device.path().join("i915_wedged")).is_ok_and(|text| text.trim() == "1")
    })
}

/// Tells a GPU that is lost from one that a test has wedged for a moment.
#[derive(Default)]
pub struct Watch {
    looks: u32,
}

impl Watch {
    /// How many looks in a row make it lost.
    const LOST: u32 = 4;

    /// Takes a look. The first of those that found it wedged is told by [`Self::begun`].
    pub fn is_lost(&mut self, wedged: bool) -> bool {
        self.looks = if wedged { self.looks + 1 } else { 0 };
        self.looks >= Self::LOST
    }

    /// Whether the last look was the first to find it wedged.
    pub fn begun(&self) -> bool {
        self.looks == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_no_loss() {
        let mut watch = Watch::default();
        for wedged in [true, true, true, false, true, true, true] {
            assert!(!watch.is_lost(wedged));
        }
        assert!(!watch.begun());
        assert!(watch.is_lost(true));
    }

    #[test]
    fn the_first_look_is_told() {
        let mut watch = Watch::default();
        watch.is_lost(false);
        assert!(!watch.begun());
        watch.is_lost(true);
        assert!(watch.begun());
    }
}
