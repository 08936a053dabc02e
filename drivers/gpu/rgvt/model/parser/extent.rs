// SPDX-License-Identifier: GPL-2.0

//! How long a batch is.

use super::{
    auditor::Next,
    batch,
    stream::{dwords, Rejected, Why},
    Level, Place, Space,
};
use crate::hw::{
    addr::Dwords,
    command::{self, Operation},
    engine::Engine,
    platform::Platform,
};

/// Finds the end of a batch in a copy that grows. Each dword is looked at once. What it finds holds for
/// the copy alone, since the guest can change the original.
#[derive(Clone, Debug)]
pub struct Extent {
    platform: Platform,
    engine: Engine,
    level: Level,
    /// Where the next command begins; may be past what there is as yet.
    at: usize,
}

impl Extent {
    /// At the beginning of a batch.
    pub fn new(platform: Platform, engine: Engine, level: Level) -> Self {
        Self {
            platform,
            engine,
            level,
            at: 0,
        }
    }

    /// The batch's length with its end, if it is in `words`: the copy so far, from its beginning.
    pub fn scan(&mut self, words: &[u32]) -> Result<Option<Dwords>, Rejected> {
        while let Some(&header) = words.get(self.at) {
            let reject = |why| Rejected::new(self.at, header, why);
            let command = command::decode(self.platform, self.engine, header)
                .map_err(|undefined| reject(undefined.into()))?;
            let end = self.at.saturating_add(command.dwords.into());
            if self.ends(command.operation, header).map_err(reject)? {
                return Ok((end <= words.len()).then(|| dwords(end)));
            }
            self.at = end;
        }
        Ok(None)
    }

    fn ends(&self, operation: Operation, header: u32) -> Result<bool, Why> {
        let place = Place::Batch {
            level: self.level,
            space: Space::Global,
        };
        match operation {
            Operation::BatchEnd => Ok(true),
            Operation::BatchStart => Ok(batch::follow(place, header)?.1 == Next::End),
            _ => Ok(false),
        }
    }
}
