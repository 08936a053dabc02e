// SPDX-License-Identifier: GPL-2.0
//! Submissions by execlists, with contexts that this program makes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::config::{self, capability};
use super::irq::set_eventfd;
use crate::bench::{Bench, Check, Outcome, same};
use crate::client::Client;
use crate::context::{Context, ENGINES, Engine, MARK, RING_CONTROL, RING_START, RING_TAIL};
use crate::eventfd::EventFd;
use crate::memory::PAGE;
use crate::regs::{GDRST, GT0_IRQ, IER, IIR, IMR, MASTER_ENABLE, MASTER_IRQ};
use crate::shares::stream::{Manners, Stream};
use crate::uapi::MSI;

pub const CHECKS: &[Check] = &[
    Check::new("submit/rcs", |bench| run(bench, ENGINES[0])),
    Check::new("submit/bcs", |bench| run(bench, ENGINES[1])),
    Check::new("submit/vcs0", |bench| run(bench, ENGINES[2])),
    Check::new("submit/vecs", |bench| run(bench, ENGINES[3])),
    Check::new("submit/all-at-once", all),
    Check::new("submit/two-devices", two),
    Check::new("submit/status-and-interrupt", status),
    Check::new("submit/tells-on-its-way", tells_on_its_way),
    Check::new("submit/bad-contexts", bad_contexts),
    Check::new("submit/foreign-store", foreign_store),
    Check::new("submit/unknown-command", unknown_command),
    Check::new("submit/cut-off-command", cut_off_command),
    Check::new("submit/reset-meanwhile", reset_meanwhile),
    Check::new("submit/reset-behind-another", reset_behind_another),
    Check::new("submit/hang-in-restore", hang_in_restore),
    Check::new("submit/restores-with-the-host", restores_with_the_host),
    Check::new("submit/has-the-hosts-registers", has_the_hosts_registers),
    Check::new("submit/overtakes", overtakes),
    Check::new("submit/made-way-goes-on", made_way_goes_on),
    Check::new("submit/ends-beside-a-waiter", ends_beside_a_waiter),
    Check::new("submit/reset-ends-it", reset_ends_it),
    Check::new("submit/forgets-translations", forgets_translations),
    Check::new("submit/memory-slot-anew", memory_slot_anew),
    Check::new("submit/cannot-be-left", cannot_be_left),
];

/// MI_BATCH_BUFFER_END.
const BATCH_END: u32 = 0x0a << 23;

/// GEN8_RTCR, GEN8_BTCR, GEN8_M1TCR, GEN8_VTCR: has each of [`ENGINES`] forget its translations.
const TCR: [u32; 4] = [0x4260, 0x426c, 0x4264, 0x4270];

/// How long it takes, at most, until work that was submitted waits at the engine, and until a reset is seen there.
const BEHIND: Duration = Duration::from_millis(100);

/// Runs a store on an engine, three times.
fn run(bench: &Bench, engine: Engine) -> Result<Outcome> {
    let client = bench.client()?;
    let context = Context::new(&client, engine, 0)?;
    for value in [MARK, MARK + 1, MARK + 2] {
        context.store(&client, value);
        context.submit(&client)?;
        context.wait_for(&client, value)?;
    }
    Ok(Outcome::Pass)
}

fn all(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let contexts = ENGINES
        .iter()
        .zip(0..)
        .map(|(&engine, place)| Context::new(&client, engine, place))
        .collect::<Result<Vec<_>>>()?;
    for round in 0..20 {
        for context in &contexts {
            context.store(&client, MARK + round);
            context.submit(&client)?;
        }
        for context in &contexts {
            context.wait_for(&client, MARK + round)?;
        }
    }
    Ok(Outcome::Pass)
}

fn two(bench: &Bench) -> Result<Outcome> {
    let clients = [bench.client()?, bench.client()?];
    let contexts = [
        Context::new(&clients[0], ENGINES[0], 0)?,
        Context::new(&clients[1], ENGINES[0], 0)?,
    ];
    for round in 0..20 {
        for (client, context) in clients.iter().zip(&contexts) {
            context.store(client, MARK + round);
            context.submit(client)?;
        }
        for (client, context) in clients.iter().zip(&contexts) {
            context.wait_for(client, MARK + round)?;
        }
    }
    Ok(Outcome::Pass)
}

/// RING_IMR: which of its interrupts an engine keeps to itself.
const RING_IMR: u32 = 0xa8;

/// Has interrupts of the render engine be messages, but for what that keeps to itself.
fn messages(client: &Client, bits: u32) -> Result<Option<EventFd>> {
    let device = &client.device;
    let event = EventFd::new()?;
    set_eventfd(device, MSI, Some(&event))?;
    let Some(msi) = capability(device, config::MSI)? else {
        return Ok(None);
    };
    device.set_config(msi, device.config(msi)? | 1 << 16)?;
    device.set_config(0x04, 1 << 2)?;
    device.set_reg(GT0_IRQ + IER, bits)?;
    device.set_reg(GT0_IRQ + IMR, !bits)?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    Ok(Some(event))
}

/// Does what a driver does when there is one. Returns what there was.
fn acknowledge(client: &Client) -> Result<u32> {
    let device = &client.device;
    device.set_reg(MASTER_IRQ, 0)?;
    let bits = device.reg(GT0_IRQ + IIR)?;
    device.set_reg(GT0_IRQ + IIR, bits)?;
    device.set_reg(MASTER_IRQ, MASTER_ENABLE)?;
    Ok(bits)
}

/// Who waits for a request is told of its end, though the engine has more in the same piece of work: also if it begins
/// to wait when that is done.
fn tells_on_its_way(bench: &Bench) -> Result<Outcome> {
    const USER_INTERRUPT: u32 = 0x02 << 23;
    /// GT_RENDER_USER_INTERRUPT.
    const USER: u32 = 1 << 0;

    let client = bench.client()?;
    let [engine, ..] = ENGINES;
    let Some(event) = messages(&client, USER)? else {
        return Outcome::skip("no MSI");
    };
    let context = Context::new(&client, engine, 0)?;
    for (round, waits_at_once) in [(0, true), (1, false)] {
        let [first, go, last] = [0, 1, 2].map(|step| MARK + 3 * round + step);
        let wait = |waits: bool| {
            let mask = if waits { !USER } else { !0 };
            client.device.set_reg(engine.base + RING_IMR, mask)
        };
        wait(waits_at_once)?;
        context.store(&client, first);
        context.commands(&client, &[USER_INTERRUPT]);
        context.wait(&client, go);
        context.store(&client, last);
        context.commands(&client, &[USER_INTERRUPT]);
        context.submit(&client)?;

        context.reaches(&client, first)?;
        if !waits_at_once {
            event.is_silent("nobody waits")?;
            wait(true)?;
        }
        event.arrives("the first request")?;
        same("interrupt", acknowledge(&client)?, USER)?;
        event.is_silent("it was told of already")?;

        context.release(&client, go);
        event.arrives("the last request")?;
        same("interrupt", acknowledge(&client)?, USER)?;
        context.wait_for(&client, last)?;
    }
    Ok(Outcome::Pass)
}

/// The status buffer tells of the end, and the interrupt that there is something to read.
fn status(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let device = &client.device;
    let Some(event) = messages(&client, 1 << 8)? else {
        return Outcome::skip("no MSI");
    };
    let context = Context::new(&client, ENGINES[0], 0)?;
    device.set_reg(ENGINES[0].base + RING_IMR, !(1 << 8))?;
    context.store(&client, MARK);
    context.submit(&client)?;
    event.arrives("the context switch")?;
    context.wait_for(&client, MARK)?;
    let (id, what) = context.last_status(&client);
    same("context", id, context.id)?;
    ensure!(
        what & 0x10 != 0,
        "status {what:#x} does not say that it is complete"
    );
    same("head", context.head(&client), context.tail(&client))?;
    Ok(Outcome::Pass)
}

/// Resets the engine, as a driver does when it hangs, and sees that a good submission works.
pub(super) fn recovers(client: &Client, engine: Engine) -> Result<()> {
    client.device.set_reg(GDRST, engine.reset)?;
    same("GDRST", client.device.reg(GDRST)?, 0)?;
    let context = Context::new(client, engine, 0)?;
    context.store(client, MARK);
    context.submit(client)?;
    context.wait_for(client, MARK)
}

/// Contexts that name what is not the guest's, or make no sense, do not run, and harm nobody.
fn bad_contexts(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let engine = ENGINES[0];
    for (what, dword, value) in [
        ("the host's ring", RING_START, 0x10_0000),
        ("a ring at the end", RING_START, 0xffff_f000),
        ("no ring", RING_CONTROL, 0),
        ("a tail behind the end", RING_TAIL, 0x1f_fff8),
    ] {
        let context = Context::new(&client, engine, 0)?;
        context.store(&client, MARK);
        context.set(&client, dword, value);
        context.submit(&client)?;
        ensure!(!context.has_run(&client, MARK), "{what}: it ran");
        recovers(&client, engine)?;
    }
    let context = Context::new(&client, engine, 0)?;
    for descriptor in [
        0,
        1,
        u64::MAX,
        0x1001,
        context.descriptor() & !0x18,
        0x19 | 0xffff_f000,
    ] {
        client.device.submit(engine.base, [0, descriptor])?;
        recovers(&client, engine)?;
    }
    // The second without the first, and the same twice.
    client
        .device
        .submit(engine.base, [context.descriptor(), 0])?;
    recovers(&client, engine)?;
    client
        .device
        .submit(engine.base, [context.descriptor(); 2])?;
    recovers(&client, engine)?;
    Ok(Outcome::Pass)
}

/// A store to an address in the GGTT that is not the guest's does not happen.
fn foreign_store(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let context = Context::new(&client, ENGINES[0], 0)?;
    for address in [0u64, 0x10_0000, 0xffff_f000, 0x1_0000_0000] {
        context.commands(
            &client,
            &[0x1040_0002, address as u32, (address >> 32) as u32, 0xdead],
        );
        context.submit(&client)?;
        recovers(&client, ENGINES[0])?;
    }
    Ok(Outcome::Pass)
}

fn unknown_command(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for engine in ENGINES {
        let context = Context::new(&client, engine, 0)?;
        // No client of a command streamer has the number 7.
        context.commands(&client, &[0xe000_0000, 0, 0, 0]);
        context.submit(&client)?;
        recovers(&client, engine)?;
    }
    Ok(Outcome::Pass)
}

/// The last command does not go on in what the host puts behind it.
fn cut_off_command(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for missing in [1, 2, 3, 8] {
        let context = Context::new(&client, ENGINES[0], 0)?;
        context.store(&client, MARK + 1);
        // 3DSTATE_CLEAR_PARAMS, of which 2 dwords are there.
        context.commands(&client, &[0x7804_0000 | missing, 0]);
        context.submit(&client)?;
        ensure!(
            !context.has_run(&client, MARK + 1),
            "{missing} dwords are missing: it ran"
        );
        recovers(&client, ENGINES[0])?;
    }
    Ok(Outcome::Pass)
}

/// Who resets an engine while its work waits for another's does not end that. Where that cannot be preempted the work
/// is never done: who has reset the engine may use the memory for something else.
fn reset_behind_another(bench: &Bench) -> Result<Outcome> {
    let [first, second] = [bench.client()?, bench.client()?];
    for engine in ENGINES {
        let long = Context::new(&first, engine, 0)?;
        long.store(&first, MARK);
        long.wait(&first, MARK + 1);
        long.store(&first, MARK + 2);
        long.submit(&first)?;
        long.reaches(&first, MARK)?;

        let short = Context::new(&second, engine, 1)?;
        short.store(&second, MARK);
        short.submit(&second)?;
        std::thread::sleep(BEHIND);
        second.device.set_reg(GDRST, engine.reset)?;
        std::thread::sleep(BEHIND);

        long.release(&first, MARK + 1);
        long.wait_for(&first, MARK + 2)
            .context("who had the engine")?;
        recovers(&second, engine).context("who reset it")?;
        if config::is_broadwell(&second.device)? {
            same("what was reset away", short.target(&second), 0)?;
        }
    }
    Ok(Outcome::Pass)
}

/// Nobody is blamed for an engine that hangs before the work has begun, in a batch that runs while the context is
/// loaded. Others have it nevertheless, when their patience is over, and it is had again by whose it is after a reset.
fn hang_in_restore(bench: &Bench) -> Result<Outcome> {
    let [first, second] = [bench.client()?, bench.client()?];
    let [_, engine, ..] = ENGINES;
    if config::is_broadwell(&first.device)? {
        return Outcome::skip(
            "only the render engine of Gen8 has such batches, and there the host has one, too",
        );
    }
    if !bench.witness.is_there() {
        return Outcome::skip("the lab's GPU is needed");
    }
    let hangs = Context::new(&first, engine, 0)?;
    let waits = Context::new(&second, engine, 0)?;
    hangs.restore_batch(&first, &[BATCH_END, 0]);
    hangs.store(&first, MARK);
    waits.store(&second, MARK);

    let always = r#""fault":"hang_restore","engine":"bcs","times":1000000"#;
    bench.witness.with_fault(always, || {
        hangs.submit(&first)?;
        ensure!(!hangs.has_run(&first, MARK), "it did not hang");
        waits.submit(&second)?;
        waits.wait_for(&second, MARK).context("who waits")?;
        recovers(&first, engine).context("who hangs")
    })?;
    Ok(Outcome::Pass)
}

/// FF_SLICE_CHICKEN, which is in no context, and a bit that i915 sets at each restore on Gen9.
const SLICE_CHICKEN: u32 = 0x2088;
const PROVOKING_VERTEX_FIX: u32 = 1 << 1;

/// What i915 has done at each restore of a context is done also if the guest has something else done then.
fn restores_with_the_host(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    if config::is_broadwell(&client.device)? {
        return Outcome::skip("on Gen8 nothing of that can be seen");
    }
    let [engine, ..] = ENGINES;
    let context = Context::new(&client, engine, 0)?;
    context.indirect_batch(&client, &[0; 32]);
    let load = 0x22 << 23 | 1;
    context.commands(
        &client,
        &[load, SLICE_CHICKEN, PROVOKING_VERTEX_FIX << 16, 0],
    );
    context.store_register(&client, SLICE_CHICKEN);
    context.store(&client, MARK);
    context.submit(&client)?;
    context.wait_for(&client, MARK)?;
    let fixed = context.stored(&client) & PROVOKING_VERTEX_FIX;
    same("the bit that the guest has cleared", fixed, 0)?;

    context.store_register(&client, SLICE_CHICKEN);
    context.store(&client, MARK + 1);
    context.submit(&client)?;
    context.wait_for(&client, MARK + 1)?;
    let fixed = context.stored(&client) & PROVOKING_VERTEX_FIX;
    same("after a restore", fixed, PROVOKING_VERTEX_FIX)?;
    Ok(Outcome::Pass)
}

/// GEN8_L3SQCREG4, which is in no context, and the bit that i915 sets on Gen9 when it sets up the engine
/// (intel_workarounds.c: WaOCLCoherentLineFlush).
const L3SQCREG4: u32 = 0xb118;
const FLUSH_COHERENT_LINES: u32 = 1 << 21;

/// What the commands before a guest's put back is what i915 has set.
fn has_the_hosts_registers(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    if config::is_broadwell(&client.device)? {
        return Outcome::skip("Gen8 has no register for this");
    }
    let context = Context::new(&client, ENGINES[0], 0)?;
    context.store_register(&client, L3SQCREG4);
    context.store(&client, MARK);
    context.submit(&client)?;
    context.wait_for(&client, MARK)?;
    let flushes = context.stored(&client) & FLUSH_COHERENT_LINES;
    same("the bit that i915 sets", flushes, FLUSH_COHERENT_LINES)?;
    Ok(Outcome::Pass)
}

/// Work that waits is left in its middle for another's, and goes on afterwards. Two pieces at most are given to an
/// engine that cannot do that.
fn overtakes(bench: &Bench) -> Result<Outcome> {
    if bench.kind()?.available()? < 3 {
        return Outcome::skip("there is no room for three");
    }
    let [first, second, third] = [bench.client()?, bench.client()?, bench.client()?];
    if config::is_broadwell(&first.device)? {
        return Outcome::skip("Gen8 cannot leave a piece of work in its middle");
    }
    for engine in ENGINES {
        let long = overtaken([&first, &second], &third, engine)?;
        for (client, context) in long {
            context.reaches(client, MARK).context("who is overtaken")?;
            context.release(client, MARK + 1);
            context.wait_for(client, MARK + 2).context("who goes on")?;
        }
    }
    Ok(Outcome::Pass)
}

/// Work of two that waits, and has been overtaken by a third's.
fn overtaken<'c>(
    [first, second]: [&'c Client; 2],
    third: &Client,
    engine: Engine,
) -> Result<[(&'c Client, Context); 2]> {
    let long = [
        (first, waits(first, engine, 0)?),
        (second, waits(second, engine, 1)?),
    ];
    let short = Context::new(third, engine, 2)?;
    short.store(third, MARK);
    short.submit(third)?;
    short.wait_for(third, MARK).context("who overtakes")?;
    Ok(long)
}

/// Work that comes to a place, and waits there to be released.
fn waits(client: &Client, engine: Engine, place: u64) -> Result<Context> {
    let context = Context::new(client, engine, place)?;
    context.store(client, MARK);
    context.wait(client, MARK + 1);
    context.store(client, MARK + 2);
    context.submit(client)?;
    Ok(context)
}

/// Work that has made way waits for its next turn for as long as it takes. It is not ended as if it had not.
fn made_way_goes_on(bench: &Bench) -> Result<Outcome> {
    let (heavy, light) = (bench.client()?, bench.client()?);
    if config::is_broadwell(&heavy.device)? {
        return Outcome::skip("Gen8 cannot leave a piece of work in its middle");
    }
    heavy.mdev.set_attribute("rgvt/weight", "10000")?;
    light.mdev.set_attribute("rgvt/weight", "1")?;
    light
        .mdev
        .set_attribute("rgvt/preempt_timeout_us", "100000")?;

    let first = waits(&heavy, ENGINES[0], 0)?;
    first.reaches(&heavy, MARK)?;
    let second = waits(&light, ENGINES[0], 1)?;
    second.reaches(&light, MARK).context("its first turn")?;
    // Its next one is after 20 s of the other's.
    std::thread::sleep(Duration::from_millis(500));
    for (client, context) in [(&heavy, &first), (&light, &second)] {
        context.release(client, MARK + 1);
        context.wait_for(client, MARK + 2)?;
    }
    Ok(Outcome::Pass)
}

/// Work that ends just when it is to make way is told of at once, and not when the other's ends for which it was to.
fn ends_beside_a_waiter(bench: &Bench) -> Result<Outcome> {
    if bench.kind()?.available()? < 3 {
        return Outcome::skip("there is no room for three");
    }
    let [first, second, third] = [bench.client()?, bench.client()?, bench.client()?];
    if config::is_broadwell(&first.device)? {
        return Outcome::skip("Gen8 cannot leave a piece of work in its middle");
    }
    // It takes luck to meet that moment.
    for engine in ENGINES.into_iter().cycle().take(10 * ENGINES.len()) {
        let long = overtaken([&first, &second], &third, engine)?;
        // The others take turns.
        std::thread::sleep(Duration::from_millis(50));

        for (client, context) in long {
            context.reaches(client, MARK)?;
            context.release(client, MARK + 1);
            let released = Instant::now();
            context.wait_for(client, MARK + 2)?;
            let took = released.elapsed();
            ensure!(took < Duration::from_secs(1), "{engine:?}: after {took:?}");
        }
    }
    Ok(Outcome::Pass)
}

/// When the reset of an engine is over, the engine does not execute any more what it did: the driver uses the memory
/// for something else.
fn reset_ends_it(bench: &Bench) -> Result<Outcome> {
    for manners in [Manners::Polite, Manners::Stubborn] {
        for engine in ENGINES {
            let client = bench.client()?;
            let mut stream = Stream::new(&client, engine, 0, manners)?;
            stream.submit_endless(&client)?;
            stream
                .runs(&client)
                .with_context(|| format!("{engine:?}"))?;
            client.device.set_reg(GDRST, engine.reset)?;
            let left = stream.rounds_left(&client);
            std::thread::sleep(BEHIND);
            same("rounds after the reset", stream.rounds_left(&client), left)?;
        }
    }
    Ok(Outcome::Pass)
}

fn reset_meanwhile(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    for _ in 0..10 {
        let context = Context::new(&client, ENGINES[0], 0)?;
        context.store(&client, MARK);
        context.submit(&client)?;
        client.device.reset()?;
        let context = Context::new(&client, ENGINES[0], 0)?;
        context.store(&client, MARK + 1);
        context.submit(&client)?;
        context.wait_for(&client, MARK + 1)?;
    }
    Ok(Outcome::Pass)
}

/// What runs no longer finds a page that the guest's tables do not map any more, when the guest has had the engine forget
/// its translations: the guest then uses it for something else.
fn forgets_translations(bench: &Bench) -> Result<Outcome> {
    if !bench.witness.is_there() {
        return Outcome::skip("nobody sees what the GPU's own engine is told");
    }
    // With KVM, it would be KVM that tells of what is written to tables, and this program is none of its processors.
    let client = Client::new(bench.vgpu()?, false)?;
    let [tables, before, after] = [200, 300, 301];
    for (engine, forget) in ENGINES.into_iter().zip(TCR) {
        let context = Context::new(&client, engine, 0)?;
        let found = |page: u64| client.memory.read(page * PAGE);
        for page in [before, after] {
            client.memory.write(page * PAGE, 0);
        }
        context.map(&client, tables, before);
        context.store_own(&client, 1);
        context.store(&client, MARK);
        context.wait(&client, MARK + 1);
        context.store_own(&client, 2);
        context.store(&client, MARK + 2);
        context.submit(&client)?;
        context.reaches(&client, MARK)?;
        same("the first store", [found(before), found(after)], [1, 0])?;

        context.map(&client, tables, after);
        let told = bench.witness.writes(forget)?;
        client.device.set_reg(forget, 1)?;
        same("the order to forget", client.device.reg(forget)?, 0)?;
        ensure!(
            bench.witness.writes(forget)? > told,
            "the GPU's own engine was not told"
        );
        context.release(&client, MARK + 1);
        context.wait_for(&client, MARK + 2)?;
        same("the second store", [found(before), found(after)], [1, 2])?;
    }
    Ok(Outcome::Pass)
}

/// KVM tells nobody of writes to the tables any more when the memory slot that they are in was made anew: then they are
/// read.
fn memory_slot_anew(bench: &Bench) -> Result<Outcome> {
    let client = bench.client()?;
    let Some(vm) = &client.vm else {
        return Outcome::skip("without KVM nobody tells of writes");
    };
    let [tables, before, after] = [200, 300, 301];
    let context = Context::new(&client, ENGINES[0], 0)?;
    let run = |page: u64, value| {
        context.map(&client, tables, page);
        context.store_own(&client, value);
        context.store(&client, MARK + value);
        context.submit(&client)?;
        context.wait_for(&client, MARK + value)
    };
    let found = |page: u64| client.memory.read(page * PAGE);
    run(before, 1)?;
    same("the first store", [found(before), found(after)], [1, 0])?;
    // This program is none of KVM's processors, so nobody tells.
    run(after, 2)?;
    same("untold", [found(before), found(after)], [2, 0])?;
    vm.renew_memory(&client.memory)?;
    run(after, 3)?;
    same("in a new slot", [found(before), found(after)], [2, 3])?;
    Ok(Outcome::Pass)
}

/// What cannot be left goes on for as long as nobody else wants the engine, and work_limit_ms allows.
fn cannot_be_left(bench: &Bench) -> Result<Outcome> {
    /// Longer than i915 lets anything wait behind it: its heartbeat comes every 2.5 s, and has 640 ms.
    const LONG: Duration = Duration::from_secs(5);

    let client = bench.client()?;
    let [tables, batch] = [200, 300];
    let context = Context::new(&client, ENGINES[0], 0)?;
    context.map(&client, tables, batch);
    let at = batch * PAGE;
    // MI_ARB_ON_OFF off, and a loop, in whose place the end is put.
    let call = 0x31 << 23 | 1 << 8 | 1;
    client.memory.fill(at, &[0x08 << 23, 0, call, 8, 0]);
    context.commands(&client, &[call, 0, 0]);
    context.commands(&client, &[0x08 << 23 | 1, 0]);
    context.store(&client, MARK);
    context.submit(&client)?;
    std::thread::sleep(LONG);
    ensure!(!context.has_run(&client, MARK), "the loop has ended");
    client.memory.write(at + 8, BATCH_END);
    context.wait_for(&client, MARK)?;
    Ok(Outcome::Pass)
}
