// SPDX-License-Identifier: GPL-2.0
//! Names for kernel addresses.

use std::collections::BTreeMap;

/// Function names by address.
#[derive(Default)]
pub struct Symbols {
    table: BTreeMap<u64, String>,
}

/// A function longer than this is taken for a hole in the table.
const LONGEST: u64 = 1 << 20;

impl Symbols {
    /// Reads lines as in /proc/kallsyms. A module's functions are moved from where `here` has the
    /// module to where `there` has it; both are as in /proc/modules.
    pub fn parse(kallsyms: &str, here: &str, there: &str) -> Self {
        let (here, there) = (bases(here), bases(there));
        let mut table = BTreeMap::new();
        for line in kallsyms.lines() {
            let mut fields = line.split_whitespace();
            let (Some(address), Some(kind), Some(name)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let Ok(address) = u64::from_str_radix(address, 16) else {
                continue;
            };
            if !matches!(kind, "t" | "T" | "w" | "W") {
                continue;
            }
            match fields.next() {
                None => {
                    table.insert(address, name.to_string());
                }
                Some(module) => {
                    let module = module.trim_matches(['[', ']']);
                    if let (Some(from), Some(to)) = (here.get(module), there.get(module)) {
                        let moved = address.wrapping_sub(*from).wrapping_add(*to);
                        table.insert(moved, format!("{name} [{module}]"));
                    }
                }
            }
        }
        Symbols { table }
    }

    /// The function that `address` is in, and how far into it.
    pub fn find(&self, address: u64) -> Option<(&str, u64)> {
        let (start, name) = self.table.range(..=address).next_back()?;
        let offset = address - start;
        (offset < LONGEST).then_some((name.as_str(), offset))
    }

    pub fn describe(&self, address: u64) -> String {
        match self.find(address) {
            Some((name, offset)) => format!("{name}+0x{offset:x}"),
            None => String::new(),
        }
    }
}

/// Base addresses by module, from lines such as "kvm 1 2 - Live 0xffffffffc0000000".
fn bases(modules: &str) -> BTreeMap<String, u64> {
    let mut bases = BTreeMap::new();
    for line in modules.lines() {
        let mut fields = line.split_whitespace();
        if let (Some(name), Some(base)) = (fields.next(), fields.nth(4)) {
            let digits = base.trim_start_matches("0x");
            if let Ok(base) = u64::from_str_radix(digits, 16) {
                bases.insert(name.to_string(), base);
            }
        }
    }
    bases
}

#[cfg(test)]
mod tests {
    use super::*;

    const KALLSYMS: &str = "ffffffff81000000 T _text\nffffffff81000100 t spin\n\
        ffffffff82000000 D data\nffffffffc0001010 t gvt_x\t[kvmgt]\nx y\n";

    #[test]
    fn functions_are_found_by_any_address_in_them() {
        let symbols = Symbols::parse(KALLSYMS, "", "");
        assert_eq!(symbols.find(0xffff_ffff_8100_0104), Some(("spin", 4)));
        assert_eq!(symbols.describe(0xffff_ffff_8100_0000), "_text+0x0");
        assert_eq!(symbols.find(0xffff_ffff_8300_0000), None);
        assert_eq!(symbols.find(1), None);
    }

    #[test]
    fn functions_of_modules_move_with_them() {
        let here = "kvmgt 1 0 - Live 0xffffffffc0001000 (E)\n";
        let there = "kvmgt 1 0 - Live 0xffffffffc0500000\n";
        let symbols = Symbols::parse(KALLSYMS, here, there);
        assert_eq!(symbols.describe(0xffff_ffff_c050_0012), "gvt_x [kvmgt]+0x2");
    }
}
