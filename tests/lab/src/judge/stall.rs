// SPDX-License-Identifier: GPL-2.0
//! Tells a guest that the emulated CPU has spoiled from one that has stopped for another reason.
//!
//! QEMU's TCG can deliver an interrupt that a hypervisor in L1 injects twice: once as injected, and,
//! when the CPU is kicked before its next exit, once more as an exception that ignores the guest's
//! interrupt flag. A guest whose timer interrupt is struck so spins for ever on the lock, or the
//! sequence count, that it holds itself. KVM sees the second delivery as an exit whose EXITINTINFO (AMD64 Architecture
//! Programmer's Manual, volume 2, section 15.7.2) has type 3, exception, with the vector of an
//! interrupt, which no real CPU can produce.
//!
//! TCG also leaves the type of the last exception that the guest took in EXITINTINFO, with the valid
//! bit clear. KVM looks at the type alone before it emulates an access to memory, and gives up with
//! suberror 3 (KVM_INTERNAL_ERROR_DELIVERY_EV) when no exit lay between the exception and the access.

use super::symbols::Symbols;

/// What was recorded about a guest that shows no sign of life.
#[derive(Default)]
pub struct Evidence {
    /// Answers to "info registers", some time apart.
    pub registers: Vec<String>,
    /// Words of the stack, the top first.
    pub stack: Vec<u64>,
    /// KVM's trace: kvm_inj_virq, and kvm_exit with EXITINTINFO.
    pub trace: String,
    /// Thread ids of the guest's QEMU.
    pub threads: Vec<u32>,
    /// What the guest's QEMU wrote to its error output.
    pub messages: String,
}

/// The judgement and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The emulated CPU's known fault, not one of what is tested.
    pub emulated_cpu: bool,
    pub reasons: Vec<String>,
}

/// Fields of EXITINTINFO and EVENTINJ.
const VALID: u64 = 1 << 31;
const TYPE_MASK: u64 = 7 << 8;
const TYPE_EXCEPTION: u64 = 3 << 8;
const VECTOR_MASK: u64 = 0xff;
/// Vectors below are exceptions, from here on interrupts.
const FIRST_INTERRUPT: u64 = 32;
/// The interrupt flag in RFLAGS.
const INTERRUPT_FLAG: u64 = 1 << 9;

pub fn judge(evidence: &Evidence, symbols: &Symbols) -> Verdict {
    let mut reasons = Vec::new();
    let spins = spins(&evidence.registers, symbols);
    if let Some(place) = &spins {
        reasons.push(format!("spins in {place} with interrupts off"));
    }
    let nested = interrupt_in_timer_interrupt(&evidence.stack, symbols);
    if nested {
        reasons.push("an interrupt struck inside hrtimer_interrupt".to_string());
    }
    let twice = delivered_twice(&evidence.trace, &evidence.threads);
    if let Some(vector) = twice {
        reasons.push(format!("vector 0x{vector:x} was delivered twice"));
    }
    let stale = stale_event(evidence);
    if let Some(info) = stale {
        reasons.push(format!(
            "KVM took a stale EXITINTINFO (0x{info:08x}, not valid) for an event in delivery"
        ));
    }
    Verdict {
        emulated_cpu: stale.is_some() || (spins.is_some() && (nested || twice.is_some())),
        reasons,
    }
}

/// The one function that each sample has the CPU in with interrupts off: it waits for a lock or a
/// sequence count that the code it interrupted holds.
fn spins(samples: &[String], symbols: &Symbols) -> Option<String> {
    let mut place = None;
    for sample in samples {
        let flags = register(sample, "RFL=")?;
        let (name, _) = symbols.find(register(sample, "RIP=")?)?;
        if flags & INTERRUPT_FLAG != 0 || place.is_some_and(|place| place != name) {
            return None;
        }
        place = Some(name);
    }
    place.map(str::to_string)
}

fn register(text: &str, name: &str) -> Option<u64> {
    let at = text.find(name)? + name.len();
    let digits: String = text[at..]
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .collect();
    u64::from_str_radix(&digits, 16).ok()
}

/// Whether the stack has, from the top, hrtimer_interrupt, an interrupt's entry, and hrtimer_interrupt
/// again.
fn interrupt_in_timer_interrupt(stack: &[u64], symbols: &Symbols) -> bool {
    let mut wanted = ["hrtimer_interrupt", "asm_", "hrtimer_interrupt"].iter();
    let mut next = wanted.next();
    for (name, offset) in stack.iter().filter_map(|&word| symbols.find(word)) {
        // A return address is never a function's first byte; a pointer to a function is.
        if offset == 0 {
            continue;
        }
        match next {
            Some(&"asm_") if is_interrupt_entry(name) => next = wanted.next(),
            Some(&plain) if plain == name => next = wanted.next(),
            _ => {}
        }
    }
    next.is_none()
}

fn is_interrupt_entry(name: &str) -> bool {
    name == "asm_common_interrupt" || name.starts_with("asm_sysvec_")
}

/// The vector of an interrupt that one of `threads` injected and whose next recorded exit struck while
/// it was delivered as an exception.
fn delivered_twice(trace: &str, threads: &[u32]) -> Option<u64> {
    let mut injected: Vec<(u32, u64)> = Vec::new();
    let mut found = None;
    for line in trace.lines() {
        let Some(thread) = thread(line).filter(|thread| threads.contains(thread)) else {
            continue;
        };
        if let Some(vector) = hex_after(line, "kvm_inj_virq: IRQ 0x") {
            // A guest that takes another interrupt has outlived what was before.
            found = None;
            injected.retain(|(other, _)| *other != thread);
            injected.push((thread, vector));
        } else if let Some(info) = hex_after(line, "intr_info 0x") {
            if let Some(vector) = interrupt_as_exception(info) {
                if injected.contains(&(thread, vector)) {
                    found = Some(vector);
                }
            }
        }
    }
    found
}

/// The EXITINTINFO that made KVM give up although nothing was being delivered.
fn stale_event(evidence: &Evidence) -> Option<u64> {
    if !evidence
        .messages
        .contains("KVM internal error. Suberror: 3")
    {
        return None;
    }
    let last = evidence
        .trace
        .lines()
        .rfind(|line| thread(line).is_some_and(|t| evidence.threads.contains(&t)))?;
    let info = hex_after(last, "intr_info 0x")?;
    (info & VALID == 0 && info & TYPE_MASK != 0).then_some(info)
}

/// The vector in an EXITINTINFO that only a confused CPU produces. The valid bit may be clear: TCG leaves
/// what it delivered last.
fn interrupt_as_exception(info: u64) -> Option<u64> {
    let vector = info & VECTOR_MASK;
    let odd = info & TYPE_MASK == TYPE_EXCEPTION && vector >= FIRST_INTERRUPT;
    odd.then_some(vector)
}

/// The thread id in a line such as " CPU 0/KVM-123   [000] d..1. 12.345678: kvm_inj_virq: IRQ 0xec".
fn thread(line: &str) -> Option<u32> {
    let (task, _) = line.split_once(" [")?;
    task.trim_end().rsplit_once('-')?.1.parse().ok()
}

fn hex_after(line: &str, mark: &str) -> Option<u64> {
    let rest = &line[line.find(mark)? + mark.len()..];
    let end = rest
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(rest.len());
    u64::from_str_radix(&rest[..end], 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPIN: u64 = 0xffff_ffff_8100_0010;
    const HRTIMER: u64 = 0xffff_ffff_8100_1020;
    const ENTRY: u64 = 0xffff_ffff_8100_2030;
    const IDLE: u64 = 0xffff_ffff_8100_3040;

    fn symbols() -> Symbols {
        Symbols::parse(
            "ffffffff81000000 T native_queued_spin_lock_slowpath\n\
             ffffffff81001000 T hrtimer_interrupt\n\
             ffffffff81002000 T asm_sysvec_apic_timer_interrupt\n\
             ffffffff81003000 T default_idle\n",
            "",
            "",
        )
    }

    fn sample(rip: u64, flags: u64) -> String {
        format!("RAX=0 RBX=0\nRIP={rip:016x} RFL={flags:08x} [---Z-P-] CPL=0 II=0\n")
    }

    const TWICE: &str = "# tracer: nop\n\
        \x20 CPU 0/KVM-77      [000] d..1.  12.300000: kvm_inj_virq: IRQ 0xec\n\
        \x20 CPU 0/KVM-77      [000] d....  12.300100: kvm_exit: vcpu 0 reason interrupt rip 0x1 \
        info1 0x0 info2 0x0 intr_info 0x000003ec error_code 0x0 requests 0x0\n";

    fn evidence() -> Evidence {
        Evidence {
            registers: vec![sample(SPIN, 0x46), sample(SPIN + 4, 0x2)],
            stack: vec![1, HRTIMER, ENTRY, 0, HRTIMER, ENTRY, IDLE],
            trace: TWICE.to_string(),
            threads: vec![76, 77],
            messages: String::new(),
        }
    }

    #[test]
    fn the_known_fault_is_recognised() {
        let verdict = judge(&evidence(), &symbols());
        assert!(verdict.emulated_cpu);
        assert_eq!(verdict.reasons.len(), 3);
    }

    #[test]
    fn either_proof_of_a_second_delivery_is_enough() {
        let mut one = evidence();
        one.trace.clear();
        assert!(judge(&one, &symbols()).emulated_cpu);
        let mut other = evidence();
        other.stack.clear();
        assert!(judge(&other, &symbols()).emulated_cpu);
    }

    #[test]
    fn a_spin_without_proof_is_ours() {
        let mut spin = evidence();
        spin.trace.clear();
        spin.stack = vec![HRTIMER, ENTRY, IDLE];
        assert!(!judge(&spin, &symbols()).emulated_cpu);
    }

    #[test]
    fn a_guest_that_does_not_spin_is_ours() {
        let mut idle = evidence();
        idle.registers = vec![sample(IDLE, 0x246)];
        assert!(!judge(&idle, &symbols()).emulated_cpu);
        let mut moving = evidence();
        moving.registers[1] = sample(IDLE, 0x46);
        assert!(!judge(&moving, &symbols()).emulated_cpu);
        let mut survivor = evidence();
        survivor.stack.clear();
        survivor
            .trace
            .push_str(TWICE.lines().nth(1).unwrap_or_default());
        assert!(!judge(&survivor, &symbols()).emulated_cpu);
        let mut open = evidence();
        open.registers[0] = sample(SPIN, 0x246);
        assert!(!judge(&open, &symbols()).emulated_cpu);
        assert!(!judge(&Evidence::default(), &symbols()).emulated_cpu);
    }

    #[test]
    fn pointers_to_functions_are_not_return_addresses() {
        let mut stack = evidence();
        stack.trace.clear();
        stack.stack = vec![HRTIMER, ENTRY, 0xffff_ffff_8100_1000];
        assert!(!judge(&stack, &symbols()).emulated_cpu);
    }

    #[test]
    fn other_guests_and_other_events_do_not_count() {
        assert_eq!(delivered_twice(TWICE, &[77]), Some(0xec));
        assert_eq!(delivered_twice(TWICE, &[78]), None);
        let in_delivery = TWICE.replace("0x000003ec", "0x800003ec");
        assert_eq!(delivered_twice(&in_delivery, &[77]), Some(0xec));
        // An interrupt, type 0, that an exit struck is an everyday event.
        let usual = TWICE.replace("0x000003ec", "0x800000ec");
        assert_eq!(delivered_twice(&usual, &[77]), None);
        // So is an exception, vector 14.
        let fault = TWICE.replace("0x000003ec", "0x8000030e");
        assert_eq!(delivered_twice(&fault, &[77]), None);
        let another = TWICE.replace("0x000003ec", "0x800003ed");
        assert_eq!(delivered_twice(&another, &[77]), None);
    }

    const STALE: &str = "\
        \x20 CPU 0/KVM-77      [000] d..1.  12.300000: kvm_exit: vcpu 0 reason npf rip 0x1 \
        info1 0x100000006 info2 0xf0003000 intr_info 0x00000b0e error_code 0x0 requests 0x0\n";

    #[test]
    fn a_stale_event_is_recognised() {
        let mut stale = Evidence {
            trace: STALE.to_string(),
            threads: vec![77],
            messages: "KVM internal error. Suberror: 3\nextra data[0]: 0xf0003000\n".to_string(),
            ..Evidence::default()
        };
        assert!(judge(&stale, &symbols()).emulated_cpu);
        stale.messages = stale.messages.replace("Suberror: 3", "Suberror: 1");
        assert!(!judge(&stale, &symbols()).emulated_cpu);
    }

    #[test]
    fn an_event_that_was_in_delivery_is_not_stale() {
        let mut real = Evidence {
            trace: STALE.replace("0x00000b0e", "0x80000b0e"),
            threads: vec![77],
            messages: "KVM internal error. Suberror: 3\n".to_string(),
            ..Evidence::default()
        };
        assert!(!judge(&real, &symbols()).emulated_cpu);
        real.trace = STALE.replace("0x00000b0e", "0x000000ec");
        assert!(!judge(&real, &symbols()).emulated_cpu);
        real.trace = format!("{STALE}{}", TWICE.replace("0x000003ec", "0x800003ec"));
        assert!(!judge(&real, &symbols()).emulated_cpu);
    }
}
