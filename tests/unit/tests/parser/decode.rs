// SPDX-License-Identifier: GPL-2.0

//! The tables of commands.

use proptest::prelude::*;

use unit::hw::command::{Command, Decoder, Operation, Undefined};
use unit::hw::engine::Engine;
use unit::hw::platform::Platform;

const XY_FAST_COPY: u32 = 2 << 29 | 0x42 << 22 | 8;

fn length(engine: Engine, header: u32) -> Result<u16, Undefined> {
    Decoder::new(Platform::Skylake, engine)
        .decode(header)
        .map(|command| command.dwords)
}

#[test]
fn lengths() {
    let rcs = [
        (0x0000_0000, 1),  // MI_NOOP
        (0x0500_0000, 1),  // MI_BATCH_BUFFER_END
        (0x1880_0101, 3),  // MI_BATCH_BUFFER_START
        (0x1100_0001, 3),  // MI_LOAD_REGISTER_IMM of one
        (0x1100_100d, 15), // of seven, posted
        (0x1040_0002, 4),  // MI_STORE_DATA_IMM
        (0x1020_0003, 5),  // of a qword
        (0x1780_0001, 3),  // MI_ATOMIC
        (0x1784_0009, 11), // with its operands
        (0x7a00_0004, 6),  // PIPE_CONTROL
        (0x6904_0300, 1),  // PIPELINE_SELECT
        (0x6101_0011, 19), // STATE_BASE_ADDRESS
        (0x7820_000a, 12), // 3DSTATE_PS
        (0x680b_0001, 1),  // 3DSTATE_VF_STATISTICS
        (0x7000_0007, 9),  // MEDIA_VFE_STATE
        (0x7100_1000, 0x1002),
        (0x7839_0400, 0x402),
        (0x7917_01ff, 0x201),
        (0x7b00_0005, 7), // 3DPRIMITIVE
    ];
    for (header, dwords) in rcs {
        assert_eq!(length(Engine::Rcs, header), Ok(dwords), "{header:#x}");
    }
    for engine in [Engine::Vcs0, Engine::Vcs1] {
        assert_eq!(length(engine, 0x6800_0100), Ok(1)); // MFX_WAIT
        assert_eq!(length(engine, 0x7000_0003), Ok(5)); // MFX_PIPE_MODE_SELECT
        assert_eq!(length(engine, 0x7380_0004), Ok(6)); // HCP_PIPE_MODE_SELECT
        assert_eq!(length(engine, 0x7600_1000), Ok(0x1002));
    }
    assert_eq!(length(Engine::Vecs, 0x7402_0007), Ok(9)); // VEBOX_STATE
    assert_eq!(length(Engine::Bcs, XY_FAST_COPY), Ok(10));
    assert_eq!(length(Engine::Bcs, 0x1300_0002), Ok(4)); // MI_FLUSH_DW
    assert_eq!(length(Engine::Bcs, 0x1300_0000), Ok(2)); // that only flushes
}

#[test]
fn lengths_that_do_not_exist() {
    let headers = [
        0x1880_0000, // MI_BATCH_BUFFER_START of before Gen8
        0x1200_0001, // MI_STORE_REGISTER_MEM likewise
        0x7a00_0003, // PIPE_CONTROL likewise
        0x1000_0001, // MI_STORE_DATA_IMM without data
        0x1100_0000, // MI_LOAD_REGISTER_IMM without a pair
        0x1300_0004, // MI_FLUSH_DW with more than a qword
        0x7000_ffff, // longer than any command
    ];
    for header in headers {
        let found = length(Engine::Rcs, header);
        assert_eq!(found, Err(Undefined::Length), "{header:#x}");
    }
}

/// Where the length field ends earlier than others', what is behind the command's end would be run.
#[test]
fn narrow_length_fields() {
    let math = |platform, field: u32| {
        let header = 0x1a << 23 | field;
        Decoder::new(platform, Engine::Rcs)
            .decode(header)
            .map(|command| command.dwords)
    };
    for field in 0..0x40 {
        assert_eq!(
            math(Platform::Broadwell, field).ok(),
            u16::try_from(field + 2).ok()
        );
    }
    for field in 0x40..0x100 {
        assert_eq!(math(Platform::Broadwell, field), Err(Undefined::Length));
        assert_eq!(
            math(Platform::Skylake, field).ok(),
            u16::try_from(field + 2).ok()
        );
    }
    for field in 1..0x40 {
        let wait = length(Engine::Vcs0, 0x6800_0100 | field);
        assert_eq!(wait, Err(Undefined::Length), "MFX_WAIT, {field:#x}");
    }
}

#[test]
fn engines_have_their_own_commands() {
    let known = |header| Engine::ALL.map(|engine| length(engine, header).is_ok());
    assert_eq!(known(0x0000_0000), [true; 5]); // MI_NOOP
    assert_eq!(known(0x0600_0000), [true, false, false, false, false]); // MI_PREDICATE
    assert_eq!(known(0x0180_0000), [true, true, false, false, false]); // MI_WAIT_FOR_EVENT
    assert_eq!(known(XY_FAST_COPY), [false, true, false, false, false]);
    assert_eq!(known(0x7a00_0004), [true, false, false, false, false]);
    assert_eq!(known(0x7402_0007), [false, false, false, false, true]);
    assert_eq!(known(0x6904_0000), [true, false, false, false, false]);
}

#[test]
fn gaps_are_no_commands() {
    let headers = [
        0x10 << 23,
        0x16 << 23,
        0x30 << 23,
        0x3f << 23,
        0x2000_0000,
        0x6000_0000,
        0x6803_0000,
        0x7803_0000,
        0x780b_0001,
        0x7822_0000,
        0x7848_0000,
        0x7853_0000,
        0x7901_0000,
        0x7a01_0000,
        0x7c00_0000,
        0x8000_0000,
        0xffff_ffff,
    ];
    for header in headers {
        let found = length(Engine::Rcs, header);
        assert_eq!(found, Err(Undefined::Opcode), "{header:#x}");
    }
}

#[test]
fn generations() {
    let on = |platform, engine, header| Decoder::new(platform, engine).decode(header).is_ok();
    for (engine, header) in [(Engine::Bcs, XY_FAST_COPY), (Engine::Rcs, 0x7855_0003)] {
        assert!(!on(Platform::Broadwell, engine, header));
        assert!(on(Platform::CometLake, engine, header));
    }
}

#[test]
fn operations() {
    let operation = |header| {
        Decoder::new(Platform::Skylake, Engine::Rcs)
            .decode(header)
            .unwrap()
            .operation
    };
    assert_eq!(operation(0x7a00_0004), Operation::PipeControl);
    assert_eq!(operation(0x0100_0000), Operation::UserInterrupt);
    assert_eq!(operation(0x0a00_0001), Operation::Flip);
    assert_eq!(operation(0x7b00_0005), Operation::Unit);
    assert_eq!(operation(0x7005_0000), Operation::Local);
    assert!(Operation::UpdateGtt.is_privileged() && !Operation::StoreRegister.is_privileged());
    let noop = Command {
        operation: Operation::Local,
        dwords: 1,
    };
    assert_eq!(
        Decoder::new(Platform::Broadwell, Engine::Vecs).decode(0x1234),
        Ok(noop)
    );
}

/// How long a command is, if it is one: by what its opcode has in common with others.
fn naive_length(engine: Engine, header: u32) -> u32 {
    let bits = match (header >> 29, header >> 23, header >> 16) {
        (0, 0x00..0x10, _) | (_, _, 0x6800 | 0x680b | 0x6904) => return 1,
        (0, 0x12 | 0x13 | 0x26 | 0x28, _) => 6,
        (0, 0x20 | 0x23 | 0x27, _) => 10,
        (3, _, opcode) if engine != Engine::Rcs => match opcode >> 8 {
            0x76 => 16,
            _ => 12,
        },
        (_, _, 0x7105) => 8,
        (_, _, 0x7000..0x7200) => 16,
        (_, _, 0x7839 | 0x783a) => 11,
        (_, _, 0x7843..=0x7847 | 0x7917) => 9,
        _ => 8,
    };
    (header & ((1 << bits) - 1)) + 2
}

proptest! {
    #[test]
    fn lengths_are_those_of_the_opcodes(
        engine in prop::sample::select(&Engine::ALL[..]),
        opcode in prop_oneof![
            (0_u32..0x40).prop_map(|opcode| opcode << 23),
            (0_u32..0x80).prop_map(|opcode| 2 << 29 | opcode << 22),
            (0x6000_u32..0x8000).prop_map(|opcode| opcode << 16),
            any::<u32>(),
        ],
        length in prop_oneof![0_u32..16, any::<u32>()],
    ) {
        let header = opcode | length & 0xffff;
        if let Ok(command) = Decoder::new(Platform::CoffeeLake, engine).decode(header) {
            prop_assert_eq!(u32::from(command.dwords), naive_length(engine, header));
        }
    }
}
