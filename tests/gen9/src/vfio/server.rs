// SPDX-License-Identifier: GPL-2.0

//! The socket on which clients come, one after the other.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::device::Device;
use super::session::{Answer, Session};
use super::socket::{Connection, End, Stop, wait};

/// The listening socket; its file goes when it does.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Listens at `path`. A socket that a server left there without tidying up is replaced.
    ///
    /// # Errors
    /// When the place is taken or cannot be used.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if is_dead_socket(path) {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Serves clients until `stop` is requested. The device is reset between them.
    ///
    /// # Errors
    /// When the listening socket fails.
    pub fn run(&self, device: &mut Device, stop: &Stop) -> io::Result<()> {
        loop {
            let stream = match self.accept(stop) {
                Ok(stream) => stream,
                Err(End::Stopped) => return Ok(()),
                Err(End::Io(error)) => return Err(error),
                Err(_) => continue,
            };
            tracing::info!("client connected");
            let end = match serve(stream, device, stop) {
                Ok(never) => match never {},
                Err(end) => end,
            };
            device.release();
            match end {
                End::Stopped => return Ok(()),
                End::Closed => tracing::info!("client gone"),
                End::Header(_) | End::Io(_) => tracing::warn!(reason = %end, "client dropped"),
            }
        }
    }

    fn accept(&self, stop: &Stop) -> Result<UnixStream, End> {
        wait(self.listener.as_raw_fd(), libc::POLLIN, stop)?;
        match self.listener.accept() {
            Ok((stream, _)) => Ok(stream),
            // It went before it was served.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::ConnectionAborted
                ) =>
            {
                Err(End::Closed)
            }
            Err(error) => Err(End::Io(error)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Another may have taken it away already.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves one client to the end.
fn serve(
    stream: UnixStream,
    device: &mut Device,
    stop: &Stop,
) -> Result<std::convert::Infallible, End> {
    let mut connection = Connection::new(stream, stop)?;
    let mut session = Session::new(device);
    let mut message = Vec::new();
    loop {
        let files = connection.receive(&mut message)?;
        match session.handle(&message, files)? {
            Answer::Reply(reply) => connection.send(&reply)?,
            Answer::Silence => {}
            Answer::Goodbye(reply) => {
                connection.send(&reply)?;
                return Err(End::Closed);
            }
        }
    }
}

/// Whether a socket is at `path` on which nobody listens.
fn is_dead_socket(path: &Path) -> bool {
    let socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    socket && UnixStream::connect(path).is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused)
}
