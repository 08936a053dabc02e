// SPDX-License-Identifier: GPL-2.0
//! What was counted in one window: the file that `tests/bench/count` writes.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::symbols::{Function, Symbols};

/// What a function did in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Instructions executed in it, without those of functions that it calls.
    pub instructions: u64,
    /// How often it was entered at its first instruction.
    pub calls: u64,
}

/// A window.
#[derive(Debug, Default)]
pub struct Window {
    /// Entries of a guest, each of which ends with an exit to KVM.
    pub entries: u64,
    pub functions: HashMap<Function, Usage>,
    /// Accesses of the GPU's registers that the machine made.
    pub host_accesses: u64,
    /// How long each engine had nothing to do, in ns.
    pub idle_ns: BTreeMap<String, u64>,
}

/// The part of the witness's answers that counts here.
#[derive(Deserialize)]
struct Registers {
    reads: u64,
    writes: u64,
}

#[derive(Deserialize)]
struct Engines {
    engines: Vec<Engine>,
}

#[derive(Deserialize)]
struct Engine {
    engine: String,
    idle_ns: u64,
}

impl Window {
    pub fn parse(text: &str, symbols: &Symbols) -> Result<Self> {
        let mut window = Self::default();
        let mut registers = HashMap::new();
        let mut engines = HashMap::new();
        for line in text.lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            match key {
                "block" => window.block(value, symbols).context("a block")?,
                "entries" => window.entries = value.parse()?,
                "rest" => ensure!(value == "0", "there was no room to count everything"),
                "begin-registers" | "end-registers" => {
                    let answer: Registers = serde_json::from_str(value)?;
                    registers.insert(key, answer.reads + answer.writes);
                }
                "begin-engines" | "end-engines" => {
                    let answer: Engines = serde_json::from_str(value)?;
                    engines.insert(key, answer.engines);
                }
                _ => {}
            }
        }
        let registers = |key| registers.get(key).context("the witness did not answer");
        window.host_accesses = registers("end-registers")? - registers("begin-registers")?;
        let engines = |key| engines.get(key).context("the witness did not answer");
        for (begin, end) in engines("begin-engines")?
            .iter()
            .zip(engines("end-engines")?)
        {
            let idle = end.idle_ns.saturating_sub(begin.idle_ns);
            window.idle_ns.insert(end.engine.clone(), idle);
        }
        Ok(window)
    }

    /// `ADDRESS INSTRUCTIONS EXECUTED`: the last counts instructions, too.
    fn block(&mut self, line: &str, symbols: &Symbols) -> Result<()> {
        let mut fields = line.split(' ');
        let mut field = || fields.next().context("a field is missing");
        let address = u64::from_str_radix(field()?.trim_start_matches("0x"), 16)?;
        let size: u64 = field()?.parse()?;
        let executed: u64 = field()?.parse()?;
        let Some((function, first)) = symbols.find(address) else {
            return Ok(());
        };
        let usage = self.functions.entry(function.clone()).or_default();
        usage.instructions += executed;
        if first {
            usage.calls += executed / size.max(1);
        }
        Ok(())
    }

    /// Instructions of one module, or of L1's whole kernel.
    pub fn instructions(&self, module: Option<&str>) -> u64 {
        let functions = self.functions.iter();
        functions
            .filter(|(function, _)| module.is_none_or(|module| function.module == module))
            .map(|(_, usage)| usage.instructions)
            .sum()
    }

    /// How often a function of a module was called.
    pub fn calls(&self, module: &str, name: &str) -> u64 {
        let function = Function {
            module: module.to_string(),
            name: name.to_string(),
        };
        self.functions.get(&function).map_or(0, |usage| usage.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ns 5\nrest 0\nuser 7\nguest 9\nentries 3\n\
        block 0xffffffffc0001000 4 40\n\
        block 0xffffffffc0001010 2 6\n\
        block 0xffffffff81000000 5 5\n\
        begin-registers {\"ok\":true,\"reads\":10,\"writes\":1,\"outside\":0,\"top\":[]}\n\
        begin-engines {\"ok\":true,\"engines\":[{\"engine\":\"rcs\",\"idle_ns\":100}]}\n\
        end-registers {\"ok\":true,\"reads\":12,\"writes\":4,\"outside\":0,\"top\":[]}\n\
        end-engines {\"ok\":true,\"engines\":[{\"engine\":\"rcs\",\"idle_ns\":350}]}\n";

    fn symbols() -> Symbols {
        Symbols::parse("ffffffff81000000 T memcpy\nffffffffc0001000 t read [rgvt]\n")
    }

    #[test]
    fn a_window_adds_up() {
        let window = Window::parse(TEXT, &symbols()).unwrap();
        assert_eq!(window.entries, 3);
        assert_eq!(window.instructions(Some("rgvt")), 46);
        assert_eq!(window.instructions(None), 51);
        assert_eq!(window.calls("rgvt", "read"), 10);
        assert_eq!(window.calls("rgvt", "write"), 0);
        assert_eq!(window.host_accesses, 5);
        assert_eq!(window.idle_ns["rcs"], 250);
    }

    #[test]
    fn what_was_not_counted_is_an_error() {
        let text = TEXT.replace(
            "end-engines {\"ok\":true,\"engines\":[{\"engine\":\"rcs\",\"idle_ns\":350}]}",
            "end-engines ",
        );
        assert!(Window::parse(&text, &symbols()).is_err());
        assert!(Window::parse(&TEXT.replace("rest 0", "rest 1"), &symbols()).is_err());
        assert!(Window::parse("entries 3\n", &symbols()).is_err());
    }
}
