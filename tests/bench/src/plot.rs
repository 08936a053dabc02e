// SPDX-License-Identifier: GPL-2.0
//! Plots of the table, one for each kind of metric: a bar for the ratio of each row, and a mark at its target.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::metrics::Target;
use crate::table::Row;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 160.0;
const BAR: f64 = 16.0;
const STEP: f64 = 24.0;
const TOP: f64 = 48.0;
/// Room at the right for the ratio in figures.
const FIGURE: f64 = 60.0;

/// Names and contents of the plots.
pub fn all(rows: &[Row]) -> Vec<(String, String)> {
    let mut kinds: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.ratio.is_some()) {
        let kind = row.metric.split('/').next().unwrap_or_default();
        kinds.entry(kind).or_default().push(row);
    }
    let plots = kinds
        .into_iter()
        .map(|(kind, rows)| (format!("{kind}.svg"), plot(kind, &rows)));
    plots.collect()
}

fn target(row: &Row) -> Option<f64> {
    match row.target? {
        Target::Ratio(target) => Some(target),
        Target::Figure(_) => None,
    }
}

fn plot(kind: &str, rows: &[&Row]) -> String {
    let values = rows.iter().flat_map(|row| [row.ratio, target(row)]);
    // The peer itself is always in the picture.
    let highest = values.flatten().fold(1.0, f64::max);
    let x = |value: f64| LABEL + value / highest * (WIDTH - LABEL - FIGURE);
    let height = TOP + STEP * rows.len() as f64 + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"20\" font-size=\"14\">{kind}: rgvt, where kvmgt is 1 \
         (red: above the target, which is the black line)</text>\n"
    );
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + STEP * index as f64;
        let ratio = row.ratio.unwrap_or_default();
        let color = if row.misses() { "#c0392b" } else { "#2e7d5b" };
        let label = row.metric.split_once('/').map_or("", |(_, label)| label);
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<text x=\"8\" y=\"{text:.1}\">{label}</text>\n\
             <rect x=\"{LABEL}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{color}\"/>\n\
             <text x=\"{end:.1}\" y=\"{text:.1}\">{ratio:.2}</text>\n",
            text = y + 12.0,
            width = x(ratio) - LABEL,
            end = x(ratio) + 4.0,
        );
        if let Some(target) = target(row) {
            let _ = writeln!(
                svg,
                "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{above:.1}\" y2=\"{below:.1}\" stroke=\"black\" \
                 stroke-width=\"2\"/>",
                at = x(target),
                above = y - 3.0,
                below = y + BAR + 3.0,
            );
        }
    }
    let _ = writeln!(
        svg,
        "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{above:.1}\" y2=\"{below:.1}\" stroke=\"#888\" \
         stroke-dasharray=\"4 4\"/>\n</svg>",
        at = x(1.0),
        above = TOP - 12.0,
        below = height - 8.0,
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(metric: &str, ratio: Option<f64>, target: Option<f64>) -> Row {
        Row {
            metric: metric.to_string(),
            native: None,
            kvmgt: None,
            rgvt: None,
            ratio,
            target: target.map(Target::Ratio),
            reason: String::new(),
        }
    }

    #[test]
    fn each_kind_has_a_plot_with_a_bar_for_each_ratio() {
        let plots = all(&[
            row("a/x", Some(0.5), Some(0.7)),
            row("a/y", Some(2.0), Some(0.7)),
            row("a/z", None, Some(0.7)),
            row("b/x", Some(1.0), None),
        ]);
        let names: Vec<_> = plots.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.svg", "b.svg"]);
        let a = &plots[0].1;
        // Two bars, and the ground.
        assert_eq!(a.matches("<rect").count(), 3);
        assert_eq!(a.matches("#c0392b").count(), 1);
        // Two targets, and the peer.
        assert_eq!(a.matches("<line").count(), 3);
        assert!(a.trim_end().ends_with("</svg>"));
    }
}
