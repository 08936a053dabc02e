// SPDX-License-Identifier: GPL-2.0
//! Which function of which module an address of L1's kernel is in.

use std::collections::BTreeMap;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// `vmlinux` for the kernel itself.
    pub module: String,
    pub name: String,
}

/// Functions by their first address, from lines as in /proc/kallsyms.
pub struct Symbols(BTreeMap<u64, Function>);

impl Symbols {
    pub fn parse(kallsyms: &str) -> Self {
        Self(kallsyms.lines().filter_map(line).collect())
    }

    /// The function that has the address, and whether the address is its first.
    pub fn find(&self, address: u64) -> Option<(&Function, bool)> {
        let (start, function) = self.0.range(..=address).next_back()?;
        Some((function, *start == address))
    }
}

fn line(line: &str) -> Option<(u64, Function)> {
    let mut fields = line.split_whitespace();
    let address = u64::from_str_radix(fields.next()?, 16).ok()?;
    let kind = fields.next()?;
    let name = fields.next()?.to_string();
    let module = fields.next().unwrap_or("vmlinux");
    let module = module.trim_matches(['[', ']']).to_string();
    matches!(kind, "t" | "T" | "w" | "W").then_some((address, Function { module, name }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_belong_to_the_function_before_them() {
        let symbols = Symbols::parse(
            "ffffffff81000000 T _text\n\
             ffffffff81000100 D data\n\
             ffffffffc0001000 t read\t[rgvt]\n",
        );
        let of = |address| {
            let (function, first) = symbols.find(address)?;
            Some((function.module.as_str(), function.name.as_str(), first))
        };
        assert_eq!(of(0xffff_ffff_8100_0000), Some(("vmlinux", "_text", true)));
        assert_eq!(of(0xffff_ffff_8100_0200), Some(("vmlinux", "_text", false)));
        assert_eq!(of(0xffff_ffff_c000_1004), Some(("rgvt", "read", false)));
        assert_eq!(of(0), None);
    }
}
