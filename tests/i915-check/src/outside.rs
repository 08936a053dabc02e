// SPDX-License-Identifier: GPL-2.0
//! What somebody outside of the guest does when asked: a file `NAME.VERB` in a folder that both see is a request, and
//! is taken away when it is done, or when there is `NAME.error` with the reason why not.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Has it done, which takes at most `limit`.
pub fn ask(
    folder: &Path,
    name: &str,
    verb: &str,
    what: impl AsRef<[u8]>,
    limit: Duration,
) -> Result<()> {
    ask_and(folder, name, verb, what, limit, || {
        sleep(Duration::from_millis(50));
        Ok(())
    })
}

/// Has it done, and goes on doing something meanwhile.
pub fn ask_and(
    folder: &Path,
    name: &str,
    verb: &str,
    what: impl AsRef<[u8]>,
    limit: Duration,
    mut meanwhile: impl FnMut() -> Result<()>,
) -> Result<()> {
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    let request = file(verb);
    let _ = fs::remove_file(file("error"));
    // Complete when it appears: it is taken away as soon as it is seen.
    let draft = file("draft");
    fs::write(&draft, what)
        .and_then(|()| fs::rename(&draft, &request))
        .with_context(|| format!("making {}", request.display()))?;
    let begin = Instant::now();
    while request.exists() {
        ensure!(begin.elapsed() < limit, "nobody did {verb} {name}");
        meanwhile()?;
    }
    if let Ok(error) = fs::read_to_string(file("error")) {
        bail!("{verb} {name}: {error}");
    }
    Ok(())
}
