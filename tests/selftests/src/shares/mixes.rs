// SPDX-License-Identifier: GPL-2.0
//! What is asked of the scheduler: who wants which engines how, and what each is to get.

use super::measure::EngineName;

/// A user that always has work.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// Attributes of its virtual GPU in rgvt/.
    pub asks: &'static [(&'static str, &'static str)],
    /// How long each of its batches takes, in microseconds.
    pub batch_us: u32,
    pub gets: Gets,
}

/// What a user is to get, in percent.
#[derive(Clone, Copy, Debug)]
pub enum Gets {
    /// Of what all users had.
    Share(f64),
    /// Of the time.
    AtMost(f64),
    AtLeast(f64),
}

/// Users that work at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub name: &'static str,
    /// The engines that each user wants.
    pub engines: &'static [EngineName],
    pub users: &'static [User],
    /// Part of the short run, too.
    pub short: bool,
}

impl Mix {
    /// Whether nothing is asked that needs rgvt's attributes.
    pub fn is_plain(&self) -> bool {
        self.users.iter().all(|user| user.asks.is_empty())
    }
}

/// Several slices of time, and long against what the lab's CPU takes to prepare one.
const USUAL: u32 = 16_000;

const fn user(asks: &'static [(&'static str, &'static str)], gets: Gets) -> User {
    User {
        asks,
        batch_us: USUAL,
        gets,
    }
}

const fn plain(batch_us: u32, share: f64) -> User {
    User {
        asks: &[],
        batch_us,
        gets: Gets::Share(share),
    }
}

const EQUAL: &[User] = &[plain(USUAL, 50.0), plain(USUAL, 50.0)];
const FOUR: &[User] = &[plain(USUAL, 25.0); 4];
/// As many as kvmgt can have.
const SEVEN: &[User] = &[plain(USUAL, 100.0 / 7.0); 7];
const SEVEN_WEIGHTED: &[User] = &[
    user(&[("weight", "1")], Gets::Share(100.0 / 22.0)),
    user(&[("weight", "1")], Gets::Share(100.0 / 22.0)),
    user(&[("weight", "2")], Gets::Share(200.0 / 22.0)),
    user(&[("weight", "2")], Gets::Share(200.0 / 22.0)),
    user(&[("weight", "4")], Gets::Share(400.0 / 22.0)),
    user(&[("weight", "4")], Gets::Share(400.0 / 22.0)),
    user(&[("weight", "8")], Gets::Share(800.0 / 22.0)),
];
const ONE_TO_TWO: &[User] = &[
    user(&[("weight", "1")], Gets::Share(100.0 / 3.0)),
    user(&[("weight", "2")], Gets::Share(200.0 / 3.0)),
];
const ONE_FOUR_EIGHT: &[User] = &[
    user(&[("weight", "1")], Gets::Share(100.0 / 13.0)),
    user(&[("weight", "4")], Gets::Share(400.0 / 13.0)),
    user(&[("weight", "8")], Gets::Share(800.0 / 13.0)),
];
const LONG_AND_SHORT: &[User] = &[plain(60_000, 50.0), plain(4_000, 50.0)];
const LONG_AND_SHORT_WEIGHTED: &[User] = &[
    User {
        asks: &[("weight", "2")],
        batch_us: 4_000,
        gets: Gets::Share(200.0 / 3.0),
    },
    User {
        asks: &[("weight", "1")],
        batch_us: 60_000,
        gets: Gets::Share(100.0 / 3.0),
    },
];
/// The same, with more time to prepare each.
const LONGER_AND_SHORT: &[User] = &[plain(180_000, 50.0), plain(12_000, 50.0)];
const CAPPED_ALONE: &[User] = &[user(&[("cap", "20")], Gets::AtMost(20.0))];
const CAPPED: &[User] = &[
    user(&[("cap", "30"), ("weight", "4")], Gets::AtMost(30.0)),
    user(&[("weight", "1")], Gets::AtLeast(66.0)),
];
const RESERVED: &[User] = &[
    user(
        &[("reservation", "60"), ("weight", "1")],
        Gets::AtLeast(60.0),
    ),
    user(&[("weight", "8")], Gets::AtMost(40.0)),
    user(&[("weight", "8")], Gets::AtMost(40.0)),
];
/// Whoever goes first leaves the engine idle until its next batch is ready.
const FIRST: &[User] = &[
    User {
        asks: &[("priority", "1")],
        batch_us: 60_000,
        gets: Gets::Share(100.0),
    },
    User {
        asks: &[("weight", "16")],
        batch_us: 60_000,
        gets: Gets::Share(0.0),
    },
];

use EngineName::{Bcs, Rcs, Vcs0, Vecs};

const fn mix(
    name: &'static str,
    engines: &'static [EngineName],
    users: &'static [User],
    short: bool,
) -> Mix {
    Mix {
        name,
        engines,
        users,
        short,
    }
}

pub const MIXES: &[Mix] = &[
    mix("equal/rcs", &[Rcs], EQUAL, true),
    mix("equal/bcs", &[Bcs], EQUAL, false),
    mix("equal/vcs0", &[Vcs0], EQUAL, false),
    mix("equal/vecs", &[Vecs], EQUAL, false),
    mix("four-equal/rcs", &[Rcs], FOUR, false),
    mix("seven-equal/rcs", &[Rcs], SEVEN, false),
    mix("seven-weights/rcs", &[Rcs], SEVEN_WEIGHTED, true),
    mix("weights-1-2/rcs", &[Rcs], ONE_TO_TWO, false),
    mix("weights-1-2/bcs", &[Bcs], ONE_TO_TWO, true),
    mix("weights-1-2/vcs0", &[Vcs0], ONE_TO_TWO, true),
    mix("weights-1-2/vecs", &[Vecs], ONE_TO_TWO, true),
    mix("weights-1-4-8/rcs", &[Rcs], ONE_FOUR_EIGHT, true),
    mix("weights-1-4-8/bcs", &[Bcs], ONE_FOUR_EIGHT, false),
    mix("weights-1-4-8/vcs0", &[Vcs0], ONE_FOUR_EIGHT, false),
    mix("weights-1-4-8/vecs", &[Vecs], ONE_FOUR_EIGHT, false),
    mix("long-and-short/rcs", &[Rcs], LONG_AND_SHORT, true),
    mix("long-and-short/bcs", &[Bcs], LONG_AND_SHORT, false),
    mix("long-and-short/vcs0", &[Vcs0], LONG_AND_SHORT, false),
    mix("long-and-short/vecs", &[Vecs], LONG_AND_SHORT, false),
    mix("longer-and-short/rcs", &[Rcs], LONGER_AND_SHORT, false),
    mix("longer-and-short/bcs", &[Bcs], LONGER_AND_SHORT, false),
    mix("longer-and-short/vcs0", &[Vcs0], LONGER_AND_SHORT, false),
    mix("longer-and-short/vecs", &[Vecs], LONGER_AND_SHORT, false),
    mix(
        "long-and-short-2-1/rcs",
        &[Rcs],
        LONG_AND_SHORT_WEIGHTED,
        false,
    ),
    mix("two-engines/rcs+vcs0", &[Rcs, Vcs0], ONE_TO_TWO, true),
    mix("cap-alone/rcs", &[Rcs], CAPPED_ALONE, false),
    mix("cap/rcs", &[Rcs], CAPPED, true),
    mix("reservation/rcs", &[Rcs], RESERVED, true),
    mix("priority/rcs", &[Rcs], FIRST, true),
];
