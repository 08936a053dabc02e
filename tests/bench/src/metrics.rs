// SPDX-License-Identifier: GPL-2.0
//! What the table has rows for, how each is computed of a run, and what is to be reached.

use crate::pair::Pair;
use crate::run::{Cost, Run};
use crate::window::Window;

/// A row's figure, of one run. None where it means nothing, as a vendor driver's instructions without one.
type Figure = Box<dyn Fn(&Run, Option<&str>) -> Option<f64>>;

/// A row of the table.
pub struct Metric {
    pub name: String,
    /// Of a run and the vendor module's name in it.
    pub figure: Figure,
    pub target: Option<Target>,
}

/// What is good at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The ratio of rgvt's figure to kvmgt's.
    Ratio(f64),
    /// rgvt's figure itself.
    Figure(f64),
}

const ACCESSES: [&str; 5] = ["read", "read-live", "write", "ggtt-map", "ggtt-unmap"];
/// Submissions of longer batches, with more memory mapped, and beside other virtual GPUs.
const SCALE: [&str; 8] = [
    "batch-4000/rcs",
    "batch-40000/rcs",
    "batch-4000/bcs",
    "batch-40000/bcs",
    "mapped-1/rcs",
    "mapped-16/rcs",
    "mapped-64/rcs",
    "crowd/rcs",
];
const ENGINES: [&str; 4] = ["rcs", "bcs", "vcs0", "vecs"];

/// A count in a window, of the vendor module if that matters.
type Count = fn(&Window, Option<&str>) -> Option<f64>;

/// Counts of which there is a row for each kind of step: name, count, target for accesses and page table
/// entries, target for submissions.
const COUNTS: [(&str, Count, Option<Target>, Option<Target>); 6] = [
    (
        "module-instructions",
        in_module,
        Some(Target::Ratio(0.7)),
        Some(Target::Ratio(0.8)),
    ),
    ("kernel-instructions", in_kernel, None, None),
    ("kvm-exits", kvm_exits, None, None),
    ("qemu-exits", qemu_exits, None, Some(Target::Ratio(0.2))),
    ("host-accesses", host_accesses, None, None),
    ("guest-memory-accesses", guest_memory, None, None),
];

fn in_module(window: &Window, module: Option<&str>) -> Option<f64> {
    Some(window.instructions(Some(module?)) as f64)
}

fn in_kernel(window: &Window, _: Option<&str>) -> Option<f64> {
    Some(window.instructions(None) as f64)
}

fn kvm_exits(window: &Window, module: Option<&str>) -> Option<f64> {
    module.map(|_| window.entries as f64)
}

/// Each begins with a call of KVM by QEMU.
fn qemu_exits(window: &Window, module: Option<&str>) -> Option<f64> {
    module.map(|_| window.calls("kvm", "kvm_arch_vcpu_ioctl_run") as f64)
}

fn host_accesses(window: &Window, _: Option<&str>) -> Option<f64> {
    Some(window.host_accesses as f64)
}

/// Of the vendor module through VFIO.
fn guest_memory(window: &Window, module: Option<&str>) -> Option<f64> {
    module.map(|_| window.calls("vfio", "vfio_dma_rw") as f64)
}

/// Writes of a guest to its page tables that KVM tells the vendor module of.
fn tracked_writes(window: &Window, module: Option<&str>) -> Option<f64> {
    module.map(|_| window.calls("kvm", "__kvm_page_track_write") as f64)
}

fn pins(window: &Window, module: Option<&str>) -> Option<f64> {
    module.map(|_| window.calls("vfio", "vfio_pin_pages") as f64)
}

/// All rows, in the order of the table.
pub fn all() -> Vec<Metric> {
    let mut metrics = Vec::new();
    let submissions = || {
        let each = |what: &'static str| ENGINES.map(move |engine| format!("{what}/{engine}"));
        each("submit").into_iter().chain(each("queue"))
    };
    for (name, count, access, submission) in COUNTS {
        for step in ACCESSES {
            metrics.push(per_step(name, step.to_string(), count, access));
        }
        metrics.push(per_entry(name, count, access));
        for step in submissions() {
            metrics.push(per_step(name, step, count, submission));
        }
    }
    for step in SCALE {
        let target = Some(Target::Ratio(0.8));
        metrics.push(per_step(
            "module-instructions",
            step.to_string(),
            in_module,
            target,
        ));
    }
    metrics.push(per_entry("tracked-writes", tracked_writes, None));
    metrics.push(per_entry("pins", pins, None));
    for engine in ENGINES {
        metrics.push(Metric {
            name: format!("idle-us/queue/{engine}"),
            figure: Box::new(move |run, _| {
                let cost = run.costs.get(&format!("queue/{engine}"))?;
                let idle = *cost.window.idle_ns.get(engine)?;
                Some(idle as f64 / 1000.0 / cost.steps)
            }),
            target: Some(Target::Ratio(0.3)),
        });
    }
    for step in ACCESSES
        .map(str::to_string)
        .into_iter()
        .chain(submissions())
        .chain(SCALE.map(str::to_string))
    {
        metrics.push(Metric {
            name: format!("wall-us/{step}"),
            figure: Box::new(move |run, _| {
                let cost = run.costs.get(&step)?;
                Some(cost.median_us.unwrap_or(cost.us / cost.steps))
            }),
            target: Some(Target::Ratio(1.0)),
        });
    }
    metrics.push(Metric {
        name: "wall-us/table-entry".to_string(),
        figure: Box::new(|run, _| entry(run, |cost| Some(cost.us))),
        target: Some(Target::Ratio(1.0)),
    });
    metrics.extend(pairs());
    // What a driver does when nobody asks for anything.
    metrics.push(Metric {
        name: "module-instructions/quiet-us".to_string(),
        figure: Box::new(|run, module| {
            let cost = run.costs.get("quiet")?;
            Some(in_module(&cost.window, module)? / cost.us)
        }),
        target: None,
    });
    metrics
}

/// Of two users at once.
fn pairs() -> [Metric; 3] {
    let of = |name: &str, figure: fn(&Pair) -> f64, target| Metric {
        name: name.to_string(),
        figure: Box::new(move |run, _| run.pair.as_ref().map(figure)),
        target,
    };
    [
        of(
            "wall-us/two-engines",
            |pair| pair.apart_us,
            Some(Target::Ratio(0.6)),
        ),
        // Both have the same weight. How far that is from half, in percent of the engine.
        of(
            "share-off/same-engine",
            |pair| pair.shares[0] - 50.0,
            Some(Target::Figure(2.0)),
        ),
        of("idle-percent/same-engine", |pair| pair.idle, None),
    ]
}

fn per_step(name: &str, step: String, count: Count, target: Option<Target>) -> Metric {
    Metric {
        name: format!("{name}/{step}"),
        figure: Box::new(move |run, module| {
            let cost = run.costs.get(&step)?;
            Some(count(&cost.window, module)? / cost.steps)
        }),
        target,
    }
}

/// For an entry of a context's page table that comes or goes.
fn per_entry(name: &str, count: Count, target: Option<Target>) -> Metric {
    Metric {
        name: format!("{name}/table-entry"),
        figure: Box::new(move |run, module| entry(run, |cost| count(&cost.window, module))),
        target,
    }
}

/// What submissions that change entries take more than those that do not, by entry.
fn entry(run: &Run, figure: impl Fn(&Cost) -> Option<f64>) -> Option<f64> {
    let (same, change) = (run.costs.get("tables-same")?, run.costs.get("tables")?);
    let by_step = |cost: &Cost| Some(figure(cost)? / cost.steps);
    Some((by_step(change)? - by_step(same)?) / change.entries?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::symbols::Function;
    use crate::window::Usage;

    fn cost(steps: f64, instructions: u64, entries: Option<f64>) -> Cost {
        let function = Function {
            module: "rgvt".to_string(),
            name: "read".to_string(),
        };
        let usage = Usage {
            instructions,
            calls: 1,
        };
        let mut window = Window::default();
        window.functions.insert(function, usage);
        window.idle_ns.insert("rcs".to_string(), 5000);
        Cost {
            steps,
            us: 10.0 * steps,
            median_us: None,
            entries,
            window,
        }
    }

    fn figure(run: &Run, name: &str, module: Option<&str>) -> Option<f64> {
        let metric = all()
            .into_iter()
            .find(|metric| metric.name == name)
            .unwrap();
        (metric.figure)(run, module)
    }

    #[test]
    fn figures_are_for_one_step() {
        let costs = BTreeMap::from([
            ("read".to_string(), cost(100.0, 700, None)),
            ("queue/rcs".to_string(), cost(5.0, 0, None)),
            ("tables-same".to_string(), cost(10.0, 1000, None)),
            ("tables".to_string(), cost(10.0, 9000, Some(8.0))),
        ]);
        let run = Run {
            costs,
            ..Run::default()
        };
        let of = |name| figure(&run, name, Some("rgvt"));
        assert_eq!(of("module-instructions/read"), Some(7.0));
        assert_eq!(of("module-instructions/table-entry"), Some(100.0));
        assert_eq!(of("idle-us/queue/rcs"), Some(1.0));
        assert_eq!(of("wall-us/read"), Some(10.0));
        assert_eq!(of("module-instructions/write"), None);
        assert_eq!(figure(&run, "module-instructions/read", None), None);
        assert_eq!(figure(&run, "kernel-instructions/read", None), Some(7.0));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().into_iter().map(|metric| metric.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
