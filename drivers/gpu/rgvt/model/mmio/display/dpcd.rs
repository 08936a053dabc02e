// SPDX-License-Identifier: GPL-2.0

//! DisplayPort configuration data of the monitor: VESA DisplayPort 1.2, section 2.9.3.

/// Receiver capabilities from address 0.
const CAPABILITIES: [u8; 9] = [
    0x12, // DPCD_REV 1.2
    0x14, // MAX_LINK_RATE 5.4 Gbit/s a lane
    0xc4, // MAX_LANE_COUNT 4, training pattern 3, enhanced framing
    0x01, // MAX_DOWNSPREAD 0.5 %
    0x00, // one receiver port
    0x00, // no ports downstream
    0x01, // ANSI 8b/10b
    0x00, // no branches
    0x02, // RECEIVE_PORT_0_CAP_0: an EDID of its own
];

/// LINK_BW_SET, first of the link configuration.
const LINK: u32 = 0x100;
/// Bytes of link configuration that are kept.
const LINK_SIZE: usize = 0x80;
const LANE_COUNT_SET: u32 = 0x101;
const TRAINING_PATTERN_SET: u32 = 0x102;
const SINK_COUNT: u32 = 0x200;
/// LANE0_1_STATUS, LANE2_3_STATUS, LANE_ALIGN_STATUS_UPDATED, SINK_STATUS.
const LANE_0_1: u32 = 0x202;
const LANE_2_3: u32 = 0x203;
const ALIGN: u32 = 0x204;
const SINK_STATUS: u32 = 0x205;
const SET_POWER: u32 = 0x600;
/// DP_SET_POWER_D0.
const POWER_D0: u8 = 1;

/// Status of a lane, 4 bits: clock recovered; channel equalised and symbols locked.
const CLOCK_RECOVERED: u8 = 1;
const EQUALISED: u8 = 1 << 1 | 1 << 2;

/// How far the training of the link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Training {
    None,
    ClockRecovered,
    Equalised,
}

/// The monitor's registers.
#[derive(Clone, Debug)]
pub(super) struct Dpcd {
    link: [u8; LINK_SIZE],
    power: u8,
    training: Training,
}

impl Dpcd {
    /// As after power-on: awake, without a link.
    pub(super) const fn new() -> Self {
        Self {
            link: [0; LINK_SIZE],
            power: POWER_D0,
            training: Training::None,
        }
    }

    /// The register at `address`, of 20 bits. One that does not exist reads as zero.
    pub(super) fn read(&self, address: u32) -> u8 {
        let capability = usize::try_from(address)
            .ok()
            .and_then(|index| CAPABILITIES.get(index));
        let link = link_index(address).and_then(|index| self.link.get(index));
        if let Some(&byte) = capability.or(link) {
            return byte;
        }
        match address {
            SINK_COUNT => 1,
            LANE_0_1 => self.lane(0) | self.lane(1) << 4,
            LANE_2_3 => self.lane(2) | self.lane(3) << 4,
            ALIGN | SINK_STATUS => {
                u8::from(self.lanes() > 0 && self.training == Training::Equalised)
            }
            SET_POWER => self.power,
            _ => 0,
        }
    }

    /// Writes the register at `address`. One that is read-only keeps its value.
    pub(super) fn write(&mut self, address: u32, value: u8) {
        let link = link_index(address).and_then(|index| self.link.get_mut(index));
        if let Some(byte) = link {
            *byte = value;
        }
        match address {
            LINK | LANE_COUNT_SET => self.training = Training::None,
            TRAINING_PATTERN_SET => self.train(value & 0xf),
            SET_POWER => {
                self.power = value & 7;
                if self.power != POWER_D0 {
                    self.training = Training::None;
                }
            }
            _ => {}
        }
    }

    /// The source sends a training pattern: 1 for the clock, others for the channel, 0 for none. The
    /// cable is perfect, so each step succeeds with the levels that it starts with.
    fn train(&mut self, pattern: u8) {
        self.training = match (pattern, self.training) {
            (0, training) => training,
            (1, _) => Training::ClockRecovered,
            (_, Training::None) => Training::None,
            _ => Training::Equalised,
        };
    }

    fn lanes(&self) -> u8 {
        self.read(LANE_COUNT_SET) & 0x1f
    }

    fn lane(&self, lane: u8) -> u8 {
        if lane >= self.lanes() {
            return 0;
        }
        match self.training {
            Training::None => 0,
            Training::ClockRecovered => CLOCK_RECOVERED,
            Training::Equalised => CLOCK_RECOVERED | EQUALISED,
        }
    }
}

fn link_index(address: u32) -> Option<usize> {
    usize::try_from(address.checked_sub(LINK)?).ok()
}
