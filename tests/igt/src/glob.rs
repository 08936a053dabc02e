// SPDX-License-Identifier: GPL-2.0
//! Patterns for names of subtests: `*` is any text, `{a,b}` is a or b, braces may nest.

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Glob {
    /// The pattern without braces: any of these, each split at its stars.
    alternatives: Vec<Vec<String>>,
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Self {
        let split = |plain: String| plain.split('*').map(str::to_owned).collect();
        Self {
            alternatives: expand(pattern).into_iter().map(split).collect(),
        }
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.alternatives.iter().any(|parts| matches(parts, name))
    }
}

/// Whether a name is the parts in their order with anything in between.
fn matches(parts: &[String], name: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.iter().all(|only| only == name);
    };
    let Some(mut rest) = name.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// All patterns without braces that a pattern stands for.
fn expand(pattern: &str) -> Vec<String> {
    let Some((before, choices, after)) = outer_braces(pattern) else {
        return vec![pattern.to_owned()];
    };
    let tails = expand(after);
    let mut all = Vec::new();
    for choice in choices.iter().flat_map(|choice| expand(choice)) {
        all.extend(tails.iter().map(|tail| format!("{before}{choice}{tail}")));
    }
    all
}

/// The first outermost braces: the text before, the choices in it, the text after.
fn outer_braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let (mut depth, mut start, mut choices) = (0, open + 1, Vec::new());
    for (at, byte) in pattern.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => {
                choices.push(&pattern[start..at]);
                return Some((&pattern[..open], choices, &pattern[at + 1..]));
            }
            b'}' => depth -= 1,
            b',' if depth == 1 => {
                choices.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (pattern, name, wanted) in [
            ("gem_busy@busy", "gem_busy@busy", true),
            ("gem_busy@busy", "gem_busy@busy2", false),
            ("gem_*", "gem_busy@busy", true),
            ("gem_*", "i915_query@x", false),
            ("*@*hang*", "gem_busy@hang-extended", true),
            ("*@*hang*", "hang@", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("{a,b}@c", "b@c", true),
            ("{a,b}@c", "c@c", false),
            ("x{,y}", "x", true),
            ("x{a{1,2},b}z", "xa2z", true),
            ("x{a{1,2},b}z", "xbz", true),
            ("x{a{1,2},b}z", "xaz", false),
            ("{open", "{open", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), wanted, "{pattern} {name}");
        }
    }
}
