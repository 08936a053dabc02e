// SPDX-License-Identifier: GPL-2.0

//! Whole messages over a stream socket.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;
use vmm_sys_util::eventfd::EventFd;
use vmm_sys_util::sock_ctrl_msg::ScmSocket;

use super::proto::{HEADER_SIZE, Header, HeaderError, MAX_FDS, Reply};

/// How long to look for the next message before sleeping. Drivers touch registers in bursts, and a
/// sleep costs a wake-up of this process for each, which doubles the time of an access.
const SPIN: Duration = Duration::from_micros(50);

/// Tells the server to end. Can be used from a signal handler.
pub struct Stop {
    event: EventFd,
    requested: AtomicBool,
}

impl Stop {
    /// Nothing is to end yet.
    ///
    /// # Errors
    /// When the kernel has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let event = EventFd::new(libc::EFD_NONBLOCK | libc::EFD_CLOEXEC)?;
        Ok(Self {
            event,
            requested: AtomicBool::new(false),
        })
    }

    /// Asks for the end.
    pub fn request(&self) {
        self.requested.store(true, Ordering::SeqCst);
        // It fails when the counter is full, and then it has been asked often enough.
        let _ = self.event.write(1);
    }

    /// Whether the end has been asked for.
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}

/// Why a conversation ends.
#[derive(Debug, Error)]
pub enum End {
    /// The client hung up.
    #[error("the client hung up")]
    Closed,
    /// The server is to end.
    #[error("the server was told to end")]
    Stopped,
    /// The client sends what is no message.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The socket failed.
    #[error("the socket failed: {0}")]
    Io(#[from] io::Error),
}

/// Sleeps until `fd` is ready for `events`, or the server is to end.
pub fn wait(fd: RawFd, events: libc::c_short, stop: &Stop) -> Result<(), End> {
    loop {
        if stop.requested() {
            return Err(End::Stopped);
        }
        let mut fds = [
            libc::pollfd {
                fd,
                events,
                revents: 0,
            },
            libc::pollfd {
                fd: stop.event.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            },
        ];
        // SAFETY: the pointer and the count describe the array, which outlives the call.
        let ready = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, -1) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != ErrorKind::Interrupted {
                return Err(error.into());
            }
        } else if fds[0].revents != 0 {
            return Ok(());
        }
    }
}

/// The socket of one client.
pub struct Connection<'s> {
    stream: UnixStream,
    stop: &'s Stop,
}

impl<'s> Connection<'s> {
    /// Takes over a client's socket.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn new(stream: UnixStream, stop: &'s Stop) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, stop })
    }

    /// Receives the next message into `message`, and the descriptors that came with it.
    ///
    /// # Errors
    /// [`End`] when there is no next one.
    pub fn receive(&mut self, message: &mut Vec<u8>) -> Result<Vec<File>, End> {
        message.clear();
        message.resize(HEADER_SIZE, 0);
        // Descriptors travel with the first byte of a message. Reading no further than its header
        // keeps those of the next one out.
        let (mut got, files) = self.receive_first(message)?;
        while got < HEADER_SIZE {
            got += self.read(&mut message[got..])?;
        }
        let size = Header::parse(message)?.size;
        message.resize(size, 0);
        while got < size {
            got += self.read(&mut message[got..])?;
        }
        Ok(files)
    }

    /// Sends a reply in one piece, if the socket takes it.
    ///
    /// # Errors
    /// [`End`] when the client does not take it.
    pub fn send(&mut self, reply: &Reply) -> Result<(), End> {
        let bytes = reply.bytes();
        let mut sent = 0;
        while sent < bytes.len() {
            let result = match reply.file() {
                Some(file) if sent == 0 => self
                    .stream
                    .send_with_fd(bytes, file.as_raw_fd())
                    .map_err(io::Error::from),
                _ => self.stream.write(&bytes[sent..]),
            };
            match result {
                Ok(count) => sent += count,
                Err(error) => self.retry(error, libc::POLLOUT)?,
            }
        }
        Ok(())
    }

    /// Receives the first bytes of a message: at least one.
    fn receive_first(&mut self, buf: &mut [u8]) -> Result<(usize, Vec<File>), End> {
        let mut fds = [-1; MAX_FDS];
        let asleep = Instant::now() + SPIN;
        loop {
            if self.stop.requested() {
                return Err(End::Stopped);
            }
            let mut iovec = [libc::iovec {
                iov_base: buf.as_mut_ptr().cast(),
                iov_len: buf.len(),
            }];
            // SAFETY: the vector describes `buf`, which is borrowed mutably and takes any bytes.
            match unsafe { self.stream.recv_with_fds(&mut iovec, &mut fds) } {
                Ok((0, _)) => return Err(End::Closed),
                Ok((count, fd_count)) => {
                    // SAFETY: the kernel has just made these descriptors for this process.
                    let file = |fd: &RawFd| unsafe { File::from_raw_fd(*fd) };
                    return Ok((count, fds[..fd_count].iter().map(file).collect()));
                }
                Err(error) if error.errno() == libc::EAGAIN && Instant::now() < asleep => {
                    // There may be few processors, and the client needs one to send.
                    std::thread::yield_now();
                }
                Err(error) => self.retry(error.into(), libc::POLLIN)?,
            }
        }
    }

    /// Reads at least one byte.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, End> {
        loop {
            match self.stream.read(buf) {
                Ok(0) => return Err(End::Closed),
                Ok(count) => return Ok(count),
                Err(error) => self.retry(error, libc::POLLIN)?,
            }
        }
    }

    /// Waits for `events` when `error` says that the socket is not ready.
    fn retry(&self, error: io::Error, events: libc::c_short) -> Result<(), End> {
        match error.kind() {
            ErrorKind::WouldBlock => wait(self.stream.as_raw_fd(), events, self.stop),
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Err(End::Closed),
            _ => Err(error.into()),
        }
    }
}
