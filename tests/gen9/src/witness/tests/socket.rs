// SPDX-License-Identifier: GPL-2.0

//! The control socket, through a real one.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::addr::{Access, Dma, Gma};
use crate::engine::EngineId;
use crate::witness::server::{MAX_CLIENTS, MAX_LINE};
use crate::witness::{ContextKey, Server, Witness};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("witness-{}-{unique}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("witness.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Client(BufReader<UnixStream>);

impl Client {
    fn new(folder: &Folder) -> Self {
        let stream = UnixStream::connect(folder.socket()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(BufReader::new(stream))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.send(format!("{request}\n").as_bytes());
        self.receive()
    }

    fn done(&mut self, request: &Value) {
        assert_eq!(self.ask(request), json!({"ok": true}), "{request}");
    }
}

fn start() -> (Folder, Witness, Server) {
    let folder = Folder::new();
    let witness = Witness::new();
    let server = witness.serve(&folder.socket()).unwrap();
    (folder, witness, server)
}

#[test]
fn counters_are_dumped_and_reset() {
    let (folder, witness, _server) = start();
    let mut client = Client::new(&folder);
    for _ in 0..3 {
        witness.register(0x2034, Access::Read);
    }
    witness.register(0xa188, Access::Write);
    witness.pte_write();
    witness.interrupt("msi");
    witness.note("reset");
    witness.context_in(
        EngineId::Rcs,
        ContextKey {
            id: 3,
            lrca: 0x4000,
        },
    );
    witness.command(EngineId::Rcs, 5);
    witness.unknown_command(EngineId::Rcs, 0x7fff_0000, Gma::global(0x10));
    witness.aperture_invalid(0x123, Access::Write);

    let dump = client.ask(&json!({"cmd": "dump"}));
    assert_eq!(dump["ok"], true);
    assert_eq!(dump["registers"]["reads"], 3);
    assert_eq!(
        dump["registers"]["top"][0],
        json!({"offset": 0x2034, "reads": 3, "writes": 0})
    );
    assert_eq!(
        (&dump["pte_writes"], &dump["interrupts"]["msi"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(dump["notes"], json!({"reset": 1}));
    let rcs = &dump["engines"][0];
    assert_eq!(
        (&rcs["engine"], &rcs["running"]),
        (&json!("rcs"), &json!(3))
    );
    let context = &rcs["contexts"][0];
    assert_eq!(
        (&context["id"], &context["lrca"]),
        (&json!(3), &json!(0x4000))
    );
    assert_eq!(
        (&context["commands"], &context["bytes"]),
        (&json!(1), &json!(20))
    );
    let violations = &dump["violations"];
    assert_eq!(
        violations["totals"],
        json!({"unknown_command": 1, "aperture_invalid": 1})
    );
    assert_eq!(violations["records"][0]["header"], 0x7fff_0000);
    assert_eq!(violations["records"][1]["space"], "aperture");

    let top = client.ask(&json!({"cmd": "registers", "top": 1}));
    assert_eq!(top["top"].as_array().unwrap().len(), 1);
    assert_eq!(top["writes"], 1);
    client.done(&json!({"cmd": "reset_counters"}));
    let dump = client.ask(&json!({"cmd": "dump"}));
    assert_eq!(
        (&dump["registers"]["top"], &dump["pte_writes"]),
        (&json!([]), &json!(0))
    );
    assert_eq!(dump["notes"], json!({}));
    assert_eq!(
        client.ask(&json!({"cmd": "engines"}))["engines"][0]["commands"],
        0
    );
    assert_eq!(dump["violations"]["next"], 2);
}

#[test]
fn grants_and_violations() {
    let (folder, witness, _server) = start();
    let mut client = Client::new(&folder);
    client.done(&json!({"cmd": "grant", "name": "A",
        "ggtt": [{"start": "0x1000", "size": 4096}],
        "pages": [{"start": 0x10000, "size": "0x1000"}],
        "contexts": [{"id": 1}, {"lrca": "0x8000"},
                     {"lrca_range": {"start": 0x20000, "size": 0x1000}}]}));
    client.done(&json!({"cmd": "grant", "name": "A", "strict": "ggtt"}));
    let touch = |id, lrca| {
        witness.context_in(EngineId::Bcs, ContextKey { id, lrca });
        witness.access(
            EngineId::Bcs,
            Gma::global(0x1000),
            Dma(0x10000),
            Access::Read,
            4,
        );
    };
    touch(1, 0);
    touch(2, 0x8000);
    touch(2, 0x20000);
    touch(2, 0x9000);
    witness.context_in(EngineId::Bcs, ContextKey { id: 1, lrca: 0 });
    witness.access(EngineId::Bcs, Gma::global(0x5000), Dma(0), Access::Write, 4);

    let page = client.ask(&json!({"cmd": "violations", "max": 1}));
    assert_eq!(page["totals"], json!({"trespass": 1, "escape": 1}));
    assert_eq!(page["records"][0]["lrca"], 0x9000);
    let page = client.ask(&json!({"cmd": "violations", "since": page["next"], "clear": true}));
    assert_eq!(page["records"].as_array().unwrap().len(), 1);
    assert_eq!(page["records"][0]["kind"], "escape");
    let page = client.ask(&json!({"cmd": "violations"}));
    assert_eq!(page["totals"], json!({}));

    let dump = client.ask(&json!({"cmd": "dump"}));
    assert_eq!(
        dump["grants"][0]["contexts"][2]["lrca_range"]["start"],
        0x20000
    );
    client.done(&json!({"cmd": "revoke", "name": "A"}));
    let again = client.ask(&json!({"cmd": "revoke", "name": "A"}));
    assert_eq!(again["ok"], false);
    assert!(
        again["error"]
            .as_str()
            .unwrap()
            .contains("no grant with the name \"A\"")
    );
}

#[test]
fn faults_are_planted_and_cleared() {
    let (folder, witness, _server) = start();
    let mut client = Client::new(&folder);
    for fault in [
        json!({"cmd": "inject", "fault": "hang", "engine": "vecs", "times": 2}),
        json!({"cmd": "inject", "fault": "lost_interrupt", "engine": "rcs"}),
        json!({"cmd": "inject", "fault": "forcewake", "register": "0xd84", "times": 9}),
        json!({"cmd": "inject", "fault": "stuck_register", "register": 0x2000, "value": "0xdead"}),
    ] {
        client.done(&fault);
    }
    assert!(witness.hang_injected(EngineId::Vecs));
    assert!(!witness.hang_injected(EngineId::Rcs));
    assert!(witness.interrupt_lost(EngineId::Rcs));
    assert!(witness.forcewake_stuck(0xd84));
    assert_eq!(witness.stuck_register(0x2000), Some(0xdead));
    let dump = client.ask(&json!({"cmd": "dump"}));
    assert_eq!(
        dump["faults"]["hangs"]["vecs"],
        json!({"armed": 1, "fired": 1})
    );
    client.done(&json!({"cmd": "clear_injections"}));
    assert!(!witness.hang_injected(EngineId::Vecs));
    assert!(!witness.forcewake_stuck(0xd84));
    assert_eq!(witness.stuck_register(0x2000), None);
}

#[test]
fn what_is_not_a_request_gets_an_answer() {
    let (folder, _witness, _server) = start();
    let mut client = Client::new(&folder);
    let deep = "[".repeat(100_000);
    for (bytes, part) in [
        (&b"\n  \nnonsense\n"[..], "expected ident"),
        (b"{}\n", "missing field `cmd`"),
        (b"[1]\n", "Send one JSON object a line"),
        (b"{\"cmd\":\"dmup\"}\n", "expected one of `dump`"),
        (b"{\"cmd\":\"grant\"}\n", "missing field `name`"),
        (b"{\"cmd\":\"registers\",\"top\":-1}\n", "-1"),
        (b"{\"cmd\":\"revoke\",\"name\":1}\n", "string"),
        (b"\xff\x00\n", "cannot use the request"),
        (format!("{deep}\n").as_bytes(), "cannot use the request"),
        (b"{\"cmd\":\"dump\"\0}\n", "cannot use the request"),
    ] {
        client.send(bytes);
        let answer = client.receive();
        assert_eq!(answer["ok"], false, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(part), "{answer}");
    }
    assert_eq!(client.ask(&json!({"cmd": "engines"}))["ok"], true);
}

#[test]
fn a_line_that_is_too_long_is_dropped_whole() {
    let (folder, _witness, _server) = start();
    let mut client = Client::new(&folder);
    let mut line = vec![b' '; MAX_LINE];
    line[..14].copy_from_slice(b"{\"cmd\":\"dump\"}");
    line.push(b'\n');
    client.send(&line);
    assert_eq!(client.receive()["ok"], true);
    line.insert(0, b' ');
    client.send(&line);
    let answer = client.receive();
    assert!(
        answer["error"].as_str().unwrap().contains("more than"),
        "{answer}"
    );
    assert_eq!(client.ask(&json!({"cmd": "engines"}))["ok"], true);
}

#[test]
fn a_request_without_line_end_is_answered_at_the_end() {
    let (folder, _witness, _server) = start();
    let mut client = Client::new(&folder);
    client.send(b"{\"cmd\":\"engines\"}");
    client
        .0
        .get_ref()
        .shutdown(std::net::Shutdown::Write)
        .unwrap();
    assert_eq!(client.receive()["ok"], true);
    let mut rest = Vec::new();
    assert_eq!(client.0.read_to_end(&mut rest).unwrap(), 0);
}

#[test]
fn several_clients_up_to_a_bound() {
    let (folder, _witness, _server) = start();
    let mut clients: Vec<_> = (0..MAX_CLIENTS).map(|_| Client::new(&folder)).collect();
    for client in clients.iter_mut().rev() {
        assert_eq!(client.ask(&json!({"cmd": "engines"}))["ok"], true);
    }
    let refused = Client::new(&folder).receive();
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("clients already")
    );
    clients.pop();
    // The place is free as soon as the client's thread has seen the end of its stream.
    let free = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let mut client = Client::new(&folder);
        client
            .0
            .get_mut()
            .write_all(b"{\"cmd\":\"engines\"}\n")
            .is_ok()
            && client.receive()["ok"] == true
    });
    assert!(free);
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let folder = Folder::new();
    drop(UnixListener::bind(folder.socket()).unwrap());
    assert!(folder.socket().exists());
    let witness = Witness::new();
    let server = witness.serve(&folder.socket()).unwrap();
    let error = |result: std::io::Result<Server>| result.err().map(|error| error.kind());
    assert_eq!(
        error(witness.serve(&folder.socket())),
        Some(ErrorKind::AddrInUse)
    );
    let mut client = Client::new(&folder);
    assert_eq!(client.ask(&json!({"cmd": "engines"}))["ok"], true);
    drop(server);
    assert!(!folder.socket().exists());
    let mut rest = Vec::new();
    assert_eq!(client.0.read_to_end(&mut rest).unwrap(), 0);
    std::fs::write(folder.socket(), "a file").unwrap();
    assert_eq!(
        error(witness.serve(&folder.socket())),
        Some(ErrorKind::AddrInUse)
    );
    assert_eq!(std::fs::read(folder.socket()).unwrap(), b"a file");
}
