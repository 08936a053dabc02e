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
    0x02, // RECEIVE_PORT_0_CAP_0: its own EDID
];

/// LINK_BW_SET, first of the link configuration.
const LINK: u32 = 0x100;
/// Bytes of link configuration that are kept.
const LINK_SIZE: usize = 0x80;
/// LANE_COUNT_SET.
const LANE_COUNT: u32 = 0x101;
/// TRAINING_PATTERN_SET.
const TRAINING_PATTERN: u32 = 0x102;
/// SINK_COUNT.
const SINK_COUNT: u32 = 0x200;
/// LANE0_1_STATUS, LANE2_3_STATUS, LANE_ALIGN_STATUS_UPDATED, SINK_STATUS.
const LANE_0_1: u32 = 0x202;
const LANE_2_3: u32 = 0x203;
const ALIGN: u32 = 0x204;
const SINK_STATUS: u32 = 0x205;
/// SET_POWER.
const POWER: u32 = 0x600;
/// DP_SET_POWER_D0.
const POWER_D0: u8 = 1;

/// Status of a lane, 4 bits: clock recovered; channel equalised and symbols locked.
const CLOCK_RECOVERED: u8 = 1;
const EQUALISED: u8 = 1 << 1 | 1 << 2;

/// The monitor's registers.
pub struct Dpcd {
    link: [u8; LINK_SIZE],
    power: u8,
    clock_recovered: bool,
    equalised: bool,
}

impl Dpcd {
    /// As after power-on: awake, without a link.
    pub fn new() -> Self {
        Self {
            link: [0; LINK_SIZE],
            power: POWER_D0,
            clock_recovered: false,
            equalised: false,
        }
    }

    /// Reads the register at `address` (20 bits). One that does not exist reads as zero.
    pub fn read(&self, address: u32) -> u8 {
        if let Some(&byte) = CAPABILITIES.get(address as usize) {
            return byte;
        }
        if let Some(&byte) = link_index(address).and_then(|i| self.link.get(i)) {
            return byte;
        }
        match address {
            SINK_COUNT => 1,
            LANE_0_1 => self.lane(0) | self.lane(1) << 4,
            LANE_2_3 => self.lane(2) | self.lane(3) << 4,
            ALIGN | SINK_STATUS => u8::from(self.lanes() > 0 && self.equalised),
            POWER => self.power,
            _ => 0,
        }
    }

    /// Writes the register at `address` (20 bits). One that is read-only keeps its value.
    pub fn write(&mut self, address: u32, value: u8) {
        if let Some(byte) = link_index(address).and_then(|i| self.link.get_mut(i)) {
            *byte = value;
        }
        match address {
            LINK | LANE_COUNT => self.lose_link(),
            TRAINING_PATTERN => self.train(value & 0xf),
            POWER => {
                self.power = value & 7;
                if self.power != POWER_D0 {
                    self.lose_link();
                }
            }
            _ => {}
        }
    }

    /// The source sends a training pattern: 1 for the clock, others for the channel, 0 for none.
    /// The cable is perfect, so that each step succeeds with the levels that it starts with.
    fn train(&mut self, pattern: u8) {
        match pattern {
            0 => {}
            1 => {
                self.clock_recovered = true;
                self.equalised = false;
            }
            _ => self.equalised = self.clock_recovered,
        }
    }

    fn lose_link(&mut self) {
        self.clock_recovered = false;
        self.equalised = false;
    }

    fn lanes(&self) -> u8 {
        self.read(LANE_COUNT) & 0x1f
    }

    fn lane(&self, lane: u8) -> u8 {
        let mut status = 0;
        if lane < self.lanes() {
            if self.clock_recovered {
                status |= CLOCK_RECOVERED;
            }
            if self.equalised {
                status |= EQUALISED;
            }
        }
        status
    }
}

fn link_index(address: u32) -> Option<usize> {
    address.checked_sub(LINK).map(|i| i as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_trains_in_two_steps_and_sleep_loses_it() {
        let mut dpcd = Dpcd::new();
        dpcd.write(LINK, 0x0a);
        dpcd.write(LANE_COUNT, 0x82);
        assert_eq!(dpcd.read(LANE_0_1), 0);
        dpcd.write(TRAINING_PATTERN, 0x21);
        assert_eq!((dpcd.read(LANE_0_1), dpcd.read(ALIGN)), (0x11, 0));
        dpcd.write(TRAINING_PATTERN, 0x22);
        dpcd.write(TRAINING_PATTERN, 0);
        assert_eq!((dpcd.read(LANE_0_1), dpcd.read(LANE_2_3)), (0x77, 0));
        assert_eq!(dpcd.read(ALIGN), 1);
        dpcd.write(POWER, 2);
        assert_eq!((dpcd.read(LANE_0_1), dpcd.read(POWER)), (0, 2));
    }

    #[test]
    fn capabilities_are_read_only() {
        let mut dpcd = Dpcd::new();
        dpcd.write(0, 0xff);
        assert_eq!(dpcd.read(0), 0x12);
    }
}
