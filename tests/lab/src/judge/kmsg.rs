// SPDX-License-Identifier: GPL-2.0
//! Judges a kernel's log, as read from /dev/kmsg (Documentation/ABI/testing/dev-kmsg of the kernel).

use std::fmt::Write as _;

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// 0 (emergency) to 7 (debug).
    pub level: u8,
    /// Microseconds since boot.
    pub time: u64,
    pub text: String,
}

/// Reads a copy of /dev/kmsg. Lines that start with a space carry device properties and are left out.
pub fn parse(text: &str) -> Vec<Record> {
    text.lines().filter_map(record).collect()
}

fn record(line: &str) -> Option<Record> {
    if line.starts_with(' ') {
        return None;
    }
    let (head, text) = line.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let time = fields.nth(1)?.parse().ok()?;
    Some(Record {
        level: (priority & 7) as u8,
        time,
        text: text.to_string(),
    })
}

/// The log in the form that `dmesg` prints, with the level in front.
pub fn readable(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        let (seconds, micros) = (record.time / 1_000_000, record.time % 1_000_000);
        let _ = writeln!(
            text,
            "<{}>[{seconds:5}.{micros:06}] {}",
            record.level, record.text
        );
    }
    text
}

/// The mark that L1 and guests write before they power off.
const END: &str = "lab: end of log";

/// Whether the log was recorded to its end.
pub fn is_complete(records: &[Record]) -> bool {
    records.iter().any(|record| record.text == END)
}

/// Error level; what is at it or more severe always counts.
const ERROR: u8 = 3;

/// Texts that count at any level.
const ALARMS: &[&str] = &[
    "WARNING:",
    "BUG:",
    "Oops",
    "Call Trace:",
    "*ERROR*",
    "general protection fault",
    "Kernel panic",
    "INFO: task",
    "rcu: INFO",
    "soft lockup",
    "hard LOCKUP",
    "UBSAN:",
    "refcount_t:",
    "GPU HANG",
    "Resetting chip",
    "wedged",
];

/// Brackets of a report of several lines.
const CUT_HERE: &str = "------------[ cut here ]";
const END_TRACE: &str = "---[ end trace";

/// Finds all that a clean log must not have. A report between "cut here" and "end trace" is one
/// finding. Each finding is returned with its lines, the most telling one first.
pub fn findings(records: &[Record]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open: Option<Vec<String>> = None;
    for record in records {
        if record.text.contains(CUT_HERE) {
            found.extend(open.take().map(telling_first));
            open = Some(Vec::new());
        } else if let Some(report) = &mut open {
            if record.text.contains(END_TRACE) {
                found.extend(open.take().map(telling_first));
            } else {
                report.push(record.text.clone());
            }
        } else if record.level <= ERROR || ALARMS.iter().any(|alarm| record.text.contains(alarm)) {
            found.push(vec![record.text.clone()]);
        }
    }
    found.extend(open.map(telling_first));
    found
}

fn telling_first(mut report: Vec<String>) -> Vec<String> {
    let telling = report
        .iter()
        .position(|line| line.contains("WARNING:") || line.contains("BUG"));
    if let Some(index) = telling {
        report[..=index].rotate_right(1);
    }
    report
}

/// Whether `text` has `pattern` in it somewhere, where `*` stands for anything.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    for part in pattern.split('*').filter(|part| !part.is_empty()) {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "6,1,100,-;Linux version\n SUBSYSTEM=pci\n\
        4,2,1500000,-;------------[ cut here ]------------\n\
        4,3,1500001,-;i915 0000:00:02.0: drm_WARN_ON(x)\n\
        4,4,1500002,-;WARNING: CPU: 0 PID: 1 at drivers/a.c:5 f+0x1/0x2\n\
        4,5,1500003,-;Call Trace:\n\
        4,6,1500004,-;---[ end trace 0000000000000000 ]---\n\
        3,7,1600000,-;i915 0000:00:02.0: [drm] *ERROR* no (-110)\n\
        5,8,1700000,c;fine\n";

    #[test]
    fn records_are_read() {
        let records = parse(LOG);
        assert_eq!(records.len(), 8);
        assert_eq!(records[0].level, 6);
        assert_eq!(records[6].time, 1_600_000);
        assert!(readable(&records).contains("<3>[    1.600000] i915"));
    }

    #[test]
    fn a_report_is_one_finding() {
        let found = findings(&parse(LOG));
        assert_eq!(found.len(), 2);
        assert!(found[0][0].starts_with("WARNING: CPU: 0"));
        assert!(found[0][1].contains("drm_WARN_ON"));
        assert!(found[1][0].contains("*ERROR*"));
    }

    #[test]
    fn an_unfinished_report_is_found() {
        let text = "4,1,1,-;------------[ cut here ]------------\n4,2,1,-;kernel BUG at a.c:1!\n";
        assert_eq!(findings(&parse(text)), [["kernel BUG at a.c:1!"]]);
    }

    #[test]
    fn damaged_records_are_left_out() {
        assert!(parse("x,1,1,-;a\n4;b\n\n4,1\n").is_empty());
    }

    #[test]
    fn patterns() {
        assert!(matches(
            "SAGV (-110)",
            "[drm] *ERROR* Failed to disable SAGV (-110)"
        ));
        assert!(matches(
            "WARNING:*skl_wm_init",
            "WARNING: at i915/skl_wm.c:1 skl_wm_init+0x1"
        ));
        assert!(!matches("b*a", "a b"));
    }
}
