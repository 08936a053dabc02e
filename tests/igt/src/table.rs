// SPDX-License-Identifier: GPL-2.0
//! The table of results: a CSV file that is committed, one row a subtest and device.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};

use crate::results::{Driver, Findings, Outcome};
use crate::rules::Reasons;

const HEADER: &str = "subtest,device,native,kvmgt,rgvt,reason";
/// Between the reasons of drivers that differ.
const SEPARATOR: &str = " | ";

/// A result with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The result.
    pub outcome: Outcome,
    /// Why it is not a pass.
    pub reason: Option<String>,
}

/// The results of one subtest on one device, by driver.
pub type Row = BTreeMap<Driver, Cell>;

/// The whole table, by subtest and device, which is also its order in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The rows.
    pub rows: BTreeMap<(String, String), Row>,
}

impl Table {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let Some(header) = lines.next() else {
            return Ok(Self::default());
        };
        ensure!(header == HEADER, "the first line is not: {HEADER}");
        let mut table = Self::default();
        for (number, line) in (2..).zip(lines) {
            let (key, row) = parse_row(line).with_context(|| format!("line {number}: {line}"))?;
            let old = table.rows.insert(key, row);
            ensure!(
                old.is_none(),
                "line {number}: a second row for the same subtest: {line}"
            );
        }
        Ok(table)
    }

    /// The file's text.
    pub fn render(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for ((subtest, device), row) in &self.rows {
            let result = |driver| {
                row.get(&driver)
                    .map_or(String::new(), |c| c.outcome.to_string())
            };
            let results = Driver::ALL.map(result).join(",");
            let reason = quote(&join_reasons(row));
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{},{},{results},{reason}",
                quote(subtest),
                quote(device)
            );
        }
        text
    }

    /// Takes over the results of a run. A subtest that the run did not reach keeps its old ones; a
    /// reason is the people's, else the subtest's own for a skip, else the old one for the same
    /// result.
    pub fn merge(&mut self, run: &Findings, driver: Driver, device: &str, reasons: &Reasons) {
        for (subtest, finding) in run {
            let outcome = finding.outcome;
            if outcome == Outcome::Notrun {
                continue;
            }
            let row = self
                .rows
                .entry((subtest.clone(), device.to_owned()))
                .or_default();
            let old = row.get(&driver).filter(|cell| cell.outcome == outcome);
            let reason = match outcome {
                Outcome::Pass => None,
                _ => reasons
                    .find(driver, outcome, subtest)
                    .map(str::to_owned)
                    .or_else(|| finding.hint.clone().filter(|_| outcome == Outcome::Skip))
                    .or_else(|| old.and_then(|cell| cell.reason.clone())),
            };
            row.insert(driver, Cell { outcome, reason });
        }
    }

    /// The subtests that have a result.
    pub fn known(&self, device: &str, driver: Driver) -> BTreeSet<String> {
        self.rows
            .iter()
            .filter(|((_, of), row)| of == device && row.contains_key(&driver))
            .map(|((name, _), _)| name.clone())
            .collect()
    }

    /// What is expected of a subtest: of this device, or else of any that has a result.
    pub fn expected(&self, subtest: &str, device: &str, driver: Driver) -> Option<&Cell> {
        let exact = self.rows.get(&(subtest.to_owned(), device.to_owned()));
        exact.and_then(|row| row.get(&driver)).or_else(|| {
            let from = (subtest.to_owned(), String::new());
            let same = self
                .rows
                .range(from..)
                .take_while(|((name, _), _)| name == subtest);
            same.filter_map(|(_, row)| row.get(&driver)).next()
        })
    }
}

fn parse_row(line: &str) -> Result<((String, String), Row)> {
    let fields = split(line)?;
    let [subtest, device, native, kvmgt, rgvt, reason] = &fields[..] else {
        anyhow::bail!("{} fields and not 6", fields.len());
    };
    let mut row = Row::new();
    for (driver, field) in Driver::ALL.into_iter().zip([native, kvmgt, rgvt]) {
        if !field.is_empty() {
            row.insert(
                driver,
                Cell {
                    outcome: field.parse()?,
                    reason: None,
                },
            );
        }
    }
    split_reasons(&mut row, reason);
    Ok(((subtest.clone(), device.clone()), row))
}

/// One text if all that did not pass agree, else each with its driver's name.
fn join_reasons(row: &Row) -> String {
    let mut cells = row
        .iter()
        .filter(|(_, cell)| cell.outcome != Outcome::Pass)
        .peekable();
    let Some((_, first)) = cells.peek() else {
        return String::new();
    };
    let first = first.reason.clone();
    if cells.clone().all(|(_, cell)| cell.reason == first) {
        return first.unwrap_or_default();
    }
    let named = |(driver, cell): (&Driver, &Cell)| {
        cell.reason
            .as_ref()
            .map(|reason| format!("{driver}: {reason}"))
    };
    cells.filter_map(named).collect::<Vec<_>>().join(SEPARATOR)
}

fn split_reasons(row: &mut Row, text: &str) {
    let named = |part: &str| -> Option<(Driver, String)> {
        let (driver, reason) = part.split_once(": ")?;
        Some((driver.parse().ok()?, reason.to_owned()))
    };
    let parts: Option<Vec<_>> = text.split(SEPARATOR).map(named).collect();
    match parts {
        Some(parts) => {
            for (driver, reason) in parts {
                if let Some(cell) = row.get_mut(&driver) {
                    cell.reason = Some(reason);
                }
            }
        }
        None if text.is_empty() => {}
        None => {
            for cell in row
                .values_mut()
                .filter(|cell| cell.outcome != Outcome::Pass)
            {
                cell.reason = Some(text.to_owned());
            }
        }
    }
}

/// A field as RFC 4180 wants it.
fn quote(field: &str) -> String {
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.into()
    }
}

/// The fields of a line.
fn split(line: &str) -> Result<Vec<String>> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(letter),
        }
    }
    ensure!(!quoted, "a quote is not closed");
    fields.push(field);
    Ok(fields)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
