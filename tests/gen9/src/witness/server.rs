// SPDX-License-Identifier: GPL-2.0

//! The control socket: a thread that accepts, and one for each client.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::control::{answer, failure};
use super::{State, lock};

/// Bytes of a request at most, the end of its line not counted.
pub const MAX_LINE: usize = 4 << 20;
/// Clients at once.
pub const MAX_CLIENTS: usize = 16;
/// How long a client may refuse to take an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a failed accept, which may fail for as long as descriptors are short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A control socket that works until it is dropped; then its file goes, too.
pub struct Server {
    path: PathBuf,
    shared: Arc<Clients>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Clients {
    stop: AtomicBool,
    /// Second handles of the clients' sockets, to end their threads.
    open: Mutex<HashMap<u64, UnixStream>>,
}

impl Server {
    /// Listens on `path` and answers from `state`.
    ///
    /// # Errors
    /// When the path is in use or cannot be made a socket.
    pub(super) fn start(path: &Path, state: Arc<State>) -> io::Result<Self> {
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        let shared = Arc::new(Clients::default());
        let clients = shared.clone();
        let thread = thread::Builder::new()
            .name("witness".into())
            .spawn(move || accept(&listener, &clients, &state))?;
        Ok(Self {
            path: path.to_owned(),
            shared,
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for client in lock(&self.shared.open).values() {
            // It fails when the client has gone, which is as well.
            let _ = client.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts. If nobody can connect, it cannot be waited for either.
        if UnixStream::connect(&self.path).is_ok() {
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Removes a socket file that a process left behind.
fn remove_stale(path: &Path) -> io::Result<()> {
    let kind = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let in_use = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    if !kind.is_socket() {
        return in_use(format!("{} exists and is not a socket", path.display()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => in_use(format!("another program listens on {}", path.display())),
    }
}

fn accept(listener: &UnixListener, clients: &Arc<Clients>, state: &Arc<State>) {
    for (id, stream) in (0u64..).zip(listener.incoming()) {
        if clients.stop.load(Ordering::SeqCst) {
            return;
        }
        let started = stream.and_then(|stream| start_client(id, stream, clients, state));
        if let Err(error) = started {
            tracing::warn!("control socket: {error}");
            thread::sleep(ACCEPT_PAUSE);
        }
    }
}

fn start_client(
    id: u64,
    mut stream: UnixStream,
    clients: &Arc<Clients>,
    state: &Arc<State>,
) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    {
        let mut open = lock(&clients.open);
        if open.len() < MAX_CLIENTS {
            open.insert(id, stream.try_clone()?);
        } else {
            drop(open);
            let error = format!("there are {MAX_CLIENTS} clients already: close a connection");
            return send(&mut stream, &failure(&error));
        }
    }
    let (shared, state) = (clients.clone(), state.clone());
    let spawned = thread::Builder::new()
        .name("witness-client".into())
        .spawn(move || {
            if let Err(error) = serve(&stream, &shared.stop, &state) {
                tracing::debug!("client of the control socket: {error}");
            }
            lock(&shared.open).remove(&id);
        });
    if spawned.is_err() {
        lock(&clients.open).remove(&id);
    }
    spawned.map(drop)
}

/// Answers a client until it goes.
fn serve(mut stream: &UnixStream, stop: &AtomicBool, state: &State) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    // A client that came in while the server ended was not shut down with the others.
    while !stop.load(Ordering::SeqCst) {
        match read_line(&mut reader, &mut line)? {
            Line::End => return Ok(()),
            Line::TooLong => {
                let error =
                    format!("the request has more than {MAX_LINE} bytes: split it; grants add up");
                send(&mut stream, &failure(&error))?;
            }
            Line::Complete if line.trim_ascii().is_empty() => {}
            Line::Complete => send(&mut stream, &answer(state, &line))?,
        }
    }
    Ok(())
}

fn send(stream: &mut impl Write, answer: &str) -> io::Result<()> {
    stream.write_all(answer.as_bytes())?;
    stream.write_all(b"\n")
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Complete,
    TooLong,
    End,
}

/// Reads a line without its end. A line that is too long is read to its end and dropped.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    // One more byte for the line's end.
    reader.take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
    match line.last() {
        None => Ok(Line::End),
        Some(b'\n') => {
            line.pop();
            Ok(Line::Complete)
        }
        Some(_) if line.len() <= MAX_LINE => Ok(Line::Complete),
        Some(_) => {
            line.clear();
            reader.skip_until(b'\n')?;
            Ok(Line::TooLong)
        }
    }
}
