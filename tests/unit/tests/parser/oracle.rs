// SPDX-License-Identifier: GPL-2.0

//! What commands do, found out in another way than the audit's: for any commands at all.

use super::support::*;
use unit::hw::addr::HostGma;
use unit::hw::command::Decoder;
use unit::hw::engine::Engine;
use unit::model::parser::{audit, Growing, Place, Unaudited};

/// Where the commands of the table begin, and where they end; the naive way.
pub fn naive(setting: &Setting, words: &[u32]) -> (Vec<usize>, usize) {
    let (mut starts, mut at) = (vec![], 0);
    while at < words.len() {
        let Ok(command) = Decoder::new(setting.platform, setting.engine).decode(words[at]) else {
            break;
        };
        starts.push(at);
        at += usize::from(command.dwords);
    }
    (starts, at)
}

/// The commands as they may stand at a place.
pub fn at(place: Place, words: &[u32]) -> Vec<u32> {
    match place {
        Place::Ring | Place::IndirectContext => words.to_vec(),
        Place::PerContext | Place::Batch { .. } => [words, &[END, NOOP]].concat(),
    }
}

/// The audit's outcome, with batches left where they are.
pub fn outcome(setting: &Setting, place: Place, words: &[u32]) -> Option<Vec<u32>> {
    let mut copy = at(place, words);
    let audited = audit(Unaudited::new(&mut copy[..]), place, &setting.guest()).ok()?;
    drop(audited);
    Some(copy)
}

/// Everywhere that commands may stand.
pub const PLACES: [Place; 6] = [
    Place::Ring,
    Place::IndirectContext,
    Place::PerContext,
    FIRST,
    CALLED,
    USER,
];

/// Where the host would have the copies of batches.
pub const COPY: u32 = 0x1234_5000;

/// The audit's outcome when a batch is copied in pieces of `size` dwords, a page at most, with all starts of
/// batches pointing to [`COPY`].
pub fn grown(setting: &Setting, place: Place, words: &[u32], size: usize) -> Option<Vec<u32>> {
    let guest = setting.guest();
    let mut growing = Growing::new(place, &guest);
    for piece in words.chunks(size) {
        let read = |copy: &mut [u32]| {
            copy.copy_from_slice(piece);
            Ok(())
        };
        growing.copy(piece.len(), read).unwrap();
        if growing.audit().ok()? {
            break;
        }
    }
    let mut audited = growing.finish().ok()?;
    while audited.next_batch().is_some() {
        audited.redirect(HostGma::new(COPY.into()));
    }
    let (ready, _) = audited.finish().expect("no batch is left");
    Some(ready.to_vec())
}

/// What a command accesses in the GGTT: addresses and sizes. Writes by index go to someone's status page,
/// which is nowhere in the share.
pub fn global(words: &[u32]) -> Vec<(u64, u64)> {
    let header = words[0];
    let at = |index: usize, bytes: usize| {
        let address = u64::from(words[index] & !7) | u64::from(words[index + 1]) << 32;
        vec![(address, bytes as u64)]
    };
    let bit = header & GLOBAL != 0;
    match header >> 23 {
        0x20 if bit => at(1, 4 * (words.len() - 3)),
        0x2f if bit => at(1, 4 << (header >> 19 & 3)),
        0x1c | 0x24 | 0x29 if bit => at(2, 4),
        0x36 if bit => at(2, 8),
        0x27 if bit => at(1, 64),
        0x2e => {
            let to = if header & 1 << 21 != 0 {
                at(1, 4)
            } else {
                vec![]
            };
            let from = if bit { at(3, 4) } else { vec![] };
            [to, from].concat()
        }
        0x28 if words[1] & 1 != 0 => at(1, 256),
        0x26 if header & 3 << 14 != 0 && header & INDEX != 0 => vec![(0, 8)],
        0x26 if header & 3 << 14 != 0 && words[1] & FLUSH_GLOBAL != 0 => at(1, 8),
        0x31 if header & IN_PPGTT == 0 => at(1, 4),
        0xf4 if words[1] & 3 << 14 != 0 && words[1] & 1 << 23 == 0 => {
            match (words[1] & INDEX != 0, words[1] & PIPE_GLOBAL != 0) {
                (true, _) => vec![(0, 8)],
                (false, true) => at(2, 8),
                (false, false) => vec![],
            }
        }
        _ => vec![],
    }
}

/// All accesses of the commands.
pub fn accesses(setting: &Setting, words: &[u32]) -> Vec<(u64, u64)> {
    let (mut starts, end) = naive(setting, words);
    starts.push(end);
    let commands = starts.windows(2).map(|pair| &words[pair[0]..pair[1]]);
    // The opcode of PIPE_CONTROL is the render engine's alone.
    let other = setting.engine != Engine::Rcs;
    let commands = commands.filter(|words| words[0] >> 23 != 0xf4 || !other);
    commands.flat_map(global).collect()
}

/// Whether the bytes are the guest's.
pub fn own((address, bytes): (u64, u64)) -> bool {
    [APERTURE, HIDDEN]
        .into_iter()
        .map(u64::from)
        .any(|start| address >= start && address + bytes <= start + u64::from(PART))
}
